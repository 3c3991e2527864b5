//! Executors: images, commands, environment, redirections.

use policy_engine::intent::{Image, Intent};

use crate::{
    api::tes::Executor,
    config::ComputeMount,
    limits,
    understand::{
        NotUnderstood,
        scan::{Scan, fetches},
    },
};

use super::{
    grammar::{environment, path, text},
    io::embedded,
};

/// Programs that run what their arguments say: the script is code that the image's digest does not pin.
const INTERPRETERS: [&str; 28] = [
    "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "csh", "tcsh", "fish", "busybox", "toybox", "python", "python2",
    "python3", "pypy", "pypy3", "perl", "ruby", "node", "nodejs", "deno", "bun", "php", "lua", "rscript", "r", "tclsh",
];
/// Programs that start another: the program is what stands behind them.
const STARTERS: [&str; 14] = [
    "env",
    "nice",
    "nohup",
    "time",
    "timeout",
    "stdbuf",
    "setsid",
    "exec",
    "sudo",
    "su",
    "xargs",
    "tini",
    "dumb-init",
    "command",
];

/// A word's own name: without folders, in lower case, without a version at its end.
fn base_name(word: &str) -> String {
    let name = word.rsplit('/').next().unwrap_or(word).to_ascii_lowercase();
    match name.find(|letter: char| letter.is_ascii_digit()) {
        Some(at) if name.starts_with("python") || name.starts_with("pypy") => {
            name.get(..at).unwrap_or(&name).to_owned()
        }
        _ => name,
    }
}

/// The program that a command runs, behind those that only start it.
fn program(command: &[String]) -> &str {
    let mut rest = command.iter();
    while let Some(word) = rest.next() {
        if !STARTERS.contains(&base_name(word).as_str()) {
            return word;
        }
        // options, assignments and times of the starter
        let mut ahead = rest.clone();
        while ahead.clone().next().is_some_and(|word| {
            word.starts_with('-')
                || word.contains('=')
                || (word.starts_with(|first: char| first.is_ascii_digit())
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_digit() || b".smhd".contains(&byte)))
        }) {
            ahead.next();
        }
        rest = ahead;
    }
    ""
}

/// Does a command bring its own code: an interpreter with something to interpret that is no file of the image?
fn is_script(command: &[String]) -> bool {
    let interpreter = |word: &String| INTERPRETERS.contains(&base_name(word).as_str());
    let program = program(command);
    let at = command.iter().position(|word| word == program).unwrap_or_default();
    let behind = command.get(at.saturating_add(1)..).unwrap_or_default();
    // busybox and toybox name their program as the first word
    let shell = interpreter(&program.to_owned());
    let awk = matches!(base_name(program).as_str(), "awk" | "gawk" | "mawk" | "nawk");
    (shell
        && (behind.is_empty()
            || behind.iter().any(|word| {
                word == "-"
                    || (word.starts_with('-') && !word.starts_with("--") && word.contains(['c', 'e', 'r', 's']))
                    || word == "--eval"
                    || word == "--command"
                    || interpreter(word)
            })))
        || (awk
            && behind
                .iter()
                .any(|word| word.contains("system(") || word.contains("getline")))
}

/// The image of an executor: as it is named, or by the digest that this node lays down for that tag.
///
/// # Errors
/// [`NotUnderstood`].
pub(crate) fn named(part: &str, executor: &Executor, mount: &ComputeMount) -> Result<Image, NotUnderstood> {
    let image =
        Image::parse(&executor.image).map_err(|refused| NotUnderstood::reference(format!("{part}.image"), refused))?;
    Ok(mount.rules.pinned(&image.to_string()).unwrap_or(image))
}

/// Adds what one executor runs to the intent.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn intent(
    part: &str,
    executor: &Executor,
    mount: &ComputeMount,
    scan: &mut Scan<'_>,
    intent: &mut Intent,
) -> Result<(), NotUnderstood> {
    let image = named(part, executor, mount)?;
    intent
        .run(image)
        .map_err(|_| NotUnderstood::at(part, "task.too_many", "there are too many of them"))?;
    if executor.command.is_empty() || executor.command.len() > limits::ARGUMENTS {
        return Err(NotUnderstood::at(
            format!("{part}.command"),
            "task.command",
            format!("it has no or more than {} words", limits::ARGUMENTS),
        ));
    }
    for (at, word) in executor.command.iter().enumerate() {
        if word.contains('\0') || word.len() > limits::CONTENT_BYTES {
            return Err(NotUnderstood::at(
                format!("{part}.command[{at}]"),
                "task.command",
                "it holds NUL or is too long",
            ));
        }
        embedded(scan, intent, &format!("{part}.command[{at}]"), word)?;
    }
    intent.opaque |= fetches(program(&executor.command));
    intent.inline_code |= is_script(&executor.command);
    // words that are harmless one by one may be a reference together: `sh -c "$0$1" s3:// secret`
    let slashes = |text: &str| text.matches("://").count();
    let apart: usize = executor.command.iter().map(|word| slashes(word)).sum();
    intent.opaque |= slashes(&executor.command.concat()) > apart;
    for (name, at) in [
        ("workdir", &executor.workdir),
        ("stdin", &executor.stdin),
        ("stdout", &executor.stdout),
        ("stderr", &executor.stderr),
    ] {
        if let Some(at) = at {
            path(&format!("{part}.{name}"), at)?;
        }
    }
    if let Some(env) = &executor.env {
        let part = format!("{part}.env");
        environment(&part, env)?;
        for (name, value) in env {
            text(&part, Some(value), limits::CONTENT_BYTES)?;
            embedded(scan, intent, &format!("{part}.{name}"), value)?;
        }
    }
    Ok(())
}
