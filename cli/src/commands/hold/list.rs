//! `visum hold list`: the holds in force, and those that wait for their custodian.

use crate::{
    client::session::As,
    commands::admin::{self, Listing, nothing, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// List the holds on the datasets of your committee
///
/// The last column says until when you can decide on a consent service's hold that names somebody whom the catalogue
/// does not know (visum hold decide); from then on it is in force as it stands.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let listing = Listing {
        path: "admin/holds",
        member: "holds",
        heading: ["hold", "dataset", "kind", "scope", "from", "decide before"],
        none: "No hold.",
        row: |hold| {
            ["/id", "/dataset", "/kind", "/scope", "/from", "/decide_until"].map(|name| text(hold, name).to_owned())
        },
        below: nothing,
    };
    admin::list(&args.session, &listing, context).await
}
