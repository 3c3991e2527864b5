//! Page tokens of lists: sealed, bound to the person, the route and its filters, good for a day (E33).

use serde::{Deserialize, Serialize};

use crate::capability::{NotOurs, Sealer, Use};

/// Where the next page begins.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PageToken {
    /// Who asked, as the index knows them.
    owner: String,
    /// Route and filters.
    asked: String,
    /// The creation order after which the page begins.
    after: i64,
    /// Unix seconds.
    until: i64,
}

/// Seals a token that continues after `after`.
///
/// # Errors
/// [`NotOurs`] when it cannot be sealed.
pub(crate) fn seal(
    sealer: &Sealer,
    owner: &str,
    asked: &str,
    after: i64,
    until: i64,
    nonce: [u8; 12],
) -> Result<String, NotOurs> {
    let token = PageToken {
        owner: owner.to_owned(),
        asked: asked.to_owned(),
        after,
        until,
    };
    sealer.seal(Use::Page, &token, nonce)
}

/// Opens a token of this person for this very question.
///
/// # Errors
/// [`NotOurs`] for another's, another question's, an altered or an old one.
pub(crate) fn open(sealer: &Sealer, text: &str, owner: &str, asked: &str, now: i64) -> Result<i64, NotOurs> {
    let token: PageToken = sealer.open(Use::Page, text)?;
    if token.owner == owner && token.asked == asked && now < token.until {
        Ok(token.after)
    } else {
        Err(NotOurs)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::NodeSecret;

    use super::*;

    #[test]
    fn e33_a_page_token_is_good_for_its_person_question_and_day() {
        let sealer = Sealer::new(&NodeSecret::new([3; 32])).unwrap();
        let token = seal(&sealer, "ada", "tes state=", 41, 100, [0; 12]).unwrap();
        let cases = [
            ("as it was made", "ada", "tes state=", 99, Ok(41)),
            ("another person", "bob", "tes state=", 99, Err(NotOurs)),
            ("another filter", "ada", "tes state=RUNNING", 99, Err(NotOurs)),
            ("too late", "ada", "tes state=", 100, Err(NotOurs)),
        ];
        for (name, owner, asked, now, expected) in cases {
            assert_eq!(open(&sealer, &token, owner, asked, now), expected, "{name}");
        }
    }
}
