//! A bundle's folder: read whole, within bounds, and its faults shown with the line and a caret.

use std::path::{Path, PathBuf};

use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Report};
use policy_engine::{
    policy::{Bundle, BundleFiles, FILE_BYTES, FILES, Finding, LINKS, MANIFEST, Policies, Severity, validate},
    review::Suite,
    snapshot::PolicyText,
};
use visa_verifier::seam::{Clock as _, SystemClock, Timestamp};

use crate::{error::CommandError, input::Input};

/// The word for the shipped policies, where a bundle is asked for.
pub(super) const SHIPPED: &str = "shipped";

/// A bundle and where it lies.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) path: PathBuf,
    pub(super) bundle: Bundle,
}

/// Now; observe mode and its end are judged by it.
pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

/// Reads what `path` names: a bundle's folder, one `.cedar` file or a folder of them, one case file, or `shipped`.
///
/// # Errors
/// `input.unreadable` (exit 3); `policy.none`, `policy.not_text`, `policy.bundle` (exit 2).
pub(super) fn load(path: &Path) -> Result<Loaded, CommandError> {
    read(path)?.map_err(|findings| {
        let words = findings
            .iter()
            .map(|finding| format!("{}: {}", finding.file, finding.what));
        CommandError::refused("policy.bundle", words.collect::<Vec<_>>().join("; "))
            .hint(format!("visum policy validate {}", path.display()))
    })
}

/// As [`load`]; what is wrong with manifest, links or sizes comes as findings.
///
/// # Errors
/// As [`load`], but for `policy.bundle`.
pub(super) fn read(path: &Path) -> Result<Result<Loaded, Vec<Finding>>, CommandError> {
    let loaded = |bundle| Loaded {
        path: path.to_owned(),
        bundle,
    };
    if path.as_os_str() == SHIPPED && !path.exists() {
        return Ok(Ok(loaded(Bundle::shipped())));
    }
    if !path.is_dir() {
        let file = file(path, &path.display().to_string())?;
        let bundle = if path.extension().is_some_and(|ending| ending == "json") {
            Bundle {
                tests: vec![file],
                ..Bundle::shipped()
            }
        } else {
            Bundle::of_policies(vec![file])
        };
        return Ok(Ok(loaded(bundle)));
    }
    let BundleFiles {
        manifest,
        policies,
        links,
        tests,
    } = folder(path)?;
    if manifest.is_none() && links.is_none() && tests.is_empty() {
        if policies.is_empty() {
            return Err(
                CommandError::refused("policy.none", format!("{} holds no policies", path.display()))
                    .hint("a bundle is a folder of bundle.toml, *.cedar, links.json and tests/*.json"),
            );
        }
        return Ok(Ok(loaded(Bundle::of_policies(policies))));
    }
    let files = BundleFiles {
        manifest,
        policies,
        links,
        tests,
    };
    Ok(Bundle::read(files).map(loaded))
}

/// The texts of a bundle's folder.
fn folder(path: &Path) -> Result<BundleFiles, CommandError> {
    let tests = path.join("tests");
    let tests = if tests.is_dir() {
        files(&tests, "tests/", "json")?
    } else {
        Vec::new()
    };
    Ok(BundleFiles {
        manifest: optional(path, MANIFEST)?,
        policies: files(path, "", "cedar")?,
        links: optional(path, LINKS)?,
        tests,
    })
}

/// The texts of a bundle's folder, to be sent to a node.
///
/// # Errors
/// `policy.none` (exit 2) if it is no bundle's folder, and as [`read`].
pub(super) fn texts(path: &Path) -> Result<serde_json::Value, CommandError> {
    let files = if path.is_dir() {
        folder(path)?
    } else {
        BundleFiles::default()
    };
    let manifest = files.manifest.ok_or_else(|| {
        CommandError::refused("policy.none", format!("{} holds no bundle.toml", path.display()))
            .hint("a bundle is a folder of bundle.toml, *.cedar, links.json and tests/*.json")
    })?;
    let mut sent = serde_json::json!({ "manifest": manifest, "policies": files.policies, "tests": files.tests });
    if let (Some(links), Some(members)) = (files.links, sent.as_object_mut()) {
        members.insert("links".to_owned(), links.into());
    }
    Ok(sent)
}

