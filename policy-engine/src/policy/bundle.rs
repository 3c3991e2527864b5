//! `Bundle`: an administrator's or a committee's policies on their way (policy.md 6, step 1). Pure: files come as text.
//!
//! A folder `bundle.toml`, `*.cedar`, `links.json`, `tests/*.json`. Reading one checks form and bounds; what the policies
//! mean is checked by [`super::validate`].

use serde::{Deserialize, Serialize};
use visa_verifier::{seam::Timestamp, token::json};

use super::{finding::Finding, set::Policies, source::Place};
use crate::{
    error::BundleError,
    snapshot::{ObserveRow, PolicyText, TemplateLink},
};

/// A bundle's manifest.
pub const MANIFEST: &str = "bundle.toml";
/// A bundle's links.
pub const LINKS: &str = "links.json";
/// One file of a bundle may be this large: three times the shipped cases, which are the largest we know.
pub const FILE_BYTES: usize = 1 << 20;
/// A bundle may have so many policy files, and as many test files.
pub const FILES: usize = 1_000;
/// … so many links.
const LINK_ROWS: usize = 10_000;
/// … and its JSON may nest this deep.
pub(crate) const DEPTH: usize = 32;
/// Longest free text of a row: an author, a reason.
const TEXT: usize = 1_000;

/// What `bundle.toml` says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The bundle's name: 1 to 64 of `a-z`, `0-9`, `-`, `.`.
    pub id: String,
    /// Who wrote it, in words. Approval asks who is logged in, not this.
    pub author: String,
    /// The version of the snapshot that it was written on.
    #[serde(default)]
    pub parent: Option<u64>,
    /// The committee whose bundle it is: every policy must then lie in its scope, and permits come by template only.
    #[serde(default)]
    pub committee: Option<String>,
    /// The committee's datasets that policies may name. A claim of the author: the catalogue is not read here.
    #[serde(default)]
    pub datasets: Vec<String>,
    /// Policies that shall only be watched.
    #[serde(default)]
    pub observe: Vec<ObserveRow>,
}

impl Manifest {
    /// As `bundle.toml` has it.
    ///
    /// # Errors
    /// It has no such form.
    pub fn text(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

/// The texts of a bundle.
#[derive(Clone, Debug, Default)]
pub struct BundleFiles {
    /// `bundle.toml`; `None` if there is none.
    pub manifest: Option<String>,
    /// `*.cedar`, by name.
    pub policies: Vec<PolicyText>,
    /// `links.json`.
    pub links: Option<String>,
    /// `tests/*.json`, by name.
    pub tests: Vec<PolicyText>,
}

/// A bundle whose files are readable.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Bundle {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Policy files, sorted by name.
    pub policies: Vec<PolicyText>,
    /// Links of templates.
    pub links: Vec<TemplateLink>,
    /// Test files as text, sorted by name.
    pub tests: Vec<PolicyText>,
}

impl Bundle {
    /// No policies but the shipped ones.
    pub fn shipped() -> Self {
        Self {
            manifest: Manifest {
                id: "shipped".to_owned(),
                author: "the build".to_owned(),
                parent: None,
                committee: None,
                datasets: Vec::new(),
                observe: Vec::new(),
            },
            policies: Vec::new(),
            links: Vec::new(),
            tests: Vec::new(),
        }
    }

    /// Policy files without a manifest.
    pub fn of_policies(policies: Vec<PolicyText>) -> Self {
        Self {
            policies: sorted(policies),
            ..Self::shipped()
        }
    }

    /// Reads a bundle's files.
    ///
    /// # Errors
    /// What is wrong with manifest, links or sizes. Never empty.
    pub fn read(files: BundleFiles) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let texts = files.policies.iter().chain(&files.tests);
        for file in texts.filter(|file| file.text.len() > FILE_BYTES) {
            findings.push(Finding::error(
                &file.name,
                "bundle.too_large",
                format!("longer than {FILE_BYTES} bytes"),
            ));
        }
        if files.policies.len() > FILES || files.tests.len() > FILES {
            findings.push(Finding::error(
                "",
                "bundle.too_large",
                format!("more than {FILES} files"),
            ));
        }
        let manifest = match &files.manifest {
            Some(text) => manifest(text).map_err(|finding| findings.push(*finding)).ok(),
            None => {
                let missing = Finding::error(MANIFEST, "bundle.manifest", "there is no bundle.toml");
                findings.push(missing.help("write one: id = \"my-policies\" and author = \"…\""));
                None
            }
        };
        let links = match &files.links {
            Some(text) => links(text).map_err(|finding| findings.push(*finding)).ok(),
            None => Some(Vec::new()),
        };
        match (manifest, links) {
            (Some(manifest), Some(links)) if findings.is_empty() => Ok(Self {
                manifest,
                policies: sorted(files.policies),
                links,
                tests: sorted(files.tests),
            }),
            _ => Err(findings),
        }
    }

