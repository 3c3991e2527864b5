//! The grammar of a task's fields (`apis.md` 4.2, E26): what has another form is refused, since backends build paths
//! and shell lines of them.

use std::collections::BTreeMap;

use crate::{
    limits,
    session::{DATASETS, WALLTIME},
    understand::NotUnderstood,
};

/// Free text: no control characters, bounded.
pub(crate) fn text(part: &str, text: Option<&str>, most: usize) -> Result<(), NotUnderstood> {
    let Some(text) = text else { return Ok(()) };
    if text.chars().count() > most {
        return Err(NotUnderstood::at(
            part,
            "task.text_long",
            format!("it has more than {most} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(NotUnderstood::at(
            part,
            "task.text_control",
            "it holds a control character",
        ));
    }
    Ok(())
}

/// Text that backends put between quotes of a shell line: tags, names, environment.
pub(crate) fn quoted(part: &str, value: &str, most: usize) -> Result<(), NotUnderstood> {
    text(part, Some(value), most)?;
    if value.contains(['"', '\\', '`', '$']) {
        return Err(NotUnderstood::at(
            part,
            "task.text_quoting",
            "it holds a quote, backslash, backtick or `$`",
        ));
    }
    Ok(())
}

/// Folders of the system: nothing is put there and nothing taken from there.
const SYSTEM: [&str; 18] = [
    "/proc",
    "/sys",
    "/dev",
    "/etc",
    "/run",
    "/var/run",
    "/var/lib",
    "/boot",
    "/root",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr",
    "/.dockerenv",
    "/.singularity.d",
];

/// An absolute, normalised path inside a container, not the root, not a folder of the system.
pub(crate) fn path(part: &str, path: &str) -> Result<(), NotUnderstood> {
    let refuse = |sentence: &str| Err(NotUnderstood::at(part, "task.path", sentence));
    if path.len() > 1_024 {
        return refuse("it is longer than 1024 bytes");
    }
    let Some(rest) = path.strip_prefix('/') else {
        return refuse("it is not absolute");
    };
    if path.chars().any(char::is_control) || path.contains(['"', '\'', '\\', '`', '$', ':', ';', '|', '&', '<', '>']) {
        return refuse("it holds a character that is not taken");
    }
    if rest.is_empty()
        || rest
            .split('/')
            .any(|part| matches!(part, "" | "." | "..") || part.starts_with('-'))
    {
        return refuse("it is the root or not normalised");
    }
    if SYSTEM.iter().any(|system| below(path, system)) {
        return refuse("it lies in a folder of the system");
    }
    Ok(())
}

/// Is `path` this folder, or inside of it?
pub(crate) fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Environment variables that change what a container does or whom it speaks to.
const ENV_DENIED: [&str; 7] = ["LD_", "AWS_", "GOOGLE_", "AZURE_", "DOCKER_", "KUBERNETES_", "VISUM_"];

/// Names and values of an environment.
pub(crate) fn environment(part: &str, env: &BTreeMap<String, String>) -> Result<(), NotUnderstood> {
    if env.len() > limits::TAGS.saturating_mul(4) {
        return Err(NotUnderstood::at(part, "task.env_many", "it has too many variables"));
    }
    for (name, value) in env {
        let first = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
        if !first || name.len() > 128 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(NotUnderstood::at(
                part,
                "task.env_name",
                "a variable's name is not `[A-Za-z_][A-Za-z0-9_]*`",
            ));
        }
        let upper = name.to_ascii_uppercase();
        if ENV_DENIED.iter().any(|front| upper.starts_with(front)) || upper.ends_with("_PROXY") || upper == "PATH" {
            return Err(NotUnderstood::at(
                format!("{part}.{name}"),
                "task.env_denied",
                "this variable may not be set",
            ));
        }
        quoted(&format!("{part}.{name}"), value, 32 << 10)?;
    }
    Ok(())
}

/// Tags that servers take as commands or as somebody's name, whatever their sender meant (`apis.md` 3.2, 4.2).
const ACTED_ON: [&str; 8] = [
    "ms_submitter",
    "toil_options",
    "engineoptions",
    "workflow_execution_identity",
    "cromwell-workflow-id",
    "cwl:requirements",
    "service_account",
    "run_as",
];

/// A caller's tags: none of ours.
pub(crate) fn tags(tags: &BTreeMap<String, String>) -> Result<(), NotUnderstood> {
    if tags.len() > limits::TAGS {
        return Err(NotUnderstood::at(
            "tags",
            "task.tags_many",
            format!("there are more than {}", limits::TAGS),
        ));
    }
    for (key, value) in tags {
        if key.to_ascii_lowercase().starts_with("visum.") && key != DATASETS && key != WALLTIME {
            return Err(NotUnderstood::at(
                "tags",
                "task.tags_reserved",
                "tags that begin with `visum.` are the node's own",
            ));
        }
        if key.is_empty() {
            return Err(NotUnderstood::at("tags", "task.tags_empty", "a tag has no name"));
        }
        if ACTED_ON.contains(&key.to_ascii_lowercase().as_str()) {
            return Err(NotUnderstood::at(
                "tags",
                "task.tag_acted_on",
                "a tag has a name that servers act on",
            ));
        }
        quoted("tags", key, 128)?;
        // a list of datasets may be longer than what people write
        let most = if key == DATASETS {
            limits::DESCRIPTION_CHARS
        } else {
            limits::NAME_CHARS
        };
        quoted("tags", value, most)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e26_e29_paths_are_absolute_normalised_and_not_the_systems() {
        for sound in ["/data/in.vcf", "/a/b c", "/etcetera/x"] {
            assert_eq!(path("p", sound), Ok(()), "{sound}");
        }
        for bad in [
            "",
            "/",
            "a",
            "/a/../b",
            "/a//b",
            "/a/./b",
            "/a/",
            "/etc/passwd",
            "/proc",
            "/dev/null",
            "/a\nb",
            "/a\"b",
            "/$HOME",
            "/a/-rf",
            "/a:b",
            "/var/run/docker.sock",
        ] {
            assert!(path("p", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn e26_what_goes_between_quotes_of_a_shell_line_holds_none() {
        for bad in ["a\" --privileged -v /:/host \"", "$(id)", "a`id`", "a\\", "a\nb"] {
            assert!(quoted("tags", bad, 100).is_err(), "{bad:?}");
        }
        assert_eq!(quoted("tags", "plain text, 'single' quotes", 100), Ok(()));
    }

    #[test]
    fn e19_environment_names_are_plain_and_not_credentials() {
        for (name, taken) in [
            ("THREADS", true),
            ("_x1", true),
            ("1x", false),
            ("a-b", false),
            ("LD_PRELOAD", false),
            ("aws_secret_access_key", false),
            ("HTTPS_PROXY", false),
            ("", false),
        ] {
            let env = BTreeMap::from([(name.to_owned(), "1".to_owned())]);
            assert_eq!(environment("env", &env).is_ok(), taken, "{name}");
        }
    }

    #[test]
    fn e34_reserved_tags_are_refused_in_any_letter_case() {
        for (key, taken) in [
            ("project", true),
            ("visum.owner", false),
            ("Visum.Owner", false),
            ("", false),
        ] {
            assert_eq!(
                tags(&BTreeMap::from([(key.to_owned(), String::new())])).is_ok(),
                taken,
                "{key}"
            );
        }
    }
}
