//! `visum session end`

use http::{Method, header};
use serde_json::json;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End a workflow session: its token and keys count no more, and its tasks are cancelled
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// The session's id
    id: String,
    #[command(flatten)]
    session: As,
}

/// Ends it; exit 0, also if it had ended already.
pub(crate) async fn run(args: End, context: &Context) -> Result<Exit, CommandError> {
    if args.id.is_empty() || !args.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(
            CommandError::refused("session.id", format!("`{}` is no session's id", args.id))
                .hint("visum session list names them"),
        );
    }
    let session = Session::open(&args.session)?;
    let url = session.proxy(&format!("visum/v1/sessions/{}", args.id))?;
    let request = http::Request::builder().method(Method::DELETE).uri(url).header(
        header::AUTHORIZATION,
        format!("Bearer {}", session.profile.access_token),
    );
    let reply = session.client.send(request, Vec::new()).await?;
    if !reply.status.is_success() {
        return Err(reply.problem());
    }
    context.show(&json!({ "ended": args.id }), |_| {
        format!(
            "Session {} has ended; what it kept at the storage door is not served any more.",
            args.id
        )
    });
    Ok(Exit::Yes)
}
