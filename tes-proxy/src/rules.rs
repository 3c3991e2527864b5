//! What a node lays down about code: digests of images, certified tools, approved workflows (`apis.md` E22, E25, E77).

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use policy_engine::intent::Image;
use ring::digest;

/// Rules of one TES or WES.
#[derive(Clone, Debug, Default)]
pub struct ComputeRules {
    /// The backend speaks TES 1.0: what 1.1 added is refused, since it would be dropped there. Default: no.
    pub tes_1_0: bool,
    /// Images that are named by tag, by canonical name (`docker.io/library/ubuntu:22.04`), with the digest that stands
    /// for it: it is judged and forwarded by that digest. Default: none.
    pub images: BTreeMap<String, String>,
    /// Tools whose own command is known. Default: none.
    pub tools: Vec<CertifiedTool>,
    /// Tools whose command was read from the registry. Filled by the proxy itself.
    pub shelf: Shelf,
}

/// Tools whose command was read from a descriptor of the registry; one shelf for all that judge commands.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Shelved>);

#[derive(Debug, Default)]
struct Shelved {
    tools: Mutex<Vec<Arc<CertifiedTool>>>,
    tried: AtomicI64,
}

impl Shelf {
    /// Is the tool of that id there?
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.all().iter().any(|tool| tool.id == id)
    }

    /// May they be fetched now? Once in so many seconds.
    pub(crate) fn may_try(&self, now: i64, seconds: i64) -> bool {
        let last = self.0.tried.load(Ordering::SeqCst);
        now.saturating_sub(last) >= seconds
            && self
                .0
                .tried
                .compare_exchange(last, now, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
    }

    /// Puts a tool there.
    pub(crate) fn put(&self, tool: CertifiedTool) {
        if !self.holds(&tool.id) {
            self.0
                .tools
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Arc::new(tool));
        }
    }

    fn all(&self) -> Vec<Arc<CertifiedTool>> {
        self.0.tools.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A tool as its descriptor has it: one image, one command, no environment but what is listed.
#[derive(Clone, Debug)]
pub struct CertifiedTool {
    /// Its TRS id and version, for people.
    pub id: String,
    /// Its image, by digest.
    pub image: String,
    /// Its words. `{input}` is the path of an input that is data, `{output}` of an output, `{number}` a number,
    /// `{word}` a word of `[A-Za-z0-9._-]` that begins with none of `.` and `-`; all others are as they are.
    pub command: Vec<String>,
    /// Environment variables that it takes: `NAME` with any value, `NAME=value` with this one, which must be set.
    pub env: Vec<String>,
}

/// A workflow that need not be attached: it is named by its address, and its text is this node's copy.
#[derive(Clone, Debug)]
pub struct ApprovedWorkflow {
    /// The address by which requests name it, compared as it stands.
    pub url: String,
    /// The name of its file in the request that the backend gets.
    pub file: String,
    /// Its text.
    pub bytes: Vec<u8>,
}

/// Why a rule cannot be laid down.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleFault {
    /// An image, or a digest of one, outside of the grammar.
    #[error("`{0}` is no image by digest, or no digest of one")]
    Image(String),
    /// A tool without words, or with a placeholder that is none.
    #[error("the command of the tool `{0}` has no words, or a placeholder that is not known")]
    Command(String),
    /// The text is not the one that was approved.
    #[error("the text of the workflow `{0}` has another SHA-256 than its approval")]
    Digest(String),
    /// A file name with a path in it.
    #[error("the workflow `{0}` needs a plain file name")]
    File(String),
}

impl RuleFault {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Image(_) => "config.image",
            Self::Command(_) => "config.tool",
            Self::Digest(_) => "config.workflow_digest",
            Self::File(_) => "config.workflow_file",
        }
    }
}

/// Words of a tool's command that stand for others.
const PLACES: [&str; 4] = ["{input}", "{output}", "{number}", "{word}"];

impl ComputeRules {
    /// Are all of them sound?
    ///
    /// # Errors
    /// [`RuleFault`] names the rule.
    pub fn check(&self) -> Result<(), RuleFault> {
        for (name, digest) in &self.images {
            let canonical = Image::parse(name).is_ok_and(|image| !image.is_pinned() && image.to_string() == *name);
            if !canonical || self.pinned(name).is_none() {
                return Err(RuleFault::Image(format!("{name} = {digest}")));
            }
        }
        self.tools.iter().try_for_each(CertifiedTool::check)
    }

    /// Is this the own command of a tool that is known here?
    pub(crate) fn is_a_tools(&self, called: &Called<'_>) -> bool {
        self.tools.iter().any(|tool| tool.is_called(called))
            || self.shelf.all().iter().any(|tool| tool.is_called(called))
    }

    /// The image by the digest that this node lays down for it.
    pub(crate) fn pinned(&self, canonical: &str) -> Option<Image> {
        let digest = self.images.get(canonical)?;
        let image = Image::parse(canonical).ok()?;
        Image::parse(&format!("{}@{digest}", image.repository())).ok()
    }
}

impl ApprovedWorkflow {
    /// Takes a workflow whose text must have this SHA-256 (64 hexadecimal digits).
    ///
    /// # Errors
    /// [`RuleFault`].
    pub fn new(url: String, file: String, bytes: Vec<u8>, sha256: &str) -> Result<Self, RuleFault> {
        let found: String = digest::digest(&digest::SHA256, &bytes)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let plain = !file.is_empty()
            && file.len() <= 255
            && !file.starts_with('.')
            && file
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if !plain {
            return Err(RuleFault::File(url));
        }
        if !found.eq_ignore_ascii_case(sha256) {
            return Err(RuleFault::Digest(url));
        }
        Ok(Self { url, file, bytes })
    }
}

