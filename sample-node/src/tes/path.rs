//! Paths inside the "container", and where they lie in a task's scratch folder.

use std::path::{Path, PathBuf};

/// Folders of the system that no task may put a file over.
const SYSTEM: [&str; 11] = [
    "proc", "sys", "dev", "etc", "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32",
];
/// Bytes of a path.
const LENGTH: usize = 1024;

/// An absolute, normalised path inside a task: no `.`, no `..`, no empty segment, no control character, not `/`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ContainerPath(Vec<String>);

impl ContainerPath {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("the path `{}` {why}", text.escape_debug()));
        if text.len() > LENGTH {
            return Err("a path is too long".to_owned());
        }
        let Some(rest) = text.strip_prefix('/') else {
            return refuse("is not absolute");
        };
        if text.chars().any(char::is_control) {
            return refuse("holds a control character");
        }
        let segments: Vec<String> = rest.trim_end_matches('/').split('/').map(str::to_owned).collect();
        if segments
            .iter()
            .any(|segment| segment.is_empty() || segment == "." || segment == "..")
        {
            return refuse("is not normalised");
        }
        if segments.first().is_some_and(|first| SYSTEM.contains(&first.as_str())) {
            return refuse("lies in a folder of the system");
        }
        Ok(Self(segments))
    }

    /// Where it lies on this machine.
    pub(crate) fn under(&self, root: &Path) -> PathBuf {
        root.join(self.0.join("/"))
    }

    /// Is it this path, or below it?
    pub(crate) fn is_within(&self, folder: &Self) -> bool {
        self.0.starts_with(&folder.0)
    }

    /// How many folders deep it lies.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Without the `/` at its start.
    pub(crate) fn relative(&self) -> String {
        self.0.join("/")
    }

    /// As it was written.
    pub(crate) fn text(&self) -> String {
        format!("/{}", self.relative())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_normalised_absolute_paths_outside_of_the_system_are_taken() {
        let cases = [
            ("a file", "/data/in.vcf", true),
            ("a folder", "/data/", true),
            ("one segment", "/data", true),
            ("dots in a name", "/data/..x", true),
            ("relative", "data/in.vcf", false),
            ("the root", "/", false),
            ("empty", "", false),
            ("up", "/data/../etc/passwd", false),
            ("here", "/data/./x", false),
            ("a double slash", "/data//x", false),
            ("the system", "/etc/passwd", false),
            ("processes", "/proc/self/environ", false),
            ("a line break", "/data/a\nb", false),
            ("a NUL", "/data/a\0b", false),
        ];
        for (name, text, taken) in cases {
            assert_eq!(ContainerPath::parse(text).is_ok(), taken, "{name}");
        }
    }
}
