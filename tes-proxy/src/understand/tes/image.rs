//! Executors: images, commands, environment, redirections.

use policy_engine::intent::{Image, Intent};

use crate::{api::tes::Executor, limits, understand::NotUnderstood};

use super::{
    grammar::{environment, path, text},
    io::embedded,
};

/// Shells: with `-c`, the script is code that the image's digest does not pin.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "busybox", "python", "python3"];

/// Adds what one executor runs to the intent.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn intent(part: &str, executor: &Executor, intent: &mut Intent) -> Result<(), NotUnderstood> {
    let image =
        Image::parse(&executor.image).map_err(|refused| NotUnderstood::reference(format!("{part}.image"), refused))?;
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
        embedded(intent, &format!("{part}.command[{at}]"), word)?;
    }
    let program = executor
        .command
        .first()
        .map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    if SHELLS.contains(&program)
        && executor
            .command
            .iter()
            .skip(1)
            .any(|word| word.starts_with('-') && word.contains(['c', 'e']))
    {
        intent.inline_code = true;
    }
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
            embedded(intent, &format!("{part}.{name}"), value)?;
        }
    }
    Ok(())
}