/// What of a task a tool is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called<'t> {
    /// The image, by its canonical name.
    pub(crate) image: &'t str,
    /// The command.
    pub(crate) command: &'t [String],
    /// The environment: names and values.
    pub(crate) env: &'t [(&'t str, &'t str)],
    /// Paths of inputs that are data.
    pub(crate) inputs: &'t [&'t str],
    /// Paths of outputs.
    pub(crate) outputs: &'t [&'t str],
}

impl CertifiedTool {
    /// Is it named by digest, and of words that are known?
    ///
    /// # Errors
    /// [`RuleFault`].
    pub(crate) fn check(&self) -> Result<(), RuleFault> {
        if !Image::parse(&self.image).is_ok_and(|image| image.is_pinned() && image.to_string() == self.image) {
            return Err(RuleFault::Image(self.image.clone()));
        }
        let known = |word: &String| !word.contains(['{', '}']) || PLACES.contains(&word.as_str());
        if self.command.is_empty() || !self.command.iter().all(known) {
            return Err(RuleFault::Command(self.id.clone()));
        }
        Ok(())
    }

    /// Is the environment what it takes, and all that it demands?
    fn takes(&self, env: &[(&str, &str)]) -> bool {
        let taken = |&(name, value): &(&str, &str)| {
            self.env.iter().any(|own| match own.split_once('=') {
                None => own == name,
                Some(set) => set == (name, value),
            })
        };
        let there = |own: &String| own.split_once('=').is_none_or(|set| env.contains(&set));
        env.iter().all(taken) && self.env.iter().all(there)
    }

    /// Is this its own command?
    pub(crate) fn is_called(&self, called: &Called<'_>) -> bool {
        let word = |(own, given): (&String, &String)| match own.as_str() {
            "{input}" => called.inputs.contains(&given.as_str()),
            "{output}" => called.outputs.contains(&given.as_str()),
            "{number}" => given.len() <= 32 && given.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'),
            "{word}" => {
                !given.is_empty()
                    && !given.starts_with(['.', '-'])
                    && given
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
            }
            own => own == given,
        };
        self.image == called.image
            && self.command.len() == called.command.len()
            && self.command.iter().zip(called.command).all(word)
            && self.takes(called.env)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool() -> CertifiedTool {
        CertifiedTool {
            id: "count/1.0".into(),
            image: format!("docker.io/sample/count@sha256:{}", "0a".repeat(32)),
            command: ["count", "--threads", "{number}", "{input}", "-o", "{output}"]
                .map(Into::into)
                .into(),
            env: vec!["LANG".into(), "LC_ALL=C".into()],
        }
    }

    #[test]
    fn e77_a_tool_is_its_own_command_and_no_other() {
        let (tool, image) = (tool(), tool().image);
        let called = |image: &str, command: &[&str], env: &[(&str, &str)]| {
            let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
            tool.is_called(&Called {
                image,
                command: &command,
                env,
                inputs: &["/data/in"],
                outputs: &["/data/out"],
            })
        };
        let own = ["count", "--threads", "4", "/data/in", "-o", "/data/out"];
        let set = ("LC_ALL", "C");
        assert!(called(&image, &own, &[set]) && called(&image, &own, &[("LANG", "x"), set]));
        assert!(!called(&image, &own, &[]), "what must be set is not");
        assert!(!called(&image, &own, &[("LC_ALL", "D")]), "another value");
        let env: &[(&str, &str)] = &[set];
        let other = image.replace("0a", "0b");
        for (name, image, command, env) in [
            ("another image", other.as_str(), own.as_slice(), env),
            ("a shell", &image, &["sh", "-c", "count"], env),
            (
                "a word more",
                &image,
                &["count", "--threads", "4", "/data/in", "-o", "/data/out", "-x"],
                env,
            ),
            (
                "no number",
                &image,
                &["count", "--threads", "$(id)", "/data/in", "-o", "/data/out"],
                env,
            ),
            (
                "another file",
                &image,
                &["count", "--threads", "4", "/etc/passwd", "-o", "/data/out"],
                env,
            ),
            ("other environment", &image, &own, &[set, ("PYTHONSTARTUP", "/x")]),
        ] {
            assert!(!called(image, command, env), "{name}");
        }
    }

    #[test]
    fn e22_e25_rules_are_checked_before_they_count() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let images = |name: &str, digest: &str| ComputeRules {
            images: BTreeMap::from([(name.to_owned(), digest.to_owned())]),
            ..ComputeRules::default()
        };
        assert_eq!(images("docker.io/library/ubuntu:22.04", &digest).check(), Ok(()));
        assert!(images("ubuntu:22.04", &digest).check().is_err(), "not canonical");
        assert!(images("docker.io/library/ubuntu:22.04", "latest").check().is_err());
        let tools = |change: fn(&mut CertifiedTool)| {
            let mut tool = tool();
            change(&mut tool);
            ComputeRules {
                tools: vec![tool],
                ..ComputeRules::default()
            }
            .check()
        };
        assert_eq!(tools(|_| ()), Ok(()));
        assert!(tools(|tool| tool.image = "sample/count:1".into()).is_err());
        assert!(tools(|tool| tool.command = vec!["{anything}".into()]).is_err());
        let sha = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
        let workflow = |file: &str, sha| ApprovedWorkflow::new("u".into(), file.into(), b"foo".to_vec(), sha);
        assert!(workflow("w.cwl", sha).is_ok());
        let other = sha.replace('2', "3");
        assert_eq!(workflow("w.cwl", &other).unwrap_err().code(), "config.workflow_digest");
        assert_eq!(workflow("../w.cwl", sha).unwrap_err().code(), "config.workflow_file");
    }
}
