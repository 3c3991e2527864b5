//! `visum account end`: a program's tokens end.

use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End the tokens that a program holds of yours
///
/// At once, and the program is told where it can be (back-channel logout). It may ask you again; what you let it
/// remember is taken back on the account page.
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// The program's client id, as `visum account programs` lists it
    client: String,
    #[command(flatten)]
    session: As,
}

/// Ends them.
pub(crate) async fn run(args: End, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let answer = session
        .post("me/programs/end", &json!({ "client": args.client }))
        .await?;
    context.show(&answer, |answer: &Value| {
        let client = answer.get("ended").and_then(Value::as_str).unwrap_or_default();
        format!("The tokens that {client} held of yours are over.")
    });
    Ok(Exit::Yes)
}
