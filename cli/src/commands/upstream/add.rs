//! `visum upstream add`: a new login provider; a change that a second administrator approves.

use passport_broker::preset::Preset;

use super::{known, proposal, says::Says};
use crate::{
    client::session::Session,
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Add a login provider: ls-login, orcid, or generic with an institution's own issuer
///
/// A change of kind trust, since it widens whose word counts: on a node with two administrators a second one approves it.
/// Register the node there first, with the redirect URI `<issuer of this node>/login/callback/ID`.
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// The preset: ls-login, orcid or generic (see `visum upstream presets`)
    #[arg(value_parser = ["ls-login", "orcid", "generic"])]
    preset: String,
    /// Our `client_id` there
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Its short name in this node's addresses: lower-case letters, digits, `-`; the preset's word unless you say otherwise
    #[arg(long, value_name = "WORD")]
    id: Option<String>,
    /// Its issuer, exactly as its metadata writes it; needed for generic, and for a test environment of the others
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    #[command(flatten)]
    says: Says,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, proposes.
pub(crate) async fn run(args: Add, context: &Context) -> Result<Exit, CommandError> {
    let preset = Preset::of(&args.preset)
        .ok_or_else(|| CommandError::refused("upstream.preset", format!("`{}` is no preset", args.preset)))?;
    let id = args.id.unwrap_or_else(|| preset.word().to_owned());
    if !id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) || id.is_empty() || id.len() > 40 {
        return Err(CommandError::refused(
            "upstream.id",
            format!("`{id}` is no short name: use up to 40 lower-case letters, digits and `-`"),
        ));
    }
    let issuer = args.issuer.as_deref().or(preset.issuer()).ok_or_else(|| {
        CommandError::refused("upstream.issuer", "which issuer? An institution's own has to be named")
            .hint("add --issuer")
    })?;
    if issuer.parse::<visa_verifier::Issuer>().is_err() || !(issuer.starts_with("https://") || loopback(issuer)) {
        return Err(CommandError::refused(
            "upstream.issuer",
            format!("`{issuer}` is no issuer: write its https address as its metadata does"),
        ));
    }
    let row = args.says.apply(preset.row(&id, &args.client_id, issuer))?;
    let session = Session::open(&args.how.session)?;
    if known(&session, &id).await?.is_some() {
        return Err(
            CommandError::refused("upstream.there", format!("there is a login provider `{id}` already"))
                .hint("change it with `visum upstream set`, or give another --id"),
        );
    }
    let proposal = proposal(format!("Sign in with {}", row.name), &args.reason, &row);
    send::propose(&args.how, &proposal, context).await
}

/// A provider on this machine, for trying things out.
fn loopback(issuer: &str) -> bool {
    ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"]
        .iter()
        .any(|front| issuer.starts_with(front))
}
