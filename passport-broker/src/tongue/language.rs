//! A language, how it is chosen, and what is said in it.

use http::{HeaderMap, header};
use policy_engine::consent::{Code, Recorder, Tables, Verdict};
use policy_engine::decide::Reason;

use super::{consent_de, consent_es, consent_fr, policies, words};

/// Languages of one `Accept-Language` that are read.
const ACCEPTED: usize = 20;

/// A language of our pages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Tongue {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
}

/// Words, and the language that they are in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Told {
    /// What is said.
    pub(crate) words: String,
    /// The `lang` of it.
    pub(crate) lang: &'static str,
}

/// A language that a page offers.
#[derive(Debug)]
pub(crate) struct Choice {
    /// As `lang` writes it.
    pub(crate) code: &'static str,
    /// What it calls itself.
    pub(crate) name: &'static str,
    /// The page speaks it now.
    pub(crate) chosen: bool,
}

impl Tongue {
    /// All four, of which this one is chosen.
    pub(crate) fn choices(self) -> Vec<Choice> {
        let choice = |one: &Self| Choice {
            code: one.code(),
            name: one.name(),
            chosen: *one == self,
        };
        Self::ALL.iter().map(choice).collect()
    }

    /// All four.
    pub(crate) const ALL: [Self; 4] = [Self::En, Self::De, Self::Fr, Self::Es];

