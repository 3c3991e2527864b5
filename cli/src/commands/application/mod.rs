//! `visum application …`

mod begin;
mod decide;
mod list;
mod members;
mod papers;
mod screen;
mod steps;

use clap::Subcommand;
use serde_json::Value;

use crate::{client::session::Session, error::CommandError, exit::Exit, output::Context};

/// Applications for access: ask a committee, answer, decide, amend, report
#[derive(Debug, Subcommand)]
pub(crate) enum Application {
    New(begin::New),
    Edit(begin::Edit),
    Submit(steps::Submit),
    List(list::List),
    Show(list::Show),
    Minutes(list::Minutes),
    Answer(steps::Answer),
    Withdraw(steps::Withdraw),
    Invite(members::Invite),
    Join(members::Join),
    Leave(members::Leave),
    Remove(members::Remove),
    Attach(papers::Attach),
    Document(papers::Document),
    Read(papers::Read),
    Return(decide::Return),
    Tell(decide::Tell),
    Vote(decide::Vote),
    Approve(decide::Approve),
    Deny(decide::Deny),
    Admit(decide::Admit),
    Reassign(decide::Reassign),
    Amend(begin::Amend),
    Extend(steps::Extend),
    Report(steps::Report),
}

/// Runs one of them.
pub(crate) async fn run(command: Application, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Application::New(args) => begin::new(args, context).await,
        Application::Edit(args) => begin::edit(args, context).await,
        Application::Amend(args) => begin::amend(args, context).await,
        Application::Submit(args) => steps::submit(args, context).await,
        Application::Answer(args) => steps::answer(args, context).await,
        Application::Withdraw(args) => steps::withdraw(args, context).await,
        Application::Extend(args) => steps::extend(args, context).await,
        Application::Report(args) => steps::report(args, context).await,
        Application::List(args) => list::list(args, context).await,
        Application::Show(args) => list::show(args, context).await,
        Application::Minutes(args) => list::minutes(args, context).await,
        Application::Invite(args) => members::invite(args, context).await,
        Application::Join(args) => members::join(args, context).await,
        Application::Leave(args) => members::leave(args, context).await,
        Application::Remove(args) => members::remove(args, context).await,
        Application::Attach(args) => papers::attach(args, context).await,
        Application::Document(args) => papers::document(args, context).await,
        Application::Read(args) => papers::read(args, context).await,
        Application::Return(args) => decide::send_back(args, context).await,
        Application::Tell(args) => decide::tell(args, context).await,
        Application::Vote(args) => decide::vote(args, context).await,
        Application::Approve(args) => decide::approve(args, context).await,
        Application::Deny(args) => decide::deny(args, context).await,
        Application::Admit(args) => decide::admit(args, context).await,
        Application::Reassign(args) => decide::reassign(args, context).await,
    }
}

/// A piece of an application's address.
///
/// # Errors
/// If the id is none.
fn path(id: &str, rest: &str) -> Result<String, CommandError> {
    plain(id)?;
    Ok(format!("applications/{id}{rest}"))
}

/// An id of ours: it becomes a piece of an address.
///
/// # Errors
/// If it is none.
fn plain(id: &str) -> Result<(), CommandError> {
    let plain = !id.is_empty() && id.len() <= 96 && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if plain {
        Ok(())
    } else {
        Err(CommandError::refused(
            "application.id",
            format!("`{id}` is no id of an application or of a part of one"),
        )
        .hint("visum application list"))
    }
}

/// A step: posted, and the application shown as it stands then.
async fn step(session: &Session, context: &Context, path: &str, body: &Value) -> Result<Value, CommandError> {
    let answer = session.post(path, body).await?;
    context.show(&answer, screen::shown);
    Ok(answer)
}

/// An end: a day begins at midnight, UTC.
fn instant(text: &str) -> String {
    if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    }
}
