//! `visum consent explain`: the answer to a question, as sentences.

use policy_engine::consent::{EffectiveRule, Input as Question, Tables, input};

use super::{evaluate, tables};
use crate::{error::CommandError, exit::Exit, input::Input, output::Context};

/// Explain the answer to a question: each dataset's rule in words, then every reason with its way out
///
/// FILE has the form of `visum consent evaluate`, and so does the exit status.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The question as JSON, or `-` for standard input
    file: Input,
    /// Another ontology than the one built in: a MONDO table (CSV), an OBO file or obographs JSON
    #[arg(long, value_name = "FILE")]
    ontology: Option<Input>,
}

/// Reads, judges, tells.
pub(crate) async fn run(args: Explain, context: &Context) -> Result<Exit, CommandError> {
    let other = args.ontology.as_ref().map(tables::with_ontology).transpose()?;
    let tables = other.as_ref().unwrap_or_else(|| Tables::builtin());
    let bytes = args.file.read(input::INPUT_BYTES as u64 + 1)?;
    if let Ok(question) = Question::parse(&bytes)
        && !context.json
    {
        for dataset in &question.datasets {
            for group in &dataset.uses {
                let rule = EffectiveRule::of(group, tables);
                context.line(&format!("{}, group {}: {}", dataset.id, group.group, rule.line()));
                for id in group.terms.iter().map(|term| term.id.as_str()) {
                    if let Some(row) = tables.rules().term(id) {
                        context.line(&format!("  {id} {}", row.label));
                    }
                }
            }
        }
    }
    Ok(evaluate::answered(&bytes, tables, context))
}
