//! `visum visa list`: whom this node gives which visas by its own word.

use crate::{
    client::session::As,
    commands::admin::{self, Listing, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// List the visas that this node issues by its own word, with their ends (as auditor)
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let listing = Listing {
        path: "admin/statements",
        member: "statements",
        heading: ["id", "person", "type", "value", "until"],
        none: "This node issues no visa by its own word.",
        row: |row| {
            [
                text(row, "/id").to_owned(),
                text(row, "/person").to_owned(),
                text(row, "/type").to_owned(),
                text(row, "/value").to_owned(),
                text(row, "/until").to_owned(),
            ]
        },
        below: |_| None,
    };
    admin::list(&args.session, &listing, context).await
}
