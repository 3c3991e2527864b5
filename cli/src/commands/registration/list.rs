//! `visum registration list`: who may register clients.

use serde_json::Value;

use crate::{
    client::session::As,
    commands::admin::{self, Listing, nothing, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// List the tokens by which programs register themselves
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let listing = Listing {
        path: "admin/registrations",
        member: "registrations",
        heading: ["id", "until", "clients"],
        none: "No program registers itself.",
        row: |row| {
            let count = |pointer: &str| row.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
            let clients = format!("{} unverified of {}", count("/unverified"), count("/most"));
            [text(row, "/id").to_owned(), text(row, "/until").to_owned(), clients]
        },
        below: nothing,
    };
    admin::list(&args.session, &listing, context).await
}
