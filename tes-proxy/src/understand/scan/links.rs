//! References in the middle of a text.

use policy_engine::intent::{DataRef, RefRefused, StorageUrl};

use super::Seen;
use crate::{
    limits,
    understand::{NotUnderstood, reference},
};

/// What ends a reference in a text.
fn ends(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(
            letter,
            '"' | '\'' | '<' | '>' | ',' | ';' | ')' | '|' | '`' | '\\' | '}' | '&'
        )
}

/// Adds what stands in a text to what is seen.
///
/// # Errors
/// [`NotUnderstood`] for user info: a URL with a secret in it is refused wherever it stands (E13).
pub(super) fn of(part: &str, text: &str, seen: &mut Seen) -> Result<(), NotUnderstood> {
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        seen.opaque = true;
        let front = rest.get(..at).unwrap_or_default();
        let scheme = front
            .char_indices()
            .rev()
            .take_while(|(_, letter)| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
            .last()
            .map_or(at, |(begin, _)| begin);
        let tail = rest.get(at.saturating_add(3)..).unwrap_or_default();
        let end = tail.find(ends).unwrap_or(tail.len());
        let whole = rest
            .get(scheme..at.saturating_add(3).saturating_add(end))
            .unwrap_or_default();
        one(part, whole, seen)?;
        rest = tail.get(end..).unwrap_or_default();
    }
    Ok(())
}

fn one(part: &str, whole: &str, seen: &mut Seen) -> Result<(), NotUnderstood> {
    // `git+https://…` is read by its last word, since its reader opens just that; a full stop ends a sentence
    let plain = whole.split_once("://").map_or(whole, |(scheme, _)| {
        let skip = scheme.rfind('+').map_or(0, |at| at.saturating_add(1));
        whole.get(skip..).unwrap_or(whole)
    });
    let trimmed = plain.trim_end_matches(['.', ':', '!']);
    let mut add = |data: DataRef| {
        if seen.references.len() < limits::INPUTS && !seen.references.contains(&data) {
            seen.references.push(data);
        }
    };
    for text in [plain, trimmed] {
        match reference::data(text) {
            Ok(data) => add(data),
            Err(refused @ RefRefused::UserInfo) => return Err(NotUnderstood::reference(part, refused)),
            // what cannot be read with certainty counts as all of its bucket, up to a wildcard or query
            Err(_) => around(text).into_iter().for_each(&mut add),
        }
        if trimmed == plain {
            break;
        }
    }
    Ok(())
}

/// The places that a doubtful storage URL may lie in: the longest folder that is plain, else its whole bucket or host.
fn around(text: &str) -> Option<DataRef> {
    let cut = text
        .find(['*', '?', '#', '[', ']', '{', '$', '%'])
        .unwrap_or(text.len());
    let literal = text.get(..cut).unwrap_or_default();
    let (scheme, rest) = literal.split_once("://")?;
    let folder = literal.rfind('/').and_then(|slash| literal.get(..=slash));
    if let Some(folder) = folder.filter(|folder| folder.len() > scheme.len().saturating_add(3))
        && let Ok(url) = StorageUrl::parse(folder)
    {
        return Some(DataRef::Storage(url));
    }
    let authority = rest.split('/').next().unwrap_or_default();
    StorageUrl::parse(&format!("{scheme}://{authority}/"))
        .ok()
        .filter(|url| !url.authority().is_empty())
        .map(DataRef::Storage)
}
