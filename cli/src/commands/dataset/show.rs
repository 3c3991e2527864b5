//! `visum dataset show`: one dataset, as its committee and researchers may see it.

use url::form_urlencoded::byte_serialize;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Show one dataset: its label, class, committee and state
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The dataset's id (a URL)
    dataset: String,
    #[command(flatten)]
    session: As,
}

/// Shows it.
pub(crate) async fn run(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let id: String = byte_serialize(args.dataset.as_bytes()).collect();
    let url = session.proxy(&format!("visum/v1/datasets?id={id}"))?;
    let answer = session
        .client
        .get(&url, Some(&session.profile.access_token))
        .await?
        .ok()?;
    context.show(&answer, |answer| {
        let one = answer.get("datasets").and_then(|all| all.get(0)).unwrap_or(answer);
        let one = one.as_array().and_then(|all| all.first()).unwrap_or(one);
        let Some(members) = one.as_object() else {
            return one.to_string();
        };
        members
            .iter()
            .map(|(name, value)| {
                format!(
                    "{name:<14} {}",
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                )
            })
            .collect::<Vec<_>>()
            .join("\n")
    });
    let known = answer
        .get("datasets")
        .unwrap_or(&answer)
        .as_array()
        .is_none_or(|all| !all.is_empty());
    Ok(if known { Exit::Yes } else { Exit::No })
}
