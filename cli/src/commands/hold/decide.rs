//! `visum hold decide`: the custodian says whom a consent service's hold names.

use serde_json::{Value, json};

use crate::{
    client::session::As,
    commands::admin::{self, Step, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Say whom a hold names that waits for its custodian
///
/// A consent service's hold on a participant whom the catalogue does not know waits 15 minutes. Say who it is, and it is in
/// force at once for them; say that it is nobody of this dataset, and it is gone. Say nothing, and it comes into force for
/// every object of the dataset without a list of participants: then only the service ends it.
#[derive(Debug, clap::Args)]
pub(crate) struct Decide {
    /// The hold's id (visum hold list)
    #[arg(value_name = "ID")]
    id: String,
    /// The participant who is meant, by the catalogue's pseudonym
    #[arg(
        long,
        value_name = "PSEUDONYM",
        conflicts_with = "nobody",
        required_unless_present = "nobody"
    )]
    participant: Option<String>,
    /// It is nobody of this dataset
    #[arg(long)]
    nobody: bool,
    /// How you know; the log keeps the digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Says it.
pub(crate) async fn run(args: Decide, context: &Context) -> Result<Exit, CommandError> {
    let step = Step {
        of: "admin/holds",
        id: &args.id,
        step: "decide",
    };
    let body = json!({ "participant": args.participant, "reason": args.reason });
    admin::step(&args.session, &step, &body, context, |answer| {
        let id = text(answer, "/id");
        match answer.get("hold").filter(|hold| !hold.is_null()) {
            Some(hold) => format!("Hold {id} is in force, on {}.", text(hold, "/target")),
            None => format!("Hold {id} is gone: it names nobody of this dataset."),
        }
    })
    .await
    .map(|_: Value| Exit::Yes)
}
