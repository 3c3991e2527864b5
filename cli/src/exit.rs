//! What a command answers to the shell: the same four numbers everywhere.

use std::process::ExitCode;

/// 0 yes or done, 1 no, denied or unsound, 2 used wrongly or input refused, 3 could not find out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// Yes, or done.
    Yes,
    /// No: denied, rejected or unsound.
    No,
    /// Used wrongly, or the input was refused.
    Refused,
    /// It could not be found out: a file, a server or a table was not to be had.
    Unknown,
    /// What a command that was run for somebody ended with.
    Command(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Yes => 0,
            Exit::No => 1,
            Exit::Refused => 2,
            Exit::Unknown => 3,
            Exit::Command(code) => code,
        })
    }
}
