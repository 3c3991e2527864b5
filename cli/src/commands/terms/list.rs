//! `visum terms list`: what people are asked to accept.

use crate::{
    client::session::As,
    commands::admin::{self, Listing, nothing, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// List the texts that people are asked to accept, each in its version
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let listing = Listing {
        path: "admin/terms",
        member: "terms",
        heading: ["id", "version", "visa", "digest"],
        none: "People are asked for nothing.",
        row: |row| {
            let kind = match text(row, "/terms/kind") {
                "researcher-status" => "ResearcherStatus",
                _ => "AcceptedTermsAndPolicies",
            };
            [
                text(row, "/terms/id").to_owned(),
                text(row, "/terms/version").to_owned(),
                format!("{kind} {}", text(row, "/terms/url")),
                text(row, "/digest").to_owned(),
            ]
        },
        below: nothing,
    };
    admin::list(&args.session, &listing, context).await
}
