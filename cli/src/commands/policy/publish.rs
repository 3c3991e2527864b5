//! `visum policy publish`, `approve`, `withdraw`, `rollback`: bundles on their way into force at a node.

use std::{
    io::{BufRead as _, IsTerminal as _},
    path::PathBuf,
};

use serde_json::{Value, json};

use super::bundle;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// Publish a bundle at a node: it is validated, tested and proven there, and a second person approves it
///
/// The author of a bundle never approves it, unless the node has one administrator only: then this puts it in force. Else it
/// is a draft, and `visum policy approve` by a second administrator puts it in force. What was in force stays until then.
///
/// Exit status 0 in force or drafted, 1 denied, 2 the bundle is refused, 3 the node could not be reached.
#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    /// A bundle's folder
    path: PathBuf,
    /// Why, for the second person and the record; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Refuse it unless a solver showed what it permits beyond what is in force
    #[arg(long)]
    require_proof: bool,
    /// Only say what the node finds; write nothing
    #[arg(long)]
    preview: bool,
    #[command(flatten)]
    session: As,
}

/// Approve somebody else's draft, by its digest, and put it in force
///
/// Shows what came, went or changed, which cases turn, and which requests were denied before. Then it asks.
#[derive(Debug, clap::Args)]
pub(crate) struct Approve {
    /// The draft's id
    id: String,
    /// The digest that you looked at; without it, the one that is shown
    #[arg(long, value_name = "SHA256")]
    digest: Option<String>,
    /// Refuse it unless a solver showed what it permits beyond what is in force
    #[arg(long)]
    require_proof: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    session: As,
}

/// Take a draft back, or refuse somebody else's
#[derive(Debug, clap::Args)]
pub(crate) struct Withdraw {
    /// The draft's id
    id: String,
    /// Why; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Go back to older policies: at once if they are proven to permit nothing more, else with a second person
///
/// What comes back is published under a new version. The author of the older policies never does it alone, unless the node
/// has one administrator only.
#[derive(Debug, clap::Args)]
pub(crate) struct Rollback {
    /// The bundle: `node`, or a committee's id
    #[arg(default_value = "node")]
    bundle: String,
    /// The published draft to go back to; without it, the one before, else the shipped policies alone
    #[arg(long, value_name = "DRAFT")]
    to: Option<String>,
    /// Why; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Drafts it, and, where one person may, puts it in force.
pub(crate) async fn publish(args: Publish, context: &Context) -> Result<Exit, CommandError> {
    let files = bundle::texts(&args.path)?;
    let session = Session::open(&args.session)?;
    let body = json!({ "files": files, "reason": args.reason, "require_proof": args.require_proof });
    if args.preview {
        let answer = session.post("admin/policies?preview=true", &body).await?;
        context.show(&answer, |answer| report(answer).join("\n"));
        return Ok(Exit::Yes);
    }
    let mut answer = session.post("admin/policies", &body).await?;
    if answer.get("alone").and_then(Value::as_bool) == Some(true) {
        answer = approved(&session, &answer, args.require_proof).await?;
    }
    context.show(&answer, ended);
    Ok(Exit::Yes)
}

/// Shows, asks, approves and puts in force.
pub(crate) async fn approve(args: Approve, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let mut draft = session.get(&format!("admin/policies/{}", args.id)).await?;
    context.words(&report(&draft).join("\n"));
    if !args.yes && !agreed(context)? {
        return Err(CommandError::denied("policy.not_approved", "nothing was changed"));
    }
    if let (Some(digest), Some(slot)) = (args.digest, draft.pointer_mut("/draft/digest")) {
        *slot = digest.into();
    }
    let answer = approved(&session, &draft, args.require_proof).await?;
    context.show(&answer, ended);
    Ok(Exit::Yes)
}

/// Takes it back.
pub(crate) async fn withdraw(args: Withdraw, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let path = format!("admin/policies/{}/withdraw", args.id);
    let answer = session.post(&path, &json!({ "reason": args.reason })).await?;
    context.show(&answer, |_| format!("Draft {} is withdrawn.", args.id));
    Ok(Exit::Yes)
}

/// Goes back.
pub(crate) async fn roll_back(args: Rollback, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "bundle": args.bundle, "to": args.to, "reason": args.reason });
    let mut answer = session.post("admin/policies/rollback", &body).await?;
    if answer.get("alone").and_then(Value::as_bool) == Some(true) {
        answer = approved(&session, &answer, false).await?;
    }
    context.show(&answer, ended);
    Ok(Exit::Yes)
}

