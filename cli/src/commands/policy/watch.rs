//! `visum policy observe`, `enforce`: a policy that is only watched for a while, and the end of that.

use serde_json::{Value, json};

use super::publish::{approved, ended};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
    page::plain,
};

/// Only watch a policy for a while: what it would deny is recorded and let through
///
/// Never one of the baseline, never one that reads consent, for at most 14 days. It opens something, so this writes a draft
/// of its bundle, and a second person approves it (visum policy approve). Each decision that it lets through names it. At
/// its end it denies again by itself.
#[derive(Debug, clap::Args)]
pub(crate) struct Observe {
    /// The forbid's id, or that of a link
    policy: String,
    /// Its end: `YYYY-MM-DD`, or an instant; at most 14 days off
    #[arg(long, value_name = "DATE")]
    until: String,
    /// Why, for the second person and the record; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Put a watched policy in force again, now
///
/// One person does it, at once: it closes.
#[derive(Debug, clap::Args)]
pub(crate) struct Enforce {
    /// The policy's id (visum policy list --node)
    policy: String,
    /// Why; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Drafts it.
pub(crate) async fn observe(args: Observe, context: &Context) -> Result<Exit, CommandError> {
    let until = if args.until.len() == 10 {
        format!("{}T00:00:00Z", args.until)
    } else {
        args.until
    };
    let session = Session::open(&args.session)?;
    let body = json!({ "policy": args.policy, "until": until, "reason": args.reason });
    let mut answer = session.post("admin/policies/observe", &body).await?;
    if answer.get("alone").and_then(Value::as_bool) == Some(true) {
        answer = approved(&session, &answer, false).await?;
    }
    context.show(&answer, ended);
    Ok(Exit::Yes)
}

/// Ends it.
pub(crate) async fn enforce(args: Enforce, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "policy": args.policy, "reason": args.reason });
    let answer = session.post("admin/policies/enforce", &body).await?;
    context.show(&answer, |answer| {
        let policy = answer.get("policy").and_then(Value::as_str).unwrap_or_default();
        format!("{} denies again.", plain(policy))
    });
    Ok(Exit::Yes)
}
