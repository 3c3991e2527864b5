//! What a bundle holds, as files of a folder: every name is one of a file, and nothing is written outside.

use std::path::{Path, PathBuf};

use super::object::Object;
use crate::{client::session::Session, error::CommandError};

/// How deep bundles may lie in each other, and how many objects one may hold.
const DEPTH: usize = 16;
const OBJECTS: usize = 10_000;

/// All objects below a bundle, each with its place below `folder`; ids that come twice are fetched twice, under their names.
///
/// # Errors
/// What the node says; `drs.name`, `drs.too_many`.
pub(crate) async fn walk(
    session: &Session,
    bundle: Object,
    folder: &Path,
) -> Result<Vec<(PathBuf, Object)>, CommandError> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), bundle, 0)];
    let mut asked: usize = 0;
    while let Some((place, bundle, depth)) = open.pop() {
        for member in &bundle.members {
            asked += 1;
            if asked > OBJECTS || depth >= DEPTH {
                return Err(CommandError::refused(
                    "drs.too_many",
                    format!("the bundle holds more than {OBJECTS} objects, or bundles more than {DEPTH} deep"),
                )
                .hint("fetch its parts one by one"));
            }
            let path = place.join(name(&member.name)?);
            let object = Object::describe(session, &member.id).await?;
            if object.is_bundle() {
                open.push((path, object, depth + 1));
            } else {
                found.push((path, object));
            }
        }
    }
    Ok(found)
}

/// A name that is a file's own, in any folder.
fn name(said: &str) -> Result<&str, CommandError> {
    let odd = said.is_empty()
        || said.len() > 255
        || matches!(said, "." | "..")
        || said.chars().any(|one| one == '/' || one == '\\' || one.is_control());
    if odd {
        return Err(CommandError::refused(
            "drs.name",
            format!("the bundle names a member {said:?}, which is no file's name; nothing more is written"),
        ));
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for (said, good) in [
            ("reads.bam", true),
            ("Röntgen 1.vcf.gz", true),
            ("", false),
            (".", false),
            ("..", false),
            ("../x", false),
            ("/etc/x", false),
            ("a/b", false),
            ("a\\b", false),
            ("a\nb", false),
            ("a\u{1b}[2Jb", false),
        ] {
            assert_eq!(name(said).is_ok(), good, "{said:?}");
        }
    }
}
