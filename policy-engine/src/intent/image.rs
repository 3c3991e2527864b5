//! Container image references: a strict grammar, one canonical name (apis.md E25).

use serde::{Deserialize, Serialize};

use super::RefRefused;

/// Longest image reference, in bytes.
const MAX_IMAGE: usize = 512;

/// A parsed image reference: `[registry/]repository[:tag][@sha256:digest]`.
///
/// Without a registry it is Docker Hub's (`docker.io`, one-word names under `library/`), as every engine reads it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Image {
    given: Box<str>,
    registry: Box<str>,
    repository: Box<str>,
    tag: Option<Box<str>>,
    digest: Option<Box<str>>,
}

impl Image {
    /// Parses a reference. No scheme, space, upper-case repository or leading hyphen.
    ///
    /// # Errors
    /// [`RefRefused::Image`] outside of the grammar, [`RefRefused::Length`] over 512 bytes or empty.
    pub fn parse(text: &str) -> Result<Self, RefRefused> {
        if text.is_empty() || text.len() > MAX_IMAGE {
            return Err(RefRefused::Length);
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest_hex(digest)?)),
            None => (text, None),
        };
        // A `:` after the last `/` begins the tag; before it, the registry's port.
        let last = name.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match name.get(last..).and_then(|end| end.find(':')) {
            Some(at) => {
                let (front, tag) = name.split_at_checked(last + at).ok_or(RefRefused::Image)?;
                (front, Some(tag_word(tag.get(1..).unwrap_or_default())?))
            }
            None => (name, None),
        };
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (registry_name(first)?, rest.to_owned())
            }
            _ if name.contains('/') => ("docker.io".to_owned(), name.to_owned()),
            _ => ("docker.io".to_owned(), format!("library/{name}")),
        };
        if !path.split('/').all(component) {
            return Err(RefRefused::Image);
        }
        Ok(Self {
            given: text.into(),
            registry: registry.into(),
            repository: path.into(),
            tag: tag.map(Into::into),
            digest: digest.map(Into::into),
        })
    }

    /// Whether it is named by digest, so that it can't change.
    pub const fn is_pinned(&self) -> bool {
        self.digest.is_some()
    }

    /// `sha256:` and 64 hexadecimal digits, if pinned.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Registry and repository, for instance `quay.io/biocontainers/samtools`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// Registry, for instance `quay.io`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The reference as the request gave it; it fits the grammar.
    pub fn as_given(&self) -> &str {
        &self.given
    }
}

/// The canonical name: with registry; by digest if pinned (a tag beside a digest means nothing), else by tag.
impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => write!(f, "{}/{}@{digest}", self.registry, self.repository),
            (None, Some(tag)) => write!(f, "{}/{}:{tag}", self.registry, self.repository),
            (None, None) => write!(f, "{}/{}:latest", self.registry, self.repository),
        }
    }
}

impl TryFrom<String> for Image {
    type Error = RefRefused;

    fn try_from(text: String) -> Result<Self, RefRefused> {
        Self::parse(&text)
    }
}

impl From<Image> for String {
    fn from(image: Image) -> Self {
        image.given.into()
    }
}

fn digest_hex(text: &str) -> Result<String, RefRefused> {
    let digits = text.strip_prefix("sha256:").ok_or(RefRefused::Image)?;
    let good = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if good {
        Ok(text.to_owned())
    } else {
        Err(RefRefused::Image)
    }
}

fn tag_word(text: &str) -> Result<String, RefRefused> {
    let good = (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && !text.starts_with(['.', '-']);
    if good {
        Ok(text.to_owned())
    } else {
        Err(RefRefused::Image)
    }
}

fn registry_name(text: &str) -> Result<String, RefRefused> {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let host = super::drs::host_name(host).map_err(|_| RefRefused::Image)?;
    match port {
        None => Ok(host),
        Some(port) if port.parse::<u16>().is_ok_and(|port| port != 0) && !port.starts_with(['0', '+']) => {
            Ok(format!("{host}:{port}"))
        }
        Some(_) => Err(RefRefused::Image),
    }
}

/// Lower-case letters and digits, with `.`, `_`, `__` or hyphens between them.
fn component(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    !text.is_empty()
        && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'_' | b'-'))
        && text.bytes().next().is_some_and(word)
        && text.bytes().last().is_some_and(word)
        && !text.contains("..")
        && !text.contains("___")
        && !text.contains("._")
        && !text.contains("_.")
}

#[cfg(test)]
mod tests {
    use super::{Image, RefRefused};

    #[test]
    fn e25_image_references_have_one_name() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let cases = [
            ("ubuntu".to_owned(), "docker.io/library/ubuntu:latest".to_owned(), false),
            (
                "sample/count:1".to_owned(),
                "docker.io/sample/count:1".to_owned(),
                false,
            ),
            (
                format!("sample/count@{digest}"),
                format!("docker.io/sample/count@{digest}"),
                true,
            ),
            (
                format!("Quay.io/b/s:1.2@{digest}"),
                format!("quay.io/b/s@{digest}"),
                true,
            ),
            (
                "localhost:5000/x".to_owned(),
                "localhost:5000/x:latest".to_owned(),
                false,
            ),
        ];
        for (given, name, pinned) in cases {
            let image = Image::parse(&given).unwrap();
            assert_eq!(image.to_string(), name, "{given}");
            assert_eq!(image.is_pinned(), pinned, "{given}");
            assert_eq!(image.as_given(), given);
        }
    }

    #[test]
    fn e25_tricks_in_image_references_are_refused() {
        let cases = [
            "x --privileged -v /:/host",
            "-x",
            "docker://ubuntu",
            "Ubuntu",
            "a//b",
            "a@sha256:aa",
            "a:",
            "../a",
            "a/../b",
            "ubuntu:latest\n",
            "quay.io:0/x",
            "a@md5:00",
            "/tmp/x.sif",
            "ub\u{0455}ntu",
        ];
        for given in cases {
            assert_eq!(Image::parse(given), Err(RefRefused::Image), "{given}");
        }
        assert_eq!(Image::parse(""), Err(RefRefused::Length));
    }
}
