//! `visum webhook list`: who is told.

use crate::{
    client::session::As,
    commands::admin::{self, Listing, nothing, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// List the addresses that are told what happens here
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let listing = Listing {
        path: "admin/webhooks",
        member: "webhooks",
        heading: ["id", "address", "secret"],
        none: "Nobody is told.",
        row: |row| [text(row, "/id"), text(row, "/url"), text(row, "/secret")].map(str::to_owned),
        below: nothing,
    };
    admin::list(&args.session, &listing, context).await
}
