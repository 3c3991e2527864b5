//! `Idempotency-Key`: a client that did not hear the answer asks again, and gets the task or run that there is (E53).
//! Each repeat is decided and recorded as the first one was; what it spares is the second task.

use http::{HeaderMap, StatusCode};

use super::digest;
use crate::{
    problem::Problem,
    store::{Before, Named},
};

/// Most characters of a key.
const KEY_CHARS: usize = 255;

/// The name that a client gave its request: a digest, since what it wrote is nobody's business.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RepeatName(String);

impl RepeatName {
    /// With the digest of the request that it was given to.
    pub(crate) fn with<'n>(&'n self, request: &'n str) -> Named<'n> {
        Named { name: &self.0, request }
    }

    /// The request's `Idempotency-Key`, if it has one.
    ///
    /// # Errors
    /// 400 for two of them, an empty or a long one, or anything but visible ASCII.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = value
            .to_str()
            .ok()
            .filter(|text| (1..=KEY_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
        match (text, values.next()) {
            (Some(text), None) => Ok(Some(Self(digest(text.as_bytes())))),
            _ => Err(Problem::refused(
                "request.idempotency_key",
                "one Idempotency-Key of 1 to 255 visible ASCII characters is taken",
            )),
        }
    }
}

/// What there is of the same request from before: its work's id.
///
/// # Errors
/// 422 where the name stands for another request; 409 while the first one is still on its way.
pub(super) fn same(before: Before, named: Named<'_>) -> Result<String, Problem> {
    if before.request != named.request {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "request.idempotency_key_used",
            "this Idempotency-Key was given to another request of yours within a day; give each request its own",
        ));
    }
    if before.submitting {
        return Err(Problem {
            retry_after: Some(5),
            ..Problem::new(
                StatusCode::CONFLICT,
                "request.in_progress",
                "the first of these requests is still on its way; ask again in a moment",
            )
        });
    }
    Ok(before.work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_visible_word() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", value.parse().unwrap());
            }
            RepeatName::of(&headers)
        };
        assert_eq!(of(&[]).unwrap(), None);
        assert!(of(&["8e03978e-40d5-43dd-bc93-6894a57f9324"]).unwrap().is_some());
        assert!(of(&["\"quoted\""]).unwrap().is_some());
        assert_ne!(of(&["a"]).unwrap(), of(&["b"]).unwrap());
        let long = "x".repeat(256);
        for wrong in [&["a", "b"][..], &["a", "a"], &[""], &["two words"], &[&long]] {
            assert_eq!(of(wrong).unwrap_err().code, "request.idempotency_key", "{wrong:?}");
        }
    }
}
