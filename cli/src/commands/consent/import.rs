//! `visum consent import`: labels of other systems as consent groups of ours (`consent.md` 3, 7).

use std::fmt::Write as _;

use policy_engine::consent::{
    Tables,
    import::{self, AnswerError, Answers, Imported, ImportedLabel, LABEL_BYTES, Source},
};

use super::tables;
use crate::{error::CommandError, exit::Exit, input::Input, output::Context};

/// Read labels of REMS, EGA, DUOS or dbGaP, or plain terms, as consent groups
///
/// Nothing is guessed. What the file does not say is asked: the permission of a label that holds modifiers only, the
/// date of the consent form where a term has changed its meaning, the disease behind a short word. Each question names
/// the option that answers it. What cannot be read stays in the label as it was written, and denies every use.
///
/// Exit status 0: nothing is left to ask. 2: something is, or the file is refused.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The labels, or `-` for standard input
    file: Input,
    /// Where they come from: rems, ega, duos, dbgap, iri
    #[arg(long, value_name = "SOURCE")]
    from: Source,
    /// The day of the consent form or of the label; gives the DUO release in force that day
    #[arg(long, value_name = "YYYY-MM-DD")]
    consent_form_date: Option<String>,
    /// The DUO release that the labels were made with
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "consent_form_date")]
    duo_release: Option<String>,
    /// The permission that participants gave, for labels that hold none: HMB, DS=MONDO:0004992
    #[arg(long, value_name = "TERM")]
    permission: Option<String>,
    /// What a word of the file means: NPU=DUO:0000045, DS-CA=MONDO:0004992, other=nothing
    #[arg(long, value_name = "WORD=MEANING")]
    read: Vec<String>,
    /// Another ontology than the one built in: a MONDO table (CSV), an OBO file or obographs JSON
    #[arg(long, value_name = "FILE")]
    ontology: Option<Input>,
}

/// Reads, understands, prints; asks for the rest.
pub(crate) async fn run(args: Import, context: &Context) -> Result<Exit, CommandError> {
    let other = args.ontology.as_ref().map(tables::with_ontology).transpose()?;
    let tables = other.as_ref().unwrap_or_else(|| Tables::builtin());
    let answers = answers(&args, tables).map_err(|wrong| {
        CommandError::refused(wrong.code(), wrong.to_string())
            .hint("the questions of this command name the option that answers each")
    })?;
    let bytes = args.file.read(LABEL_BYTES as u64)?;
    let imported = import::labels(args.from, &bytes, &answers, tables).map_err(|wrong| {
        CommandError::refused(wrong.code(), wrong.to_string()).hint("check FILE and --from against each other")
    })?;
    context.show(&imported, |imported| words(imported, tables));
    Ok(if imported.complete { Exit::Yes } else { Exit::Refused })
}

fn answers(args: &Import, tables: &Tables) -> Result<Answers, AnswerError> {
    let mut answers = Answers::default();
    if let Some(day) = &args.consent_form_date {
        answers.form_date(day)?;
    }
    // before the words: a shorthand may depend on it
    if let Some(day) = &args.duo_release {
        answers.release(day)?;
    }
    if let Some(term) = &args.permission {
        answers.permission(term, tables)?;
    }
    for word in &args.read {
        answers.read(word, tables)?;
    }
    Ok(answers)
}

fn words(imported: &Imported, tables: &Tables) -> String {
    let mut text = String::new();
    for label in &imported.labels {
        one(&mut text, label, tables);
    }
    for note in &imported.notes {
        let _ = writeln!(text, "note [{}{}]: {}", named(&note.label), note.group, note.note);
    }
    if imported.complete {
        let _ = writeln!(
            text,
            "Nothing is left to ask. --json prints the consent groups for a dataset."
        );
        return text;
    }
    let _ = writeln!(
        text,
        "\nStill to be answered; until then these labels deny or go to a person:"
    );
    for (number, question) in (1_usize..).zip(&imported.asked) {
        let _ = writeln!(
            text,
            "{number}. [{}{}] {} ({})\n   answer: {}",
            named(&question.label),
            question.group,
            question.question,
            question.code,
            question.answer
        );
    }
    text
}

fn one(text: &mut String, label: &ImportedLabel, tables: &Tables) {
    if !label.name.is_empty() {
        let _ = writeln!(text, "{}", label.name);
    }
    for group in &label.uses {
        let _ = writeln!(text, "  group {}", group.group);
        for term in &group.terms {
            let meaning = match tables.rules().term(term.id.as_str()) {
                Some(row) => row.label.to_string(),
                None => "not understood: denies every use".to_owned(),
            };
            let mut values: Vec<String> = term.values.iter().map(ToString::to_string).collect();
            values.extend(term.date.iter().map(|day| format!("until {day}")));
            values.extend(term.months.iter().map(|months| format!("{months} months")));
            values.extend(term.version.iter().map(|release| format!("release {release}")));
            let values = if values.is_empty() {
                String::new()
            } else {
                format!(": {}", values.join(", "))
            };
            let _ = writeln!(text, "    {} {meaning}{values}", term.id);
        }
    }
}

fn named(label: &str) -> String {
    if label.is_empty() {
        String::new()
    } else {
        format!("{label}, ")
    }
}
