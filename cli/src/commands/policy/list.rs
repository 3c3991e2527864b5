//! `visum policy list`: all policies of a bundle with the shipped ones.

use std::path::PathBuf;

use policy_engine::policy::Origin;

use super::bundle;
use crate::{
    client::session::As,
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List policies: id, what they do, where they come from, what they say
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// A bundle's folder; without one, the shipped policies
    #[arg(default_value = bundle::SHIPPED)]
    path: PathBuf,
    /// Only the bundle's own policies and links
    #[arg(long)]
    own: bool,
    /// What is in force at the node that you are logged in to, and the drafts there
    #[arg(long, conflicts_with_all = ["own", "path"])]
    node: bool,
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: &List, context: &Context) -> Result<Exit, CommandError> {
    if args.node {
        return super::publish::list(&args.session, context).await;
    }
    let (_, policies) = bundle::sound(&args.path)?;
    let own = |origin: &Origin| matches!(origin, Origin::File(_) | Origin::Link(_));
    let notes: Vec<_> = policies.notes().filter(|note| !args.own || own(&note.origin)).collect();
    context.show(&notes, |notes| {
        table(
            ["policy", "effect", "from", "says"],
            notes.iter().map(|note| {
                let effect = match note.observed_until {
                    Some(until) => format!("forbid, only watched until {until}"),
                    None if note.forbids => "forbid".to_owned(),
                    None => "permit".to_owned(),
                };
                [note.id.clone(), effect, note.origin.to_string(), note.reason.clone()]
            }),
        )
    });
    Ok(Exit::Yes)
}
