//! Lists of objects as stores and archives write them, read into entries: S3 listings, DRS `/objects` pages, CSV, TSV
//! and JSON Lines, with the columns of Federated EGA archives and Gen3 indexd as they are.
//!
//! What an entry belongs to is not decided here: [`map`] does, and leaves closed what names no dataset.

mod map;
mod table;

use std::fmt;

use serde_json::Value;

use crate::intent::StorageUrl;
use crate::xml::{Event, Reader};

pub use map::{LeftOut, Mapped, Mapping, map};

/// Bytes of one file.
pub const MANIFEST_BYTES: usize = 1024 * 1024 * 1024;
/// Entries of one file.
const ENTRIES: usize = 20_000_000;

/// One object as a list names it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Entry {
    /// Its DRS id; in a listing of a store its address.
    pub id: String,
    /// Addresses of its bytes, canonical.
    pub urls: Vec<String>,
    /// Addresses that are no storage URLs, as they stand.
    pub other_urls: usize,
    /// What the list says that it belongs to: a dataset, an `acl`, an `authz`. None: the list does not speak of it.
    pub datasets: Option<Vec<String>>,
    /// Consent groups.
    pub groups: Vec<String>,
    /// Whose data are in it. None: the list does not say.
    pub participants: Option<Vec<String>>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// `ListObjectsV2`, XML.
    S3Xml,
    /// `aws s3api list-objects-v2`, JSON.
    S3Json,
    /// DRS objects, or records of indexd.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// Comma- or tab-separated.
    Table,
}

impl fmt::Display for Shape {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::S3Xml => "S3 listing (XML)",
            Self::S3Json => "S3 listing (JSON)",
            Self::Json => "objects (JSON)",
            Self::JsonLines => "JSON Lines",
            Self::Table => "table",
        })
    }
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// How it was written.
    pub shape: Shape,
    /// Its objects, in its order.
    pub entries: Vec<Entry>,
    /// Folders and bundles, which have no bytes.
    pub folders: usize,
    /// The list says itself that it goes on elsewhere.
    pub goes_on: bool,
}

/// What is known beside the file.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The bucket of a listing that does not name it.
    pub bucket: Option<String>,
    /// What paths without scheme lie under; ends with `/`.
    pub base: Option<String>,
}

/// A file that is no list of objects.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ManifestError {
    /// None of the shapes.
    #[error("line {line}: {what}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// None of the shapes.
    #[error("{what}")]
    Whole {
        /// What is wrong.
        what: String,
    },
    /// The listing does not say of which bucket it is.
    #[error("the listing does not name its bucket")]
    NoBucket,
}

impl ManifestError {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Line { .. } | Self::Whole { .. } => "manifest.unreadable",
            Self::NoBucket => "manifest.no_bucket",
        }
    }

    fn whole(what: impl Into<String>) -> Self {
        Self::Whole { what: what.into() }
    }
}

