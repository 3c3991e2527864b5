//! ListObjects, both versions (E69): below a permitted prefix only; what is held or another's is left out before pages are
//! cut; the tokens of pages are sealed for this session and question.

use audit_log::{EventType, Outcome};
use axum::response::Response;
use futures::future::{BoxFuture, join_all};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use policy_engine::intent::{DataRef, DrsId};

use crate::{
    capability::Use,
    gate::{Recording, why},
    problem::Problem,
    router::promise,
    session::{INPUTS, folder, is_held, is_partly_held},
    understand::drs::backend,
};

use super::{
    super::inputs::{all, prefixes},
    Call,
    fault::{Fault, invalid},
    outside,
    read::input_etag,
    xml,
    xml::Xml,
};

/// Names of one page at most.
const PAGE: usize = 1_000;
/// Inputs of one page at most: each is asked for at its backend.
const INPUTS_PAGE: usize = 200;
/// Objects asked for at their backend at once.
const AT_ONCE: usize = 16;
/// What S3 leaves as it is with `encoding-type=url`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// One line of a list.
struct Line {
    key: String,
    /// The DRS object of an input.
    object: Option<String>,
    size: u64,
    etag: String,
    at: i64,
}

/// What a page shows.
enum Shown {
    Object(Line),
    Prefix(String),
}

