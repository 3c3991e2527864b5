//! Reading what the command line names: a file or `-` for standard input, never more than a bound.

use std::{
    fmt,
    io::Read as _,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::error::CommandError;

/// Where a command reads from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Input {
    /// Standard input, written `-`.
    Standard,
    /// A file.
    File(PathBuf),
}

impl FromStr for Input {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "-" {
            Self::Standard
        } else {
            Self::File(PathBuf::from(text))
        })
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard input"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Input {
    /// All bytes, at most `bound` of them.
    ///
    /// # Errors
    /// `input.unreadable` (exit 3) if there is nothing to read, `input.too_large` (exit 2) past the bound,
    /// `input.folder` (exit 2) for a folder.
    pub(crate) fn read(&self, bound: u64) -> Result<Vec<u8>, CommandError> {
        match self {
            Self::Standard => bounded(std::io::stdin().lock(), bound, self),
            Self::File(path) => bounded(open(path)?, bound, self),
        }
    }
}

fn open(path: &Path) -> Result<std::fs::File, CommandError> {
    if path.is_dir() {
        return Err(CommandError::refused(
            "input.folder",
            format!("`{}` is a folder, and a file is wanted", path.display()),
        ));
    }
    std::fs::File::open(path).map_err(|source| {
        CommandError::unknown(
            "input.unreadable",
            format!("`{}` could not be read: {source}", path.display()),
        )
        .hint("check the path, and that you may read the file")
    })
}

fn bounded(from: impl std::io::Read, bound: u64, name: &Input) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    from.take(bound.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| CommandError::unknown("input.unreadable", format!("{name} could not be read: {source}")))?;
    if bytes.len() as u64 > bound {
        return Err(CommandError::refused(
            "input.too_large",
            format!("{name} holds more than {bound} bytes"),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_could_not_be_found_out_and_a_large_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input.json");
        let input: Input = path.to_str().unwrap().parse().unwrap();
        assert_eq!(input.read(10).unwrap_err().exit(), crate::exit::Exit::Unknown);
        std::fs::write(&path, b"0123456789").unwrap();
        assert_eq!(input.read(10).unwrap(), b"0123456789");
        assert_eq!(input.read(9).unwrap_err().exit(), crate::exit::Exit::Refused);
        let folder = Input::File(folder.path().to_owned());
        assert_eq!(folder.read(9).unwrap_err().code(), "input.folder");
    }
}
