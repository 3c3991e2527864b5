//! `multipart/form-data`, strictly (E8, `apis.md` 3.4): read whole, each part once, names and file names by grammar;
//! written again with a boundary and headers of our own.

use std::collections::HashSet;

use crate::limits;

/// One part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: String,
    /// Its file name, where it has one.
    pub(crate) file: Option<String>,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Why a multipart body is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum MultipartFault {
    #[error("the content type has no boundary of 1 to 70 plain characters")]
    Boundary,
    #[error("the multipart body is not well formed: {0}")]
    Form(&'static str),
    #[error("a part has a header that is not taken")]
    Header,
    #[error("a part has no plain name")]
    Name,
    #[error("the name of an attachment is not taken: {0}")]
    FileName(&'static str),
    #[error("two parts have the same name and differ")]
    Twice,
    #[error("there are more than {} parts", limits::RUN_PARTS)]
    Many,
}

/// The boundary of a `Content-Type`.
///
/// # Errors
/// [`MultipartFault::Boundary`] if there is none, more than one, or an odd one.
pub(crate) fn boundary(content_type: &str) -> Result<String, MultipartFault> {
    let mut found = None;
    for parameter in content_type.split(';').skip(1) {
        let (name, value) = parameter.trim().split_once('=').ok_or(MultipartFault::Boundary)?;
        if name.trim().eq_ignore_ascii_case("boundary") && found.replace(unquoted(value.trim())?.to_owned()).is_some() {
            return Err(MultipartFault::Boundary);
        }
    }
    found
        .filter(|text| {
            (1..=70).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte))
        })
        .ok_or(MultipartFault::Boundary)
}

/// A value with both of its quotes, or with none.
fn unquoted(value: &str) -> Result<&str, MultipartFault> {
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').ok_or(MultipartFault::Boundary),
        None if value.ends_with('"') => Err(MultipartFault::Boundary),
        None => Ok(value),
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

/// Splits a body into its parts. No preamble, no epilogue but one line end, CR LF alone.
///
/// # Errors
/// [`MultipartFault`].
pub(crate) fn parse(body: &[u8], boundary: &str) -> Result<Vec<Part>, MultipartFault> {
    let dash = format!("--{boundary}");
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body
        .strip_prefix(dash.as_bytes())
        .ok_or(MultipartFault::Form("it does not begin with the boundary"))?;
    let mut parts: Vec<Part> = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            if !matches!(end, b"" | b"\r\n") {
                return Err(MultipartFault::Form("something stands behind the last boundary"));
            }
            return once(parts);
        }
        rest = rest
            .strip_prefix(b"\r\n")
            .ok_or(MultipartFault::Form("a boundary is not followed by CR LF"))?;
        if parts.len() == limits::RUN_PARTS {
            return Err(MultipartFault::Many);
        }
        let at = find(rest, delimiter.as_bytes()).ok_or(MultipartFault::Form("the last boundary is missing"))?;
        let (whole, tail) = rest.split_at_checked(at).ok_or(MultipartFault::Form("cut"))?;
        parts.push(part(whole)?);
        rest = tail
            .strip_prefix(delimiter.as_bytes())
            .ok_or(MultipartFault::Form("cut"))?;
    }
}

/// Parts of one name but attachments stand once; an exact repeat of an attachment is dropped (wes-client sends it).
fn once(parts: Vec<Part>) -> Result<Vec<Part>, MultipartFault> {
    let mut kept: Vec<Part> = Vec::new();
    let mut folded = HashSet::new();
    for part in parts {
        if kept.contains(&part) && part.file.is_some() && part.name == "workflow_attachment" {
            continue;
        }
        let clash = match (&part.file, part.name.as_str()) {
            (Some(file), "workflow_attachment") => !folded.insert(format!("/{}", file.to_lowercase())),
            _ => !folded.insert(part.name.clone()),
        };
        if clash {
            return Err(MultipartFault::Twice);
        }
        kept.push(part);
    }
    Ok(kept)
}

fn part(whole: &[u8]) -> Result<Part, MultipartFault> {
    let at = find(whole, b"\r\n\r\n").ok_or(MultipartFault::Form("a part has no end of its headers"))?;
    let (head, bytes) = whole.split_at_checked(at).ok_or(MultipartFault::Form("cut"))?;
    let bytes = bytes.strip_prefix(b"\r\n\r\n").ok_or(MultipartFault::Form("cut"))?;
    let head = str::from_utf8(head).map_err(|_| MultipartFault::Header)?;
    let (mut disposition, mut kind) = (None, None);
    for line in head.split("\r\n") {
        if line.chars().any(char::is_control) {
            return Err(MultipartFault::Header);
        }
        let (name, value) = line.split_once(':').ok_or(MultipartFault::Header)?;
        let slot = match name.to_ascii_lowercase().as_str() {
            "content-disposition" => &mut disposition,
            "content-type" => &mut kind,
            "content-length" => continue,
            _ => return Err(MultipartFault::Header),
        };
        if slot.replace(value.trim()).is_some() {
            return Err(MultipartFault::Header);
        }
    }
    if kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/")) {
        return Err(MultipartFault::Header);
    }
    let (name, file) = named(disposition.ok_or(MultipartFault::Name)?)?;
    Ok(Part {
        name,
        file,
        bytes: bytes.to_vec(),
    })
}

