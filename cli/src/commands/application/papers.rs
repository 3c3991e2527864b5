//! `visum application attach|document|read`: PDFs in, PDFs out, "I read it".

use std::path::{Path, PathBuf};

use http::{Method, header};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{instant, path, plain, step};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// The largest document.
const BYTES: u64 = 20 << 20;

/// Hand in a document: a PDF of at most 20 MiB
///
/// An ethics letter names the institution of its board and from when it holds; a member of the committee says that they
/// read it, and then it counts for this study.
#[derive(Debug, clap::Args)]
pub(crate) struct Attach {
    /// The application's id
    application: String,
    /// The PDF, or `-`
    file: Input,
    /// `ethics`, `agreement`, `cv` or `other`
    #[arg(long, value_name = "KIND", default_value = "other")]
    kind: String,
    /// What it is called
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// Ethics: the institution of the board
    #[arg(long, value_name = "URL")]
    institution: Option<String>,
    /// Ethics: from when it holds
    #[arg(long, value_name = "DATE")]
    starts: Option<String>,
    /// Ethics: until when it holds
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Fetch a document of an application
#[derive(Debug, clap::Args)]
pub(crate) struct Document {
    /// The application's id
    application: String,
    /// The document's id, as `visum application show` prints it
    document: String,
    /// Where to write it
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    session: As,
}

/// Say "I read it", as a member of the committee: the paper is checked for this study
#[derive(Debug, clap::Args)]
pub(crate) struct Read {
    /// The application's id
    application: String,
    /// The document's id
    document: String,
    #[command(flatten)]
    session: As,
}

pub(super) async fn attach(args: Attach, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let file = args.file.read(BYTES)?;
    let mut said = Serializer::new(String::new());
    said.append_pair("kind", &args.kind).append_pair("title", &args.title);
    let dates = [("starts", &args.starts), ("expires", &args.expires)];
    for (name, value) in dates
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)))
    {
        said.append_pair(name, &instant(value));
    }
    if let Some(institution) = &args.institution {
        said.append_pair("institution", institution);
    }
    let to = session.broker(&format!("{}?{}", path(&args.application, "/documents")?, said.finish()));
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(to)
        .header(header::CONTENT_TYPE, "application/pdf")
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", session.profile.access_token),
        );
    let answer = session.client.send(request, file).await?.ok()?;
    context.show(&answer, |answer| {
        let text = |name: &str| {
            let paper = answer.get("document");
            paper
                .and_then(|paper| paper.get(name))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        format!("Handed in as {}, SHA-256 {}.", text("id"), text("digest"))
    });
    Ok(Exit::Yes)
}

pub(super) async fn document(args: Document, context: &Context) -> Result<Exit, CommandError> {
    plain(&args.document)?;
    let session = Session::open(&args.session)?;
    let from = path(&args.application, &format!("/documents/{}", args.document))?;
    fetch(&session, &from, &args.output, context).await
}

/// Writes a PDF of the broker's to a file.
pub(super) async fn fetch(session: &Session, from: &str, to: &Path, context: &Context) -> Result<Exit, CommandError> {
    let from = session.broker(from);
    let reply = session.client.get(&from, Some(&session.profile.access_token)).await?;
    if !reply.status.is_success() {
        return Err(reply.problem());
    }
    std::fs::write(to, &reply.body).map_err(|source| {
        CommandError::unknown("output.write", format!("{} can't be written: {source}", to.display()))
    })?;
    let said = json!({ "file": to.display().to_string(), "bytes": reply.body.len() });
    context.show(&said, |_| format!("{} bytes in {}.", reply.body.len(), to.display()));
    Ok(Exit::Yes)
}

pub(super) async fn read(args: Read, context: &Context) -> Result<Exit, CommandError> {
    plain(&args.document)?;
    let session = Session::open(&args.session)?;
    let to = path(&args.application, &format!("/documents/{}/read", args.document))?;
    step(&session, context, &to, &json!({})).await?;
    Ok(Exit::Yes)
}
