//! `visum application invite|join|leave|remove`: who takes part.

use serde_json::{Value, json};

use super::{path, plain, step};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Invite somebody by their institutional address
///
/// Prints a link with a code, once. Send it to them: they open it, log in through that institution, and accept.
#[derive(Debug, clap::Args)]
pub(crate) struct Invite {
    /// The application's id
    application: String,
    /// Such as `ben@uni.example.org`
    address: String,
    #[command(flatten)]
    session: As,
}

/// Accept an invitation
#[derive(Debug, clap::Args)]
pub(crate) struct Join {
    /// The application's id
    application: String,
    /// The code of the invitation
    #[arg(long, value_name = "CODE")]
    code: String,
    #[command(flatten)]
    session: As,
}

/// Leave a study: your own part of it ends now, and nobody else's
#[derive(Debug, clap::Args)]
pub(crate) struct Leave {
    /// The application's id
    application: String,
    #[command(flatten)]
    session: As,
}

/// Take somebody out of your study: their access under it ends now
#[derive(Debug, clap::Args)]
pub(crate) struct Remove {
    /// The application's id
    application: String,
    /// The member's id, as `visum application show` prints it
    member: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

pub(super) async fn invite(args: Invite, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "address": args.address });
    let answer = session.post(&path(&args.application, "/members")?, &body).await?;
    context.show(&answer, |answer| {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!(
            "Invited {} (member {}). Send them this link; it is shown once:\n{}\nOn the command line: visum application join {} --code {}",
            text("address"),
            text("member"),
            text("page"),
            text("application"),
            text("code")
        )
    });
    Ok(Exit::Yes)
}

pub(super) async fn join(args: Join, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "code": args.code });
    step(&session, context, &path(&args.application, "/join")?, &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn leave(args: Leave, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let answer = session.post(&path(&args.application, "/leave")?, &json!({})).await?;
    context.show(&answer, |_| {
        format!(
            "You no longer take part in {}: your access under it has ended.",
            args.application
        )
    });
    Ok(Exit::Yes)
}

pub(super) async fn remove(args: Remove, context: &Context) -> Result<Exit, CommandError> {
    plain(&args.member)?;
    let session = Session::open(&args.session)?;
    let to = path(&args.application, &format!("/members/{}/remove", args.member))?;
    step(&session, context, &to, &json!({ "reason": args.reason })).await?;
    Ok(Exit::Yes)
}
