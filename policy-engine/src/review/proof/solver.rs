//! Where the solver is: configuration, else `CVC5`, else `PATH`.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    time::Duration,
};

/// The solver's program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SolverCommand {
    path: PathBuf,
}

/// No solver was found. Its words say how to get one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no solver: {looked}")]
pub struct NoSolver {
    looked: String,
}

impl NoSolver {
    /// How to get one.
    pub const HINT: &'static str = "install cvc5 (Debian, Ubuntu: apt-get install cvc5; others: https://cvc5.github.io), \
                                    or name its program in `policy.solver` or in the environment variable CVC5";
    /// Stable code.
    pub const CODE: &'static str = "proof.no_solver";
}

/// How long proofs may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    /// For one query. The solver itself gives up then.
    pub query: Duration,
    /// For all. What was not asked by then is not proven.
    pub whole: Duration,
}

impl Default for Budget {
    /// 60 s for a query, 300 s in all.
    fn default() -> Self {
        Self {
            query: Duration::from_secs(60),
            whole: Duration::from_secs(300),
        }
    }
}

impl SolverCommand {
    /// The solver that the configuration names, else the environment, else the one on the path.
    ///
    /// A solver that is named and not there is not replaced by another: what was checked must be what was meant.
    ///
    /// # Errors
    /// [`NoSolver`], with where it was looked for.
    pub fn find(configured: Option<&Path>) -> Result<Self, NoSolver> {
        Self::look(
            configured,
            env::var_os("CVC5").as_deref(),
            env::var_os("PATH").as_deref(),
        )
    }

    fn look(configured: Option<&Path>, variable: Option<&OsStr>, path: Option<&OsStr>) -> Result<Self, NoSolver> {
        let named = configured.map(|path| (path, "`policy.solver`")).or_else(|| {
            variable
                .filter(|name| !name.is_empty())
                .map(|name| (Path::new(name), "CVC5"))
        });
        let Some((program, by)) = named else {
            return on_path(Path::new("cvc5"), path).ok_or_else(|| NoSolver {
                looked: "neither `policy.solver` nor CVC5 names one, and no `cvc5` is on the PATH".to_owned(),
            });
        };
        // A bare name is looked up as a shell would.
        let found = if program.components().count() == 1 {
            on_path(program, path)
        } else {
            runs(program).then(|| Self {
                path: program.to_owned(),
            })
        };
        found.ok_or_else(|| NoSolver {
            looked: format!("{by} names {}, which is no program", program.display()),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn on_path(name: &Path, path: Option<&OsStr>) -> Option<SolverCommand> {
    let folders = env::split_paths(path?).filter(|folder| folder.is_absolute());
    let mut programs = folders.map(|folder| folder.join(name));
    programs
        .find(|program| runs(program))
        .map(|path| SolverCommand { path })
}

fn runs(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(program).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solver_that_is_named_is_taken_or_nothing_is() {
        let shell = Path::new("/bin/sh");
        let bin = Some(OsStr::new("/bin"));
        let look = |configured, variable: Option<&str>, path| {
            SolverCommand::look(configured, variable.map(OsStr::new), path).map(|found| found.path)
        };
        assert_eq!(look(Some(shell), Some("/nowhere"), None).as_deref(), Ok(shell));
        assert_eq!(look(None, Some("/bin/sh"), None).as_deref(), Ok(shell));
        assert_eq!(look(None, Some("sh"), bin).as_deref(), Ok(shell));
        for (what, found) in [
            (
                "configured, not there",
                look(Some(Path::new("/nowhere/cvc5")), Some("/bin/sh"), bin),
            ),
            ("in the environment, not there", look(None, Some("/nowhere/cvc5"), bin)),
            ("a folder", look(Some(Path::new("/bin")), None, bin)),
            ("nothing", look(None, None, Some(OsStr::new("/nowhere")))),
            ("no path", look(None, None, None)),
            ("a relative folder on the path", look(None, None, Some(OsStr::new(".")))),
        ] {
            assert!(found.is_err(), "{what}: {found:?}");
        }
    }
}