    /// The whole set that this bundle makes with the shipped policies. `now`: observe mode may end 14 days from it.
    ///
    /// # Errors
    /// [`BundleError`], the first that is met; [`super::validate`] tells all.
    pub fn compile(&self, now: Timestamp) -> Result<Policies, BundleError> {
        Policies::with(None, &self.policies, &self.links, &self.manifest.observe, now)
    }

    /// SHA-256 of all its content, lower-case hex.
    pub fn digest(&self) -> String {
        crate::decide::hex_digest(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }
}

fn sorted(mut files: Vec<PolicyText>) -> Vec<PolicyText> {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn manifest(text: &str) -> Result<Manifest, Box<Finding>> {
    let wrong = |what: String| Box::new(Finding::error(MANIFEST, "bundle.manifest", what));
    if text.len() > FILE_BYTES {
        return Err(wrong(format!("longer than {FILE_BYTES} bytes")));
    }
    let manifest: Manifest = toml::from_str(text).map_err(|error| {
        let place = error.span().map(|span| Place::of(text, span.start, span.len()));
        let what = error.message().replace('\n', " ");
        Box::new(Finding::error(MANIFEST, "bundle.manifest", what).at(place))
    })?;
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.".contains(letter);
    if manifest.id.is_empty() || manifest.id.len() > 64 || !manifest.id.chars().all(plain) {
        return Err(wrong("`id` has 1 to 64 of a-z, 0-9, - and .".to_owned()));
    }
    if manifest.author.trim().is_empty() || manifest.author.len() > TEXT {
        return Err(wrong(format!("`author` has 1 to {TEXT} characters")));
    }
    if manifest.committee.is_none() && !manifest.datasets.is_empty() {
        return Err(wrong("`datasets` needs a `committee`".to_owned()));
    }
    Ok(manifest)
}

fn links(text: &str) -> Result<Vec<TemplateLink>, Box<Finding>> {
    let wrong = |what: String| Box::new(Finding::error(LINKS, "bundle.links", what));
    let rows: Vec<TemplateLink> =
        json::parse(text.as_bytes(), FILE_BYTES, DEPTH).map_err(|error| wrong(error.to_string()))?;
    if rows.len() > LINK_ROWS {
        return Err(wrong(format!("more than {LINK_ROWS} rows")));
    }
    if let Some(row) = rows
        .iter()
        .find(|row| row.reason.as_ref().is_some_and(|reason| reason.len() > TEXT))
    {
        return Err(wrong(format!("the reason of `{}` is longer than {TEXT} bytes", row.id)));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(manifest: &str, links: Option<&str>) -> BundleFiles {
        BundleFiles {
            manifest: Some(manifest.to_owned()),
            links: links.map(str::to_owned),
            ..BundleFiles::default()
        }
    }

    #[test]
    fn a_bundle_is_read_strictly() {
        let good = "id = \"own\"\nauthor = \"Noor\"\nparent = 3\n";
        let row = r#"[{"template":"visum.template.no-commercial","id":"own.x","resource":{"type":"Visum::Dac","id":"d"},"reason":"asked"}]"#;
        let cases = [
            ("good", good.to_owned(), Some(row.to_owned()), None),
            ("no id", "author = \"x\"".to_owned(), None, Some("bundle.manifest")),
            (
                "an id with a space",
                good.replace("own", "o wn"),
                None,
                Some("bundle.manifest"),
            ),
            (
                "an unknown key",
                format!("{good}commitee = \"x\""),
                None,
                Some("bundle.manifest"),
            ),
            (
                "datasets of nobody",
                format!("{good}datasets = [\"x\"]"),
                None,
                Some("bundle.manifest"),
            ),
            ("no TOML", "id =".to_owned(), None, Some("bundle.manifest")),
            (
                "a misspelt member",
                good.to_owned(),
                Some(row.replace("reason", "raeson")),
                Some("bundle.links"),
            ),
            (
                "a member twice",
                good.to_owned(),
                Some(row.replace("\"id\":\"own.x\"", "\"id\":\"own.x\",\"id\":\"own.y\"")),
                Some("bundle.links"),
            ),
        ];
        for (name, manifest, links, code) in cases {
            let read = Bundle::read(files(&manifest, links.as_deref()));
            assert_eq!(read.as_ref().err().map(|found| found[0].code), code, "{name}: {read:?}");
        }
        let unknown = Bundle::read(files(&format!("{good}commitee = \"x\""), None)).unwrap_err();
        assert_eq!(unknown[0].at.map(|place| (place.line, place.column)), Some((4, 1)));
        assert_eq!(
            Bundle::read(BundleFiles::default()).unwrap_err()[0].code,
            "bundle.manifest"
        );
    }

    #[test]
    fn the_digest_covers_every_file() {
        let one = Bundle::of_policies(vec![PolicyText {
            name: "a".to_owned(),
            text: "b".to_owned(),
        }]);
        let mut other = one.clone();
        other.tests = one.policies.clone();
        assert_ne!(one.digest(), other.digest());
        assert_eq!(one.digest(), one.clone().digest());
    }
}