/// `form-data; name="…"; filename="…"`, quoted strings without escapes.
fn named(value: &str) -> Result<(String, Option<String>), MultipartFault> {
    let rest = value.strip_prefix("form-data").ok_or(MultipartFault::Name)?;
    let (mut name, mut file) = (None, None);
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        rest = rest.strip_prefix(';').ok_or(MultipartFault::Name)?.trim_start();
        let (key, tail) = rest.split_once('=').ok_or(MultipartFault::Name)?;
        let (text, tail) = match tail.strip_prefix('"') {
            Some(tail) => tail.split_once('"').ok_or(MultipartFault::Name)?,
            None => {
                let end = tail.find(';').unwrap_or(tail.len());
                tail.split_at_checked(end).ok_or(MultipartFault::Name)?
            }
        };
        if text.contains('\\') {
            return Err(MultipartFault::FileName("it holds a backslash"));
        }
        let slot = match key {
            "name" => &mut name,
            "filename" => &mut file,
            // `filename*` and everything else: another reader may prefer it
            _ => return Err(MultipartFault::Header),
        };
        if slot.replace(text.to_owned()).is_some() {
            return Err(MultipartFault::Name);
        }
        rest = tail.trim_start();
    }
    let name = name
        .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        .ok_or(MultipartFault::Name)?;
    // other parts have a file name only because some clients send every part as a file
    let file = file.filter(|_| name == "workflow_attachment");
    if let Some(file) = &file {
        file_name(file)?;
    }
    if name == "workflow_attachment" && file.is_none() {
        return Err(MultipartFault::FileName("it has none"));
    }
    Ok((name, file))
}

/// Snakemake loads `profiles/…` and `config.yaml` of a profile from the working folder unasked.
fn is_profile(file: &str) -> bool {
    let file = file.to_ascii_lowercase();
    let (folder, last) = file.rsplit_once('/').unwrap_or(("", file.as_str()));
    let is_config = last.starts_with("config.") && last.ends_with(".yaml") && last != "config.yaml";
    is_config || folder.split('/').any(|segment| segment == "profiles")
}

/// The rules of `apis.md` 3.4 and E9 for the name of an attachment.
///
/// # Errors
/// [`MultipartFault::FileName`] with what is wrong.
pub(crate) fn file_name(file: &str) -> Result<(), MultipartFault> {
    let refuse = |what| Err(MultipartFault::FileName(what));
    let drive = file.as_bytes().get(1) == Some(&b':');
    if file.is_empty() || file.len() > 1024 {
        return refuse("it is empty or too long");
    }
    if file.starts_with(['/', '~', '$', '-']) || drive {
        return refuse("it is absolute");
    }
    if file.chars().any(|letter| {
        letter.is_control()
            || !(letter.is_ascii_graphic() || letter == ' ')
            || matches!(
                letter,
                '\\' | '"' | '\'' | '`' | '$' | '*' | '?' | '%' | '<' | '>' | '|' | '&' | ';'
            )
    }) {
        return refuse("it holds a character that is not taken");
    }
    for segment in file.split('/') {
        if matches!(segment, "" | "." | "..") || segment.len() > 255 {
            return refuse("it has an empty, dotted or too long segment");
        }
        // `.snakemake/`, `.nextflow/`, `.git/`: what programs read unasked; and names that some systems take for others
        if segment.starts_with('.') {
            return refuse("a segment begins with a dot");
        }
        if segment.ends_with(['.', ' ']) || segment.starts_with(' ') {
            return refuse("a segment begins or ends with a blank, or ends with a dot");
        }
    }
    let last = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
    if [
        "nextflow.config",
        ".nextflowrc",
        ".cwltool",
        "snakefile",
        "profile.yaml",
        "options.json",
        "run.sh",
    ]
    .contains(&last.as_str())
        || is_profile(file)
    {
        return refuse("it is a configuration file of an engine");
    }
    Ok(())
}

/// Writes parts anew. The boundary must not occur in them; 128 random bits see to that, and it is checked.
pub(crate) fn write(parts: &[Part], boundary: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for part in parts {
        if find(&part.bytes, boundary.as_bytes()).is_some() {
            return None;
        }
        out.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", part.name).as_bytes(),
        );
        if let Some(file) = &part.file {
            out.extend_from_slice(
                format!("; filename=\"{file}\"\r\nContent-Type: application/octet-stream").as_bytes(),
            );
        }
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(&part.bytes);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Some(out)
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
