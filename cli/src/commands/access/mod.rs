//! `visum access …`: the access review.

mod shown;

use clap::Subcommand;
use url::form_urlencoded::byte_serialize;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Access reviews: who may use a dataset, and what a person may use
#[derive(Debug, Subcommand)]
pub(crate) enum Access {
    WhoCan(WhoCan),
    WhatCan(WhatCan),
}

/// Show who may use a dataset, why and until when
///
/// Everybody whom the node knows is decided anew, for reading its description, downloading, and computing here. Listed
/// are people who may use it and people who hold an approval that opens nothing, with the reason; and the members of the
/// committee, administrators and auditors, with the ends of their roles. For the dataset's committee, auditors and
/// administrators; each use is logged.
#[derive(Debug, clap::Args)]
pub(crate) struct WhoCan {
    /// The dataset: its id or short name
    #[arg(value_name = "DATASET")]
    dataset: String,
    /// Comma-separated values, a line for each person and kind of use
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    session: As,
}

/// Show what a person may use, why and until when
///
/// Without PERSON: what you may use. Of others: for auditors; committees and administrators see the datasets that they
/// may review. Each use is logged.
#[derive(Debug, clap::Args)]
pub(crate) struct WhatCan {
    /// The person, as `sub,iss` (percent-encoded as in visas) or by their id at this node
    #[arg(value_name = "PERSON")]
    person: Option<String>,
    /// Comma-separated values, a line for each dataset and kind of use
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    session: As,
}

/// Runs one of them.
pub(crate) async fn run(command: Access, context: &Context) -> Result<Exit, CommandError> {
    let (path, csv, session) = match command {
        Access::WhoCan(args) => (
            format!("admin/access?dataset={}", encoded(&args.dataset)),
            args.csv,
            args.session,
        ),
        Access::WhatCan(args) => (
            args.person.map_or_else(
                || "access".to_owned(),
                |person| format!("admin/access?person={}", encoded(&person)),
            ),
            args.csv,
            args.session,
        ),
    };
    let answer = Session::open(&session)?.get(&path).await?;
    if csv && !context.json {
        context.line(shown::csv(&answer).trim_end());
    } else {
        context.show(&answer, shown::table);
    }
    Ok(Exit::Yes)
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}
