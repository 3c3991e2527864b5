//! Where in a registry something is: tool, version, descriptor, file; read from a path, written to a backend's.

use crate::{
    api::{Segment, encode, trs::Kind},
    problem::Problem,
};

/// Bytes of a tool's or version's id, and of a file's path.
const NAME_BYTES: usize = 1_024;

/// What a path below the base names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Place {
    /// The tool's id, opaque.
    pub(crate) tool: String,
    /// The version's id.
    pub(crate) version: Option<String>,
    /// The language, wrapped or plain.
    pub(crate) kind: Option<Kind>,
    /// The pieces of `relative_path`.
    pub(crate) file: Vec<String>,
}

fn refused(what: &str) -> Problem {
    Problem::refused("request.path", format!("the path has {what}"))
}

/// A name that no reader can take for another: decoded again it would be no other.
fn plain(text: &str) -> Result<String, Problem> {
    let escape = text
        .as_bytes()
        .windows(3)
        .any(|window| matches!(window, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()));
    if text.is_empty() || text.len() > NAME_BYTES {
        return Err(refused("an id that is empty or too long"));
    }
    if escape {
        return Err(refused("an id or file name that is encoded twice"));
    }
    Ok(text.to_owned())
}

impl Place {
    /// Reads the segments behind the base: `tools`, the id, and so on.
    ///
    /// # Errors
    /// 400 for an id or a file's path that two readers could read differently, or a type that is none.
    pub(crate) fn read(rest: &[Segment]) -> Result<Self, Problem> {
        let text = |at: usize| rest.get(at).map(|segment| segment.text.as_str());
        let mut place = Self::default();
        if let Some(tool) = text(1) {
            place.tool = plain(tool)?;
        }
        place.version = text(3).map(plain).transpose()?;
        if text(4).is_some_and(|word| word != "containerfile") {
            let kind = text(4).and_then(Kind::of);
            place.kind = Some(kind.ok_or_else(|| {
                Problem::refused(
                    "trs.type",
                    "the type is none of CWL, WDL, NFL, SMK and GALAXY, with or without PLAIN_ in front",
                )
            })?);
        }
        for segment in rest.get(6..).unwrap_or_default() {
            // encoded slashes and plain ones separate alike; the path's reader has refused `..` in both
            for piece in segment.text.split('/') {
                if matches!(piece, "" | "." | "..") {
                    return Err(refused("an empty, `.` or `..` segment"));
                }
                place.file.push(plain(piece)?);
            }
        }
        if place
            .file
            .iter()
            .map(|piece| piece.len().saturating_add(1))
            .sum::<usize>()
            > NAME_BYTES
        {
            return Err(refused("a file's path that is too long"));
        }
        Ok(place)
    }

    /// The path of the tool or version, for a backend and for our own URLs.
    pub(crate) fn path(&self) -> String {
        let mut path = format!("/tools/{}", encode(&self.tool));
        if let Some(version) = &self.version {
            path.push_str(&format!("/versions/{}", encode(version)));
        }
        path
    }

    /// The path of something below a language: `descriptor`, `tests`, `files`.
    pub(crate) fn below(&self, kind: Kind, what: &str) -> String {
        let mut path = format!("{}/{}/{what}", self.path(), kind.word());
        for piece in &self.file {
            path.push('/');
            path.push_str(&encode(piece));
        }
        path
    }

    /// The name by which policies know the registry.
    pub(crate) fn registry(host: &str) -> String {
        format!("trs://{host}")
    }

    /// The name by which policies know it: `trs://HOST/TOOL[/VERSION]`, each part encoded.
    pub(crate) fn name(&self, host: &str) -> String {
        let version = self.version.iter().map(|version| format!("/{}", encode(version)));
        format!("trs://{host}/{}{}", encode(&self.tool), version.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use crate::api::parse_path;

    use super::*;

    fn read(path: &str) -> Result<Place, String> {
        let segments = parse_path(path).map_err(|fault| fault.to_string())?;
        Place::read(&segments).map_err(|problem| problem.sentence)
    }

    #[test]
    fn a_tool_is_one_opaque_segment_and_a_file_the_rest_decoded_once() {
        let tool = "%23workflow%2Fexample.org%2Fcount";
        let one = read(&format!("/tools/{tool}/versions/1.0/CWL/descriptor/lib/a.cwl")).unwrap();
        assert_eq!(one.tool, "#workflow/example.org/count");
        assert_eq!(one.file, ["lib", "a.cwl"]);
        let other = read(&format!("/tools/{tool}/versions/1.0/CWL/descriptor/lib%2Fa.cwl")).unwrap();
        assert_eq!(one, other, "encoded or not");
        assert_eq!(
            one.below(one.kind.unwrap(), "descriptor"),
            format!("/tools/{tool}/versions/1.0/CWL/descriptor/lib/a.cwl")
        );
        assert_eq!(
            one.name("data.example.org"),
            format!("trs://data.example.org/{tool}/1.0")
        );
        for bad in [
            "/tools/a/versions/1/CWL/descriptor/..",
            "/tools/a/versions/1/CWL/descriptor/..%2Fx",
            "/tools/a/versions/1/CWL/descriptor/x%2F..%2Fy",
            "/tools/a/versions/1/CWL/descriptor/%2Fetc%2Fpasswd",
            "/tools/a/versions/1/CWL/descriptor/%252e%252e",
            "/tools/a/versions/1/CWL/descriptor/a%5Cb",
            "/tools/a%252Fb",
            "/tools/..%2F..%2Fx",
            "/tools/a/versions/1/cwl/descriptor",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
