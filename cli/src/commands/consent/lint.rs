//! `visum consent lint`: labels that are wrong, and labels that will surprise.

use std::collections::BTreeMap;

use policy_engine::{
    consent::{
        Tables,
        lint::{Remark, Weight, lint},
    },
    snapshot::DatasetMode,
};

use super::{labels, tables};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
    page::plain,
};

/// Tell what is wrong with labels, and what of them will surprise
///
/// Faults deny every use until the custodian corrects them. Hints have names: gs_download, methods_version,
/// research_type_scope, review_only, deny_only, disease_narrow, disease_unsteady, joint_file_without_participants.
///
/// Exit status 0: no fault. 1: a fault (with --strict also a hint).
#[derive(Debug, clap::Args)]
pub(crate) struct Lint {
    /// A consent group, a dataset, a list of datasets or a facts file (JSON), or `-` for standard input
    #[arg(required_unless_present = "node")]
    label: Option<Input>,
    /// The datasets of the node that you are logged in to, as far as you may see them
    #[arg(long, conflicts_with = "label")]
    node: bool,
    /// Another ontology than the one built in: a MONDO table (CSV), an OBO file or obographs JSON
    #[arg(long, value_name = "FILE")]
    ontology: Option<Input>,
    /// A hint is a no as well
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    session: As,
}

/// Looks; exit 0 nothing wrong, 1 something is.
pub(crate) async fn run(args: &Lint, context: &Context) -> Result<Exit, CommandError> {
    let other = args.ontology.as_ref().map(tables::with_ontology).transpose()?;
    let tables = other.as_ref().unwrap_or_else(|| Tables::builtin());
    let labels = match &args.label {
        Some(label) => labels::read(label)?,
        None => labels::at_node(&Session::open(&args.session)?.get("admin/datasets").await?)?,
    };
    let mut found: Vec<Remark> = Vec::new();
    let mut unlisted: BTreeMap<&str, usize> = BTreeMap::new();
    for object in labels.objects.iter().filter(|object| object.participants.is_none()) {
        let count = unlisted.entry(object.dataset.as_str()).or_default();
        *count = count.saturating_add(1);
    }
    for (dataset, mode) in &labels.datasets {
        found.extend(lint(dataset, mode.map(|mode| mode == DatasetMode::Download), tables));
        if let Some(count) = unlisted.get(dataset.id.as_str()) {
            found.push(Remark {
                weight: Weight::Hint,
                code: "joint_file_without_participants".to_owned(),
                dataset: dataset.id.clone(),
                group: None,
                term: None,
                message: format!(
                    "{count} of its objects have no list of participants: one person's withdrawal stops all of them."
                ),
                remedy: "List the participants of each object, by the node's pseudonyms.".to_owned(),
            });
        }
    }
    let faults = found.iter().filter(|remark| remark.weight == Weight::Fault).count();
    let sound = faults == 0 && (found.is_empty() || !args.strict);
    let document = serde_json::json!({ "sound": sound, "datasets": labels.datasets.len(), "faults": faults,
        "hints": found.len().saturating_sub(faults), "found": found });
    context.show(&document, |_| plain_lines(&people(labels.datasets.len(), &found)));
    Ok(if sound { Exit::Yes } else { Exit::No })
}

/// Each line made plain: a node's labels are somebody else's text.
fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

fn people(datasets: usize, found: &[Remark]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for remark in found {
        let sign = match remark.weight {
            Weight::Fault => "FAULT",
            Weight::Hint => "hint",
        };
        let about = [Some(&remark.dataset), remark.group.as_ref(), remark.term.as_ref()];
        let about: Vec<&str> = about.into_iter().flatten().map(AsRef::as_ref).collect();
        lines.push(format!(
            "{sign} {} [{}]: {}",
            remark.code,
            about.join(", "),
            remark.message
        ));
        lines.push(format!("  help: {}", remark.remedy));
    }
    let faults = found.iter().filter(|remark| remark.weight == Weight::Fault).count();
    lines.push(format!(
        "{datasets} dataset(s): {faults} fault(s), {} hint(s).",
        found.len().saturating_sub(faults)
    ));
    lines.join("\n")
}