/// Reads a file, whichever shape it has. Never panics, whatever the bytes.
///
/// # Errors
/// [`ManifestError`]
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Manifest, ManifestError> {
    if bytes.len() > MANIFEST_BYTES {
        return Err(ManifestError::whole(format!(
            "it is longer than {MANIFEST_BYTES} bytes"
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::whole("it is no UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    let manifest = match text.trim_start().chars().next() {
        None => return Err(ManifestError::whole("it is empty")),
        Some('<') => s3_xml(text, hints)?,
        Some('[') => objects(&whole(text)?, hints)?,
        Some('{') => {
            // one document over all lines, or one a line
            let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
            match (documents.next(), documents.next()) {
                (Some(Ok(first)), None) if listing(&first) => objects(&first, hints)?,
                _ => table::json_lines(text, hints)?,
            }
        }
        Some(_) => table::csv(text, hints)?,
    };
    if manifest.entries.len() > ENTRIES {
        return Err(ManifestError::whole(format!("it holds more than {ENTRIES} objects")));
    }
    Ok(manifest)
}

/// Whether one JSON object is a page of objects, and not a single line of a list.
fn listing(value: &Value) -> bool {
    ["Contents", "objects", "records", "access_methods", "RequestCharged"]
        .iter()
        .any(|key| value.get(*key).is_some())
}

fn whole(text: &str) -> Result<Value, ManifestError> {
    serde_json::from_str(text).map_err(|why| ManifestError::whole(format!("it is no JSON: {why}")))
}

fn text_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// An object of a bucket; its id is its address.
fn of_bucket(bucket: &str, key: &str) -> Entry {
    let address = format!("s3://{bucket}/{key}");
    let mut entry = Entry::default();
    match StorageUrl::parse(&address) {
        Ok(url) => {
            entry.id = url.to_string();
            entry.urls = vec![entry.id.clone()];
        }
        Err(_) => {
            entry.id = address;
            entry.other_urls = 1;
        }
    }
    entry
}

fn objects(root: &Value, hints: &Hints) -> Result<Manifest, ManifestError> {
    let mut manifest = Manifest {
        shape: Shape::Json,
        entries: Vec::new(),
        folders: 0,
        goes_on: text_of(root, "next_page_token").is_some_and(|token| !token.is_empty()),
    };
    if let Some(contents) = root.get("Contents").and_then(Value::as_array) {
        manifest.shape = Shape::S3Json;
        let truncated = root.get("IsTruncated").and_then(Value::as_bool).unwrap_or(false);
        manifest.goes_on = truncated || text_of(root, "NextToken").is_some();
        let bucket = text_of(root, "Name").or(hints.bucket.as_deref());
        let bucket = bucket.ok_or(ManifestError::NoBucket)?;
        for object in contents {
            let key = text_of(object, "Key").ok_or_else(|| ManifestError::whole("an object has no `Key`"))?;
            if key.ends_with('/') {
                manifest.folders += 1;
            } else {
                manifest.entries.push(of_bucket(bucket, key));
            }
        }
        return Ok(manifest);
    }
    let list: Vec<&Value> = match root {
        Value::Array(list) => list.iter().collect(),
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            match one.get("objects").or_else(|| one.get("records")) {
                Some(Value::Array(list)) => list.iter().collect(),
                Some(_) => return Err(ManifestError::whole("`objects` is no list")),
                None => vec![one],
            }
        }
    };
    for (at, object) in list.into_iter().enumerate() {
        // a bundle of DRS: its parts are objects of their own
        if object
            .get("contents")
            .and_then(Value::as_array)
            .is_some_and(|parts| !parts.is_empty())
        {
            manifest.folders += 1;
            continue;
        }
        let members = object.as_object().ok_or_else(|| ManifestError::Line {
            line: at + 1,
            what: "an object is no JSON object".to_owned(),
        })?;
        manifest
            .entries
            .push(table::entry_of_json(members, hints).map_err(|what| ManifestError::Line { line: at + 1, what })?);
    }
    if manifest.entries.is_empty() && manifest.folders == 0 {
        return Err(ManifestError::whole("it holds no object"));
    }
    Ok(manifest)
}

fn s3_xml(text: &str, hints: &Hints) -> Result<Manifest, ManifestError> {
    let mut reader = Reader::new(text);
    let mut path: Vec<&str> = Vec::new();
    let (mut bucket, mut keys, mut goes_on, mut root) = (None, Vec::new(), false, None);
    while let Some(event) = reader.next().map_err(|why| ManifestError::Line {
        line: why.line,
        what: why.what.to_owned(),
    })? {
        match event {
            Event::Open(name, _) => {
                root.get_or_insert(name);
                path.push(name);
            }
            Event::Close(_) => drop(path.pop()),
            Event::Text(text) => match path.as_slice() {
                [_, "Name"] => bucket = Some(text),
                [_, "IsTruncated"] => goes_on = text == "true",
                [_, "Contents", "Key"] => keys.push(text),
                _ => {}
            },
        }
    }
    if root != Some("ListBucketResult") {
        return Err(ManifestError::whole("it is XML, and no listing of a bucket"));
    }
    let bucket = bucket.or_else(|| hints.bucket.clone()).ok_or(ManifestError::NoBucket)?;
    let folders = keys.iter().filter(|key| key.ends_with('/')).count();
    let entries = keys
        .iter()
        .filter(|key| !key.ends_with('/'))
        .map(|key| of_bucket(&bucket, key))
        .collect();
    Ok(Manifest {
        shape: Shape::S3Xml,
        entries,
        folders,
        goes_on,
    })
}

#[cfg(test)]
mod tests;
