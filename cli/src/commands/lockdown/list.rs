//! `visum lockdown list`: what is stopped.

use serde_json::Value;

use crate::{
    client::session::As,
    commands::admin::{self, Listing, nothing, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// List what is stopped, since when and by whom
#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists it.
pub(super) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let listing = Listing {
        path: "admin/lockdown",
        member: "stops",
        heading: ["stop", "target", "by", "since", "lifted by change"],
        none: "Nothing is stopped.",
        row: |stop| {
            let [id, by, since, lift] =
                ["/id", "/placed_by", "/placed", "/lift"].map(|name| text(stop, name).to_owned());
            [id, target(stop.get("target").unwrap_or(&Value::Null)), by, since, lift]
        },
        below: nothing,
    };
    admin::list(&args.session, &listing, context).await
}

/// A target in words.
pub(super) fn target(target: &Value) -> String {
    let one = |name: &str| {
        target
            .get(name)
            .and_then(Value::as_str)
            .map(|id| format!("{name} {id}"))
    };
    one("dataset")
        .or_else(|| one("person"))
        .or_else(|| one("issuer"))
        .unwrap_or_else(|| "everything".to_owned())
}