    /// As `lang` and `Accept-Language` write it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
        }
    }

    /// What it calls itself.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
            Self::Fr => "Français",
            Self::Es => "Español",
        }
    }

    /// By its code.
    pub(crate) fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tongue| tongue.code() == code)
    }

    /// The one that a browser likes best (RFC 9110 §12.5.4); English if it names none of ours.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let text = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let mut best: Option<(Self, f32)> = None;
        for one in text.unwrap_or_default().split(',').take(ACCEPTED) {
            let mut parts = one.trim().split(';');
            let range = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map(str::parse::<f32>);
            let weight = match weight {
                None => 1.0,
                Some(Ok(weight)) if (0.0..=1.0).contains(&weight) => weight,
                Some(_) => continue,
            };
            let Some(tongue) = Self::named(range.split('-').next().unwrap_or_default()) else {
                continue;
            };
            if weight > 0.0 && best.is_none_or(|(_, known)| weight > known) {
                best = Some((tongue, weight));
            }
        }
        best.map_or_else(Self::default, |(tongue, _)| tongue)
    }

    const fn says(self, words: String) -> Told {
        Told {
            words,
            lang: self.code(),
        }
    }

    /// One of German, French, Spanish.
    fn other<T: Copy>(self, said: [T; 3]) -> Option<T> {
        let [de, fr, es] = said;
        match self {
            Self::En => None,
            Self::De => Some(de),
            Self::Fr => Some(fr),
            Self::Es => Some(es),
        }
    }

    /// What a shipped policy or the engine says; a node's own policy with the same code says something of its own.
    fn of_policy(self, reason: &Reason) -> Option<Told> {
        let shipped = |id: &String| id.starts_with("visum.");
        if !reason.policy.as_ref().is_none_or(shipped) {
            return None;
        }
        let (sentence, remedy) = self.other(policies::says(&reason.code)?)?;
        Some(self.says(format!("{sentence} {remedy}")))
    }

    /// What is the matter, and what helps.
    pub(crate) fn reason(self, reason: &Reason, tables: &Tables) -> Told {
        let code = reason.code.parse::<Code>().ok();
        let said = code.and_then(|code| {
            let (sentence, remedy) = match self {
                Self::En => return None,
                Self::De => consent_de::says(code),
                Self::Fr => consent_fr::says(code),
                Self::Es => consent_es::says(code),
            };
            // what the engine adds to its own sentence, such as the name of a paper, stays
            let own = tables.sentence(code);
            let more = reason.sentence.strip_prefix(own.message.as_str()).unwrap_or_default();
            let more = more.replace(
                " It is ",
                self.one_of([" It is ", " Es ist ", " Il s'agit de ", " Es "]),
            );
            Some(self.says(format!("{sentence}{more} {remedy}")))
        });
        let english = || Self::En.says(format!("{} {}", reason.sentence, reason.remedy).trim().to_owned());
        said.or_else(|| self.of_policy(reason)).unwrap_or_else(english)
    }

    /// The plain name of a term of a label.
    pub(crate) fn term(self, id: &str, tables: &Tables) -> Told {
        let english = || tables.rules().term(id).map_or(id, |rule| &rule.label).to_owned();
        let said = words::term(id).and_then(|said| self.other(said));
        said.map_or_else(|| Self::En.says(english()), |name| self.says(name.to_owned()))
    }

    const fn one_of(self, all: [&'static str; 4]) -> &'static str {
        let [en, de, fr, es] = all;
        match self {
            Self::En => en,
            Self::De => de,
            Self::Fr => fr,
            Self::Es => es,
        }
    }

    /// What the consent answers.
    pub(crate) const fn verdict(self, verdict: Option<Verdict>) -> &'static str {
        self.one_of(words::verdict(verdict))
    }

    /// Who can record what is lacking.
    pub(crate) const fn recorder(self, recorder: Recorder) -> &'static str {
        self.one_of(words::recorder(recorder))
    }

    /// What stands in place of "there is no ethics approval" where a letter waits to be read.
    pub(crate) fn unread_letter(self) -> Told {
        self.says(self.one_of(words::UNREAD_LETTER).to_owned())
    }

    /// Whether it is a fact that is lacking, or a judgement.
    pub(crate) const fn lacking(self, judgement: bool) -> &'static str {
        self.one_of(words::lacking(judgement))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_a_browser_likes_best_is_taken() {
        let cases = [
            ("", Tongue::En),
            ("de", Tongue::De),
            ("de-AT, en;q=0.9", Tongue::De),
            ("fi, sv;q=0.9", Tongue::En),
            ("fi, fr;q=0.5, es;q=0.8", Tongue::Es),
            ("fr;q=0, en;q=0.1", Tongue::En),
            ("es;q=2, fr;q=0.3", Tongue::Fr),
            ("*", Tongue::En),
            ("DE-de", Tongue::De),
        ];
        for (accepts, tongue) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepts.parse().unwrap());
            assert_eq!(Tongue::accepted(&headers), tongue, "{accepts}");
        }
    }

    #[test]
    fn every_code_of_consent_is_two_sentences_in_each_language() {
        let tables = Tables::shared();
        for code in Code::ALL {
            let own = tables.sentence(*code);
            let reason = Reason {
                code: code.as_str().to_owned(),
                sentence: format!("{} It is doc-1.", own.message),
                remedy: own.remedy.clone(),
                dataset: None,
                group: None,
                term: None,
                policy: None,
                about: None,
            };
            let mut said: Vec<String> = Vec::new();
            for tongue in Tongue::ALL {
                let told = tongue.reason(&reason, &tables);
                assert_eq!(told.lang, tongue.code(), "{code}");
                assert!(
                    told.words.contains("doc-1") && told.words.ends_with('.'),
                    "{code}: {}",
                    told.words
                );
                assert!(told.words.matches(". ").count() >= 1, "{code}: {}", told.words);
                assert!(!said.contains(&told.words), "{code} is not translated: {}", told.words);
                said.push(told.words);
            }
        }
    }

    #[test]
    fn every_term_of_a_label_has_a_plain_name_in_each_language() {
        let tables = Tables::shared();
        let mut terms = 0;
        let list = include_str!("../../../policy-engine/rules/terms.csv");
        for line in list.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let id = fields[0];
            let is_label = ["permission", "modifier", "obsolete-permission", "obsolete-modifier"];
            if !is_label.iter().any(|kind| line.contains(&format!(",{kind},"))) {
                continue;
            }
            terms += 1;
            let mut said: Vec<String> = Vec::new();
            for tongue in Tongue::ALL {
                let told = tongue.term(id, &tables);
                assert_eq!(told.lang, tongue.code(), "{id}");
                assert!(
                    !told.words.is_empty() && !said.contains(&told.words),
                    "{id}: {}",
                    told.words
                );
                said.push(told.words);
            }
        }
        assert!(terms > 20, "{terms}");
    }
}