/// Reads as [`load`] does, and compiles; what is unsound is refused.
///
/// # Errors
/// Also `policy.unsound` (exit 2).
pub(super) fn sound(path: &Path) -> Result<(Loaded, Policies), CommandError> {
    let loaded = load(path)?;
    let refuse = |what: String| {
        CommandError::refused("policy.unsound", format!("{}: {what}", path.display()))
            .hint(format!("visum policy validate {}", path.display()))
    };
    let findings = validate(&loaded.bundle, now());
    if let Some(first) = findings.iter().find(|finding| finding.severity == Severity::Error) {
        return Err(refuse(format!("{}: {}", first.file, first.what)));
    }
    let policies = loaded
        .bundle
        .compile(now())
        .map_err(|error| refuse(error.to_string()))?;
    Ok((loaded, policies))
}

/// The bundle's case files.
///
/// # Errors
/// `policy.cases` (exit 2).
pub(super) fn suites(bundle: &Bundle) -> Result<Vec<Suite>, CommandError> {
    let suites = bundle.tests.iter().map(|file| Suite::parse(&file.name, &file.text));
    suites
        .collect::<Result<_, _>>()
        .map_err(|finding| CommandError::refused("policy.cases", format!("{}: {}", finding.file, finding.what)))
}

/// The shipped cases.
///
/// # Errors
/// None, unless the build is broken.
pub(super) fn shipped_suite() -> Result<Suite, CommandError> {
    Suite::shipped().map_err(|finding| CommandError::unknown("policy.cases", finding.what.clone()))
}

/// A finding for people: what, where with a caret, and what to write instead.
pub(super) fn pretty(finding: &Finding, root: &Path) -> String {
    let mut diagnostic = MietteDiagnostic::new(finding.what.clone())
        .with_code(finding.code)
        .with_severity(match finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        });
    if let Some(help) = &finding.help {
        diagnostic = diagnostic.with_help(help.clone());
    }
    let path = if root.is_dir() {
        root.join(&finding.file)
    } else {
        root.to_owned()
    };
    let text = finding.at.and_then(|_| std::fs::read_to_string(&path).ok());
    let report = match (finding.at, text) {
        (Some(at), Some(text)) => {
            // One line is enough to find a whole policy by.
            let line = text
                .get(at.offset..)
                .and_then(|rest| rest.find('\n'))
                .unwrap_or(at.length);
            let label = LabeledSpan::new(finding.policy.clone(), at.offset, at.length.min(line));
            let named = NamedSource::new(path.display().to_string(), text);
            Report::new(diagnostic.with_label(label)).with_source_code(named)
        }
        _ => Report::new(diagnostic),
    };
    let place = match (finding.at, &finding.policy) {
        (Some(at), _) => format!("{}:{}:{}", path.display(), at.line, at.column),
        (None, Some(policy)) => format!("{}: {policy}", finding.file),
        (None, None) => finding.file.clone(),
    };
    format!("{place}\n{}", rendered(&report))
}

fn rendered(report: &Report) -> String {
    let mut text = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor()).with_width(110);
    match handler.render_report(&mut text, report.as_ref()) {
        Ok(()) => text,
        Err(_) => report.to_string(),
    }
}

/// Files of a folder with this ending, sorted by name.
fn files(folder: &Path, prefix: &str, ending: &str) -> Result<Vec<PolicyText>, CommandError> {
    let entries = std::fs::read_dir(folder)
        .map_err(|source| CommandError::unknown("input.unreadable", format!("{}: {source}", folder.display())))?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == ending))
        .take(FILES.saturating_add(1))
        .collect();
    paths.sort();
    let name = |path: &Path| format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
    paths.iter().map(|path| file(path, &name(path))).collect()
}

fn optional(folder: &Path, name: &str) -> Result<Option<String>, CommandError> {
    let path = folder.join(name);
    path.exists()
        .then(|| file(&path, name).map(|file| file.text))
        .transpose()
}

fn file(path: &Path, name: &str) -> Result<PolicyText, CommandError> {
    let bytes = Input::File(path.to_owned()).read(FILE_BYTES as u64)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::refused("policy.not_text", format!("{} is not UTF-8 text", path.display())))?;
    Ok(PolicyText {
        name: name.to_owned(),
        text,
    })
}
