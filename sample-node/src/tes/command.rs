//! One executor as a process: the tool, its arguments with paths rewritten into the scratch folder, its files.
//!
//! There is no container, so declared paths are rewritten: `/data/in.vcf` becomes the relative path from the working
//! directory to the file in the scratch folder. What is neither declared nor below a declared path is refused, so
//! that an honest mistake shows at once. It is no wall: the program could still open any file of the machine. A tool that
//! runs scripts has namespaces of its own instead ([`super::space`]): there paths are what they are.

use crate::tes::{path::ContainerPath, task::Executor, tool::Tool};

/// Arguments of a command, and bytes of one.
const ARGUMENTS: usize = 256;
const ARGUMENT: usize = 8 * 1024;

/// A process to be.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) tool: Tool,
    pub(crate) arguments: Vec<String>,
    pub(crate) workdir: Option<ContainerPath>,
    pub(crate) stdin: Option<ContainerPath>,
    pub(crate) stdout: Option<ContainerPath>,
    pub(crate) stderr: Option<ContainerPath>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) ignore_error: bool,
}

impl Command {
    pub(crate) fn of(
        executor: &Executor,
        tool: &Tool,
        known: &[ContainerPath],
        env: Vec<(String, String)>,
    ) -> Result<Self, String> {
        let path = |text: &Option<String>| text.as_deref().map(ContainerPath::parse).transpose();
        let (workdir, stdin) = (path(&executor.workdir)?, path(&executor.stdin)?);
        let (stdout, stderr) = (path(&executor.stdout)?, path(&executor.stderr)?);
        let Some((program, rest)) = executor.command.split_first() else {
            return Err("a command needs at least the program's name".to_owned());
        };
        let named = [
            tool.program.clone(),
            format!("/bin/{}", tool.program),
            format!("/usr/bin/{}", tool.program),
        ];
        if !named.contains(program) {
            return Err(format!(
                "the image `{}` runs `{}` and nothing else",
                tool.image, tool.program
            ));
        }
        if rest.len() > ARGUMENTS
            || rest
                .iter()
                .any(|argument| argument.len() > ARGUMENT || argument.contains('\0'))
        {
            return Err(format!(
                "a command has at most {ARGUMENTS} arguments of at most {ARGUMENT} bytes, none with NUL"
            ));
        }
        let mut declared = known.to_vec();
        declared.extend([&workdir, &stdin, &stdout, &stderr].into_iter().flatten().cloned());
        let up = workdir.as_ref().map_or(0, ContainerPath::depth);
        let mut arguments = Vec::new();
        for argument in rest {
            if runs_programs(&tool.name, argument) {
                return Err(format!(
                    "the option `{}` would start another program",
                    argument.escape_debug()
                ));
            }
            arguments.push(if tool.shell {
                argument.clone()
            } else {
                rewrite(argument, &declared, up)?
            });
        }
        Ok(Self {
            tool: tool.clone(),
            arguments,
            workdir,
            stdin,
            stdout,
            stderr,
            env,
            ignore_error: executor.ignore_error.unwrap_or(false),
        })
    }
}

/// `sort --compress-program=…` (GNU takes any beginning of the word that is not one of `--check`).
fn runs_programs(tool: &str, argument: &str) -> bool {
    tool == "sort" && argument.starts_with("--co")
}

/// Rewrites the path in an argument, if it is or ends in one: `/p`, `--option=/p`, `-o/p`.
fn rewrite(argument: &str, declared: &[ContainerPath], up: usize) -> Result<String, String> {
    if argument.split(['/', '=']).any(|segment| segment == "..") {
        return Err(format!("the argument `{}` leads upwards", argument.escape_debug()));
    }
    let start = match argument.find('/') {
        Some(0) => 0,
        Some(at) if argument.starts_with('-') || argument.get(..at).is_some_and(|head| head.ends_with('=')) => at,
        Some(_) | None => return Ok(argument.to_owned()),
    };
    let (head, tail) = argument.split_at(start);
    let path = ContainerPath::parse(tail)?;
    // A folder above a declared path is fine too: it exists in the scratch folder and holds nothing else.
    if !declared.iter().any(|one| path.is_within(one) || one.is_within(&path)) {
        return Err(format!(
            "the argument `{}` names a path that the task does not declare",
            argument.escape_debug()
        ));
    }
    Ok(format!("{head}{}{}", "../".repeat(up), path.relative()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_rewritten_where_they_are_paths_of_the_task_and_refused_where_they_are_others() {
        let declared = [
            ContainerPath::parse("/data/in").unwrap(),
            ContainerPath::parse("/out").unwrap(),
        ];
        let cases = [
            ("an input", "/data/in", 0, Some("data/in")),
            (
                "an input from a working directory",
                "/data/in",
                2,
                Some("../../data/in"),
            ),
            ("below an output folder", "/out/x/y", 0, Some("out/x/y")),
            (
                "an option's value",
                "--files0-from=/data/in",
                0,
                Some("--files0-from=data/in"),
            ),
            ("a short option's value", "-o/out/z", 1, Some("-o../out/z")),
            ("the folder above an input", "/data", 0, Some("data")),
            ("a word", "-l", 0, Some("-l")),
            ("a pattern with a slash inside", "a/b", 0, Some("a/b")),
            ("a file of the machine", "/etc/passwd", 0, None),
            ("another file", "/home/x", 0, None),
            ("upwards", "../../etc/passwd", 0, None),
            ("upwards in an option", "--file=../x", 0, None),
            ("a file of the machine in an option", "-T/var/x", 0, None),
        ];
        for (name, argument, up, expected) in cases {
            assert_eq!(rewrite(argument, &declared, up).ok().as_deref(), expected, "{name}");
        }
    }
}
