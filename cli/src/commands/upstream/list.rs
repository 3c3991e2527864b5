//! `visum upstream list`: whose word counts for a login, and how far.

use serde_json::Value;

use crate::{
    client::session::As,
    commands::admin::{self, Listing, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// List the login providers: issuer, and for whom each speaks
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let listing = Listing {
        path: "admin/upstreams",
        member: "upstreams",
        heading: ["id", "issuer", "believed"],
        none: "No login provider: nobody can sign in.",
        row: |row| {
            [
                text(row, "/id").to_owned(),
                text(row, "/issuer").to_owned(),
                believed(row),
            ]
        },
        below: |_| None,
    };
    admin::list(&args.session, &listing, context).await
}

fn believed(row: &Value) -> String {
    let many = |pointer: &str| row.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
    let yes = |pointer: &str| row.pointer(pointer).and_then(Value::as_bool) == Some(true);
    let cap = row.pointer("/assurance_cap").and_then(Value::as_u64).unwrap_or(0);
    let mut words = vec![
        format!("assurance {cap}"),
        format!("{} institution(s)", many("/speaks_for")),
    ];
    for (pointer, word) in [
        ("/mfa", "second factor"),
        ("/unique_ids", "unique ids"),
        ("/admin", "administrators"),
        ("/sample", "sample"),
    ] {
        if yes(pointer) {
            words.push(word.to_owned());
        }
    }
    let groups = many("/groups");
    if groups > 0 {
        words.push(format!("{groups} group rule(s)"));
    }
    words.join(", ")
}