impl Shown {
    fn name(&self) -> &str {
        match self {
            Self::Object(line) => &line.key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// `GetBucketLocation`: everywhere is here.
pub(super) fn location() -> Response {
    let mut text = Xml::new();
    text.root("LocationConstraint");
    text.close("LocationConstraint");
    xml(text.done())
}

struct Asked {
    prefix: String,
    delimiter: Option<String>,
    after: String,
    most: usize,
    encoded: bool,
}

fn asked(call: &Call<'_>, v2: bool) -> Result<Asked, Fault> {
    let one = |name: &str| call.query.get(name).cloned();
    let wrong = |sentence| invalid("door.listing", sentence);
    let foreign: &[&str] = if v2 {
        &["marker"]
    } else {
        &["continuation-token", "start-after", "fetch-owner"]
    };
    if foreign.iter().any(|name| call.query.contains_key(*name)) {
        return Err(wrong("a key of the query belongs to the other version of this verb"));
    }
    let encoded = match one("encoding-type").as_deref() {
        None => false,
        Some("url") => true,
        Some(_) => return Err(wrong("`encoding-type` is url, or is left out")),
    };
    let most = match one("max-keys") {
        None => PAGE,
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| wrong("`max-keys` is a number"))?
            .min(PAGE),
    };
    let prefix = one("prefix").unwrap_or_default();
    let delimiter = one("delimiter").filter(|text| !text.is_empty());
    if prefix.len() > 1_024 || delimiter.as_ref().is_some_and(|text| text.chars().count() > 1) {
        return Err(wrong(
            "the prefix is too long, or the delimiter is more than one letter",
        ));
    }
    let after = match (one("continuation-token"), one("start-after"), one("marker")) {
        (Some(token), _, _) => {
            let question = question(call, &prefix, delimiter.as_deref());
            let (about, last): (String, String) = call
                .parts()
                .sealer
                .open(Use::Page, &token)
                .map_err(|_| wrong("this continuation token is not one of this session's"))?;
            if about != question {
                return Err(wrong("this continuation token is of another list"));
            }
            last
        }
        (None, Some(text), _) | (None, None, Some(text)) => text,
        (None, None, None) => String::new(),
    };
    Ok(Asked {
        prefix,
        delimiter,
        after,
        most,
        encoded,
    })
}

/// A token is of one session, bucket, prefix and delimiter.
fn question(call: &Call<'_>, prefix: &str, delimiter: Option<&str>) -> String {
    format!(
        "{}\n{}\n{prefix}\n{}",
        call.session.work.id,
        call.bucket,
        delimiter.unwrap_or_default()
    )
}

/// `GET /bucket`.
pub(super) async fn list(call: &Call<'_>, v2: bool) -> Result<Response, Fault> {
    let asked = asked(call, v2)?;
    permitted(call, &asked.prefix)?;
    let parts = call.parts();
    let data = call
        .session
        .spec
        .datasets
        .iter()
        .cloned()
        .map(DataRef::Dataset)
        .collect();
    let recording = parts
        .gate
        .begin_with(call.describing(data), None, |decided| {
            let outcome = if decided.decision.allow() {
                Outcome::Success
            } else {
                Outcome::Denied
            };
            call.event(EventType::DrsGetBulkObjects, outcome)
                .whats(call.whats())
                .why(why(&decided.decision, &decided.id))
        })
        .await
        .map_err(Problem::from)?;
    let lines = lines(call).await?;
    let (mut page, more) = cut(lines, &asked);
    sizes(call, &recording, &mut page).await;
    let permit = recording.durable().await.map_err(Problem::from)?;
    let mut response = xml(written(call, v2, &asked, &page, more)?);
    promise(response.headers_mut(), Some(permit.header()));
    Ok(response)
}

/// The sizes of inputs stand at their backend.
async fn sizes(call: &Call<'_>, recording: &Recording, page: &mut [Shown]) {
    let Ok(drs) = backend(call.parts()) else { return };
    let mut lines: Vec<&mut Line> = page
        .iter_mut()
        .filter_map(|shown| match shown {
            Shown::Object(line) if line.object.is_some() => Some(line),
            Shown::Object(_) | Shown::Prefix(_) => None,
        })
        .collect();
    for some in lines.chunks_mut(AT_ONCE) {
        let mut asked: Vec<BoxFuture<'_, Option<u64>>> = Vec::with_capacity(AT_ONCE);
        for line in some.iter() {
            let object = line.object.clone().unwrap_or_default();
            asked.push(Box::pin(async move {
                drs.object(recording, &object).await.ok().and_then(|told| told.size)
            }));
        }
        let told = join_all(asked).await;
        for (line, size) in some.iter_mut().zip(told) {
            line.size = size.unwrap_or(0);
        }
    }
}

/// A list begins inside of what is the session's: 403 above it and beside it, the empty list inside.
fn permitted(call: &Call<'_>, prefix: &str) -> Result<(), Fault> {
    let spec = &call.session.spec;
    if call.bucket == call.session.scratch() {
        return Ok(());
    }
    if call.bucket == INPUTS {
        // the bucket is the session's own view: all of it, or below the folder of one of its datasets
        let mut folders = spec.datasets.iter().map(|id| format!("{}/", folder(&call.engine, id)));
        let own = prefix.is_empty() || folders.any(|own| prefix.starts_with(&own) || own == format!("{prefix}/"));
        return if own { Ok(()) } else { Err(outside()) };
    }
    let mut own = prefixes(&call.engine, spec, &call.bucket);
    own.extend(call.sinks().map(str::to_owned));
    if own.iter().any(|own| prefix.starts_with(own.as_str())) {
        return Ok(());
    }
    Err(outside())
}

/// All that the session may see in this bucket, in the order of bytes.
async fn lines(call: &Call<'_>) -> Result<Vec<Line>, Fault> {
    let (parts, session) = (call.parts(), &call.session);
    let mut lines: Vec<Line> = all(&call.engine, &session.spec, &call.bucket, call.bucket == INPUTS)
        .into_iter()
        .map(|(key, object)| Line {
            key,
            size: 0,
            etag: input_etag(&object),
            object: Some(object),
            at: session.work.created_at,
        })
        .collect();
    for kept in parts.objects.list(&session.work.id, &call.bucket).await? {
        lines.push(Line {
            key: kept.name,
            object: None,
            size: kept.size,
            etag: kept.etag,
            at: kept.at,
        });
    }
    let (facts, now) = (session.basis.kept.facts(call.engine.snapshot()), parts.gate.now());
    // without holds on its datasets nothing of them is held
    if !session.spec.datasets.iter().any(|id| is_partly_held(&call.engine, id)) {
        lines.sort_by(|one, other| one.key.cmp(&other.key));
        return Ok(lines);
    }
    lines.retain(|line| match &line.object {
        Some(object) => DrsId::decoded(object).is_ok_and(|id| !is_held(&call.engine, &facts, &id, now)),
        None => true,
    });
    lines.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(lines)
}

/// The page, and whether there is more after it.
fn cut(lines: Vec<Line>, asked: &Asked) -> (Vec<Shown>, bool) {
    let mut page: Vec<Shown> = Vec::new();
    let mut inputs = 0_usize;
    for line in lines {
        let Some(rest) = line.key.strip_prefix(&asked.prefix) else {
            continue;
        };
        let common = asked.delimiter.as_ref().and_then(|delimiter| {
            let end = rest.find(delimiter.as_str())?.saturating_add(delimiter.len());
            Some(format!("{}{}", asked.prefix, rest.get(..end)?))
        });
        let shown = match common {
            // a prefix that was shown is not shown again, on this page or the next
            Some(prefix) if asked.after.starts_with(&prefix) => continue,
            Some(prefix) if page.last().is_some_and(|last| last.name() == prefix) => continue,
            Some(prefix) => Shown::Prefix(prefix),
            None => Shown::Object(line),
        };
        if shown.name() <= asked.after.as_str() {
            continue;
        }
        if page.len() >= asked.most || inputs >= INPUTS_PAGE {
            return (page, asked.most > 0);
        }
        if matches!(&shown, Shown::Object(line) if line.object.is_some()) {
            inputs = inputs.saturating_add(1);
        }
        page.push(shown);
    }
    (page, false)
}

fn written(call: &Call<'_>, v2: bool, asked: &Asked, page: &[Shown], more: bool) -> Result<String, Fault> {
    let told = |text: &str| {
        if asked.encoded {
            utf8_percent_encode(text, PLAIN).to_string()
        } else {
            text.to_owned()
        }
    };
    let mut out = Xml::new();
    out.root("ListBucketResult");
    out.text("Name", &call.bucket);
    out.text("Prefix", &told(&asked.prefix));
    if let Some(delimiter) = &asked.delimiter {
        out.text("Delimiter", &told(delimiter));
    }
    if asked.encoded {
        out.text("EncodingType", "url");
    }
    out.text("MaxKeys", &asked.most.to_string());
    out.text("IsTruncated", if more { "true" } else { "false" });
    let last = page.last().map(Shown::name).unwrap_or_default();
    if v2 {
        out.text("KeyCount", &page.len().to_string());
        if let Some(token) = call.query.get("continuation-token") {
            out.text("ContinuationToken", token);
        }
        if let Some(after) = call.query.get("start-after") {
            out.text("StartAfter", &told(after));
        }
        if more {
            let about = question(call, &asked.prefix, asked.delimiter.as_deref());
            let token = call
                .parts()
                .sealer
                .seal(Use::Page, &(about, last), call.parts().gate.nonce());
            let token = token.map_err(|_| {
                Fault::from(Problem::new(
                    http::StatusCode::INTERNAL_SERVER_ERROR,
                    "page.seal",
                    "the page token could not be made",
                ))
            })?;
            out.text("NextContinuationToken", &token);
        }
    } else {
        out.text("Marker", &told(call.query.get("marker").map_or("", String::as_str)));
        if more {
            out.text("NextMarker", &told(last));
        }
    }
    for shown in page {
        if let Shown::Object(line) = shown {
            let at = jiff::Timestamp::from_second(line.at).unwrap_or_default();
            out.open("Contents");
            out.text("Key", &told(&line.key));
            out.text("LastModified", &at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string());
            out.text("ETag", &format!("\"{}\"", line.etag));
            out.text("Size", &line.size.to_string());
            out.text("StorageClass", "STANDARD");
            out.close("Contents");
        }
    }
    for shown in page {
        if let Shown::Prefix(prefix) = shown {
            out.open("CommonPrefixes");
            out.text("Prefix", &told(prefix));
            out.close("CommonPrefixes");
        }
    }
    out.close("ListBucketResult");
    Ok(out.done())
}
