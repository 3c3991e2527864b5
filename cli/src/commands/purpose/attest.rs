//! `visum purpose attest`: your purpose for a grant that carries none (D4).

use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    commands::grant::issue::purpose,
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Attest a purpose for a dataset whose grant carries none
///
/// It is signed into the audit log and frozen for the life of the grant; the committee sees each change.
#[derive(Debug, clap::Args)]
pub(crate) struct Attest {
    /// The dataset's id (a URL)
    #[arg(long, value_name = "URL")]
    dataset: String,
    /// The project that the data are for
    #[arg(long, value_name = "NAME")]
    project: String,
    /// The purpose: a JSON file as in docs/researchers.md, or `-`
    purpose: Input,
    #[command(flatten)]
    session: As,
}

/// Attests it.
pub(crate) async fn run(args: Attest, context: &Context) -> Result<Exit, CommandError> {
    let purpose = purpose(&args.purpose)?;
    let session = Session::open(&args.session)?;
    let answer = session
        .post("purposes", &body(&args.dataset, &args.project, purpose))
        .await?;
    context.show(&answer, |_| {
        format!(
            "Your purpose for {} (project {}) is recorded.",
            args.dataset, args.project
        )
    });
    Ok(Exit::Yes)
}

/// The request: `institution` stands beside the purpose.
pub(crate) fn body(dataset: &str, project: &str, mut purpose: Value) -> Value {
    let institution = purpose.as_object_mut().and_then(|members| {
        members.remove("project");
        members.remove("institution")
    });
    let mut body = json!({ "dataset": dataset, "project": project, "purpose": purpose });
    if let (Some(institution), Some(members)) = (institution, body.as_object_mut()) {
        members.insert("institution".to_owned(), institution);
    }
    body
}