/// What is in force at the node, and what is on its way.
pub(super) async fn list(wanted: &As, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(wanted)?;
    let answer = session.get("admin/policies").await?;
    context.show(&answer, |answer| {
        let rows = |name: &str, columns: [&str; 5]| {
            let all = answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            let rows = all.iter().map(|row| columns.map(|column| text(row, column)));
            table(columns, rows)
        };
        let in_force = rows("in_force", ["bundle", "author", "approver", "published", "digest"]);
        let drafts = rows("drafts", ["id", "bundle", "state", "since", "reason"]);
        let mut watched = Vec::new();
        for bundle in answer.get("in_force").and_then(Value::as_array).into_iter().flatten() {
            for row in bundle.get("observe").and_then(Value::as_array).into_iter().flatten() {
                watched.push(["policy", "until", "draft"].map(|column| text(row, column)));
            }
        }
        let watched = if watched.is_empty() {
            String::new()
        } else {
            format!("Only watched:\n{}\n", table(["policy", "until", "draft"], watched))
        };
        format!("In force beside the shipped policies:\n{in_force}\n{watched}Drafts:\n{drafts}")
    });
    Ok(Exit::Yes)
}

/// Approves this digest, unless that is done, and puts it in force.
pub(super) async fn approved(session: &Session, draft: &Value, require_proof: bool) -> Result<Value, CommandError> {
    let head = draft.get("draft").unwrap_or(draft);
    let path = format!("admin/policies/{}", text(head, "id"));
    if text(head, "state") == "draft" {
        let body = json!({ "digest": text(head, "digest") });
        session.post(&format!("{path}/approve"), &body).await?;
    }
    let body = json!({ "require_proof": require_proof });
    session.post(&format!("{path}/publish"), &body).await
}

pub(super) fn ended(answer: &Value) -> String {
    let head = answer.get("draft").unwrap_or(answer);
    let mut lines = report(answer);
    lines.push(if answer.get("in_force").and_then(Value::as_bool) == Some(true) {
        format!("In force: {} ({}).", text(head, "bundle"), text(head, "id"))
    } else {
        format!(
            "Draft {} waits for a second person: visum policy approve {}",
            text(head, "id"),
            text(head, "id")
        )
    });
    lines.join("\n")
}

/// What the node found.
fn report(answer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(head) = answer.get("draft") {
        lines.push(format!(
            "Draft {} of bundle {} by {}: {}",
            text(head, "id"),
            text(head, "bundle"),
            text(head, "author"),
            text(head, "reason")
        ));
        lines.push(format!("sha256 {}", text(head, "digest")));
    }
    let Some(report) = answer.get("report") else {
        return lines;
    };
    for (name, word) in [
        ("changes", ""),
        ("warnings", "warning: "),
        ("watched", "only watched: "),
        ("turns", "turns: "),
    ] {
        lines.extend(words(report, name).map(|line| format!("{word}{line}")));
    }
    lines.extend(words(report, "gains").map(str::to_owned));
    let nothing = Value::Null;
    let recorded = report.get("recorded").unwrap_or(&nothing);
    let count = |name: &str| recorded.get(name).and_then(Value::as_u64).unwrap_or_default();
    if count("asked") > 0 {
        let (turned, asked, people) = (count("turned"), count("asked"), count("people"));
        lines.push(format!(
            "Recorded decisions: {turned} of {asked} turn, of {people} people."
        ));
        lines.extend(words(recorded, "words").map(str::to_owned));
    }
    let proof = report.get("proof").cloned().unwrap_or_default();
    lines.push(match text(&proof, "state").as_str() {
        "proven" => "Proven: permits nothing that was denied before.".to_owned(),
        "wider" => "MORE is permitted than before:".to_owned(),
        "skipped" => format!("Proofs: skipped ({})", text(&proof, "solver")),
        "violated" => "Proofs: a policy does nothing:".to_owned(),
        _ => "NOT PROVEN what it permits beyond what is in force:".to_owned(),
    });
    for name in ["says", "examples"] {
        lines.extend(words(&proof, name).map(|line| format!("  - {line}")));
    }
    lines
}

fn words<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v str> {
    let all = value.get(name).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_str)
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn agreed(context: &Context) -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::refused("policy.unasked", "there is nobody to ask").hint("add --yes if you are sure"));
    }
    context.words("Approve this digest? Type yes:");
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    Ok(line.trim() == "yes")
}
