//! `visum consent evaluate`: may these data be used for this purpose? (`consent.md` 3)

use std::fmt::Write as _;

use policy_engine::consent::{Output, Tables, Verdict, command, input};

use super::tables;
use crate::{error::CommandError, exit::Exit, input::Input, output::Context};

/// May these data be used for this purpose: permit, review or deny, with every reason
#[derive(Debug, clap::Args)]
pub(crate) struct Evaluate {
    /// The question as JSON, or `-` for standard input
    file: Input,

    /// Another ontology than the one built in: a MONDO table (CSV), an OBO file or obographs JSON
    #[arg(long, value_name = "FILE")]
    ontology: Option<Input>,
}

/// Reads, judges, prints. A file given here is judged and forgotten.
pub(crate) async fn run(args: Evaluate, context: &Context) -> Result<Exit, CommandError> {
    let other = args.ontology.as_ref().map(tables::with_ontology).transpose()?;
    let tables = other.as_ref().unwrap_or_else(|| Tables::builtin());
    // One byte more than allowed, so that the judgement itself refuses it in its own words.
    let bytes = args.file.read(input::INPUT_BYTES as u64 + 1)?;
    Ok(answered(&bytes, tables, context))
}

/// Judges a question and prints the answer.
pub(super) fn answered(bytes: &[u8], tables: &Tables, context: &Context) -> Exit {
    let answer = command::answer(bytes, tables);
    if context.json {
        context.line(String::from_utf8_lossy(&answer.json).trim_end());
    } else {
        context.line(words(&answer.json).trim_end());
    }
    match answer.status {
        0 => Exit::Yes,
        1 => Exit::No,
        2 => Exit::Refused,
        _ => Exit::Unknown,
    }
}

/// The answer as sentences.
fn words(json: &[u8]) -> String {
    let Ok(output) = serde_json::from_slice::<Output>(json) else {
        let refused: serde_json::Value = serde_json::from_slice(json).unwrap_or_default();
        let part = |pointer| {
            refused
                .pointer(pointer)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        return format!("refused: {} (at {})", part("/error/message"), part("/error/path"));
    };
    let mut text = match output.decision {
        Verdict::Permit => "permit: everything is known and allowed\n",
        Verdict::Review => "review: nothing forbids it, but a person has to judge\n",
        Verdict::Deny => "deny\n",
    }
    .to_owned();
    for reason in &output.reasons {
        let about = [&reason.dataset, &reason.group, &reason.term].into_iter().flatten();
        let about: Vec<String> = about.map(ToString::to_string).collect();
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(" [{}]", about.join(", "))
        };
        let _ = writeln!(
            text,
            "- {}{about} ({})\n  help: {}",
            reason.message, reason.code, reason.remedy
        );
    }
    for settled in &output.settled {
        let _ = writeln!(
            text,
            "- decided by {}: {} [{}]",
            settled.source, settled.code, settled.dataset
        );
    }
    for duty in &output.obligations {
        let date = duty.date.text().map(|date| format!(" {date}")).unwrap_or_default();
        let _ = writeln!(text, "- you owe: {}{date} [{}]", duty.code, duty.dataset);
    }
    for warning in &output.warnings {
        let _ = writeln!(
            text,
            "- for the custodian: {} [{}] ({})",
            warning.message, warning.dataset, warning.code
        );
    }
    if let Some(until) = output.valid_until {
        let _ = writeln!(text, "holds until {until}");
    }
    text
}
