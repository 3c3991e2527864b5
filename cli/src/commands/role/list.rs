//! `visum role list`: who may do what on this node, until when.

use serde_json::Value;

use crate::{
    client::session::As,
    commands::admin::{self, Listing, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// List roles and seats in committees with their ends (as auditor)
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let listing = Listing {
        path: "admin/roles",
        member: "roles",
        heading: ["person", "role", "until"],
        none: "Nobody has a role.",
        row: |row| {
            let role = match text(row, "/role/committee") {
                "" => text(row, "/role/role").to_owned(),
                committee => format!("committee {committee}"),
            };
            [text(row, "/person").to_owned(), role, text(row, "/until").to_owned()]
        },
        below: |answer| Some(format!("Governance is {}.", governance(answer))),
    };
    admin::list(&args.session, &listing, context).await
}

fn governance(answer: &Value) -> &'static str {
    match text(answer, "/governance") {
        "dual" => "dual: what opens something needs two people",
        _ => "single: one administrator may approve alone (a gap in the compliance report)",
    }
}
