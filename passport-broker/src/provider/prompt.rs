//! `prompt`: which pages a client wants, or wants none of (OpenID Connect Core §3.1.2.1).

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// The words that we act on; none of them: pages where they are needed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the parameter, and they stand together freely"
)]
pub(crate) struct Prompt {
    /// No page at all, or an error.
    pub(crate) never: bool,
    /// Sign in anew.
    pub(crate) login: bool,
    /// Ask for the release, even if it is remembered.
    pub(crate) consent: bool,
    /// Choose the institution anew.
    pub(crate) choose: bool,
}

impl Prompt {
    /// Reads the words; those that we do not know are left out.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Refusal> {
        let words: Vec<&str> = text
            .unwrap_or_default()
            .split(' ')
            .filter(|word| !word.is_empty())
            .collect();
        let has = |word: &str| words.contains(&word);
        if has("none") && words.len() > 1 {
            return Err(Refusal::new("invalid_request", "`prompt=none` stands alone"));
        }
        Ok(Self {
            never: has("none"),
            login: has("login"),
            consent: has("consent"),
            choose: has("select_account"),
        })
    }

    /// Whether a login that is there already will not do.
    pub(super) const fn anew(self) -> bool {
        self.login || self.choose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_together_but_none_stands_alone() {
        let both = Prompt::parse(Some("login consent")).unwrap();
        assert!(both.login && both.consent && both.anew() && !both.never);
        assert_eq!(Prompt::parse(Some("create unheard")).unwrap(), Prompt::default());
        assert!(Prompt::parse(Some("none")).unwrap().never);
        assert!(Prompt::parse(Some("consent none")).is_err());
        assert!(!Prompt::parse(Some("consent")).unwrap().anew());
    }
}
