//! From what a source wrote to terms of ours, with a question for whatever it leaves open.

use super::super::dataset::UseGroup;
use super::super::disease::Standing;
use super::super::label::first_second;
use super::super::name::Name;
use super::super::rule::{Modifier, Permission, Rule, Takes};
use super::super::tables::Tables;
use super::super::term::{Term, has_form_of_day};
use super::answer::{Answers, Meaning};
use super::code::{self, Shorthand};
use super::{
    Ask, ImportError, Imported, ImportedLabel, Note, Question, RawGroup, RawLabel, RawTerm, Source, TERMS, VALUES,
};

/// The name of a group where the source has none.
const GROUP: &str = "all";
/// What stands in a label for a word that is too long to stand there itself; no ontology has it, so it denies.
const UNREADABLE: &str = "unreadable";

/// Understands labels, one by one.
pub(super) fn labels(
    from: Source,
    raw: Vec<RawLabel>,
    answers: &Answers,
    tables: &Tables,
) -> Result<Imported, ImportError> {
    let mut all = Imported {
        version: 1,
        from,
        complete: false,
        labels: Vec::new(),
        asked: Vec::new(),
        notes: Vec::new(),
    };
    for label in raw {
        let mut uses: Vec<UseGroup> = Vec::new();
        for group in label.groups {
            let name = unused(group.name.as_deref().unwrap_or(GROUP), &uses);
            let mut reading = Reading {
                label: &label.name,
                group: name.clone(),
                answers,
                tables,
                out: &mut all,
            };
            let terms = reading.group(group)?;
            uses.push(UseGroup { group: name, terms });
        }
        all.labels.push(ImportedLabel { name: label.name, uses });
    }
    all.complete = all.asked.is_empty();
    Ok(all)
}

/// A name that no other group of the dataset has.
fn unused(wanted: &str, uses: &[UseGroup]) -> Name {
    let wanted: String = wanted.chars().take(200).collect();
    let wanted = if wanted.is_empty() { GROUP } else { &wanted };
    let taken = |name: &str| uses.iter().any(|group| group.group == *name);
    (1..)
        .map(|number| match number {
            1 => wanted.to_owned(),
            _ => format!("{wanted}-{number}"),
        })
        .find(|name| !taken(name))
        .and_then(|name| Name::try_from(name).ok())
        .unwrap_or_else(placeholder)
}

/// A name that is always one.
fn placeholder() -> Name {
    #[expect(clippy::expect_used, reason = "a word of this file, no input")]
    Name::try_from(UNREADABLE).expect("a short word is a name")
}

struct Reading<'r> {
    label: &'r str,
    group: Name,
    answers: &'r Answers,
    tables: &'r Tables,
    out: &'r mut Imported,
}

impl Reading<'_> {
    fn group(&mut self, raw: RawGroup) -> Result<Vec<Term>, ImportError> {
        if raw.terms.len() > TERMS {
            return Err(ImportError::TooMany {
                what: "terms of one group",
                bound: TERMS,
            });
        }
        for note in raw.notes {
            self.note(note);
        }
        let mut terms = Vec::new();
        for term in raw.terms {
            if term.values.len() > VALUES {
                return Err(ImportError::TooMany {
                    what: "values of one term",
                    bound: VALUES,
                });
            }
            terms.extend(self.term(term));
        }
        let permits = |term: &Term| {
            let rule = self.tables.rules().term(term.id.as_str()).map(|row| row.rule);
            matches!(rule, Some(Rule::Permission(_)))
        };
        if !terms.iter().any(permits) {
            match &self.answers.permission {
                Some(permission) => terms.push(permission.clone()),
                None => self.ask(
                    Ask::PermissionMissing,
                    None,
                    "The label says what is not allowed, and nowhere what is. The custodian says which permission \
                     participants gave; until then every use is denied.",
                    "--permission TERM, such as --permission HMB or --permission DS=MONDO:0004992",
                ),
            }
        }
        Ok(terms)
    }

    fn term(&mut self, raw: RawTerm) -> Option<Term> {
        let mut given = None;
        match self.answers.read.get(&raw.word) {
            Some(Meaning::Nothing) => {
                self.note(format!("`{}` was answered to be no condition", shown(&raw.word)));
                return None;
            }
            Some(Meaning::Term(term)) => given = Some(term.clone()),
            Some(Meaning::Value(_)) | None => {}
        }
        let mut term = match &given {
            Some(term) => term.clone(),
            None => Term::new(self.id(&raw)),
        };
        let takes = self.tables.rules().term(term.id.as_str()).map(|row| row.takes);
        if let Some(takes) = takes
            && !has_value(&term)
        {
            self.values(&mut term, takes, &raw);
        }
        if term.version.is_none() {
            term.version = raw.version.as_deref().and_then(release_of);
        }
        self.release(&mut term);
        Some(term)
    }

    /// The term's id; what cannot be read stays as it was written, and denies.
    fn id(&mut self, raw: &RawTerm) -> Name {
        let word = shown(&raw.word);
        let release = raw.version.as_deref().and_then(release_of);
        let release = release.as_ref().or(self.answers.release.as_ref());
        let found = match (raw.unclear, raw.id) {
            (Some(why), _) => Err((Ask::TermUnreadable, why.to_owned())),
            (None, Some(id)) => Ok(id),
            (None, None) => match code::by_id(&raw.word, self.tables) {
                Some(id) => Ok(id),
                None => code::by_shorthand(&raw.word, release).map_err(|why| match why {
                    Shorthand::Unknown => (Ask::TermUnreadable, "DUO has no such term.".to_owned()),
                    Shorthand::DependsOnRelease => (
                        Ask::ShorthandAmbiguous,
                        format!(
                            "Before release {} it named DUO:0000018 (not-for-profit organisations and use), since \
                             then DUO:0000045 (not-for-profit organisations).",
                            code::CHANGED
                        ),
                    ),
                }),
            },
        };
        match found {
            Ok(id) => Name::try_from(id).unwrap_or_else(|_| placeholder()),
            Err((ask, why)) => {
                let answer = if ask == Ask::ShorthandAmbiguous {
                    format!("--duo-release DATE of the label, or --read {word}=DUO:0000018 or =DUO:0000045")
                } else {
                    format!("--read '{word}=TERM', or --read '{word}=nothing' if it is no condition")
                };
                let question = format!("What does `{word}` mean? {why} Until it is answered, every use is denied.");
                self.ask(ask, Some(&word), &question, &answer);
                Name::try_from(raw.word.as_str()).unwrap_or_else(|_| placeholder())
            }
        }
    }

    fn values(&mut self, term: &mut Term, takes: Takes, raw: &RawTerm) {
        let id = term.id.to_string();
        let word = shown(&raw.word);
        match takes {
            Takes::Date => match raw.date.as_deref().or(raw.values.first().map(String::as_str)) {
                Some(day) if first_second(day).is_some() && raw.values.len() <= 1 => {
                    term.date = Name::try_from(day).ok();
                }
                Some(other) => {
                    term.date = Name::try_from(other).ok();
                    self.ask(
                        Ask::ValueUnreadable,
                        Some(&id),
                        &format!("`{}` is no day. Until when may nothing be published?", shown(other)),
                        &format!("--read '{word}={id}=YYYY-MM-DD'"),
                    );
                }
                None => self.missing(&id, &word, "YYYY-MM-DD"),
            },
            Takes::Months => match raw.months.as_deref().or(raw.values.first().map(String::as_str)) {
                Some(text) => match text.trim().parse::<i64>() {
                    Ok(months) if (1..=1200).contains(&months) && raw.values.len() <= 1 => term.months = Some(months),
                    _ => {
                        // 0 months are none: the evaluation refuses the term
                        term.months = Some(0);
                        self.ask(
                            Ask::ValueUnreadable,
                            Some(&id),
                            &format!("`{}` is no number of months from 1 to 1200.", shown(text)),
                            &format!("--read '{word}={id}=12'"),
                        );
                    }
                },
                None => self.missing(&id, &word, "12"),
            },
            Takes::Values | Takes::OptionalValues | Takes::Nothing => self.list(term, takes, raw),
        }
    }

    fn list(&mut self, term: &mut Term, takes: Takes, raw: &RawTerm) {
        let id = term.id.to_string();
        let word = shown(&raw.word);
        let rule = self.tables.rules().term(&id).map(|row| row.rule);
        let beside = [&raw.date, &raw.months];
        let all = raw
            .values
            .iter()
            .chain(beside.into_iter().flatten())
            .map(|value| value.trim())
            .filter(|value| !value.is_empty());
        for value in all {
            let value = match self.answers.read.get(value) {
                Some(Meaning::Value(answered)) => answered.as_str(),
                _ => value,
            };
            let value = match rule {
                Some(Rule::Permission(Permission::Ds)) => self.disease(value),
                Some(Rule::Modifier(Modifier::Gs)) => self.region(value),
                Some(Rule::Modifier(Modifier::Rs)) => match code::by_id(value, self.tables) {
                    Some(id) => id.to_owned(),
                    None => value.to_owned(),
                },
                _ => value.to_owned(),
            };
            let value = Name::try_from(value).unwrap_or_else(|_| placeholder());
            if !term.values.contains(&value) {
                term.values.push(value);
            }
        }
        match takes {
            Takes::Values if term.values.is_empty() => {
                let example = match rule {
                    Some(Rule::Permission(_)) => "MONDO:0004992",
                    Some(Rule::Modifier(Modifier::Gs)) => "EU",
                    _ => "DUO:0000037",
                };
                self.missing(&id, &word, example);
            }
            Takes::Nothing if !term.values.is_empty() => self.ask(
                Ask::ValueUnexpected,
                Some(&id),
                "The term takes no value, and the label has one: perhaps another term was meant.",
                &format!("--read '{word}=TERM'"),
            ),
            Takes::Nothing | Takes::Values | Takes::OptionalValues | Takes::Date | Takes::Months => {}
        }
    }

    /// A disease by its MONDO id; what is none stays as it is, and denies.
    fn disease(&mut self, value: &str) -> String {
        let local = value.rsplit(['/', '#']).next().unwrap_or(value);
        let mondo = local
            .strip_prefix("MONDO_")
            .or_else(|| local.strip_prefix("MONDO:"))
            .filter(|digits| digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .map(|digits| format!("MONDO:{digits}"));
        let shown = shown(value);
        let Some(mondo) = mondo else {
            let question = format!("Which MONDO term is `{shown}`? Diseases are compared by MONDO only.");
            let answer = format!("--read '{shown}=MONDO:…'");
            self.ask(Ask::DiseaseForeign, Some(&shown), &question, &answer);
            return value.to_owned();
        };
        match self.tables.diseases().standing(&mondo) {
            Standing::Live => {}
            Standing::Obsolete => {
                let instead = self.tables.diseases().replaced_by(&mondo);
                let instead = if instead.is_empty() {
                    "MONDO names no replacement".to_owned()
                } else {
                    format!("MONDO names {} as its replacement", instead.join(", "))
                };
                let question =
                    format!("{mondo} is no longer in use; {instead}. The custodian says which term is meant.");
                self.ask(
                    Ask::DiseaseObsolete,
                    Some(&mondo),
                    &question,
                    &format!("--read '{shown}=MONDO:…'"),
                );
            }
            Standing::Unknown => self.ask(
                Ask::DiseaseUnknown,
                Some(&mondo),
                &format!("{mondo} is not in this ontology; perhaps in a fuller or newer one."),
                &format!("--ontology FILE with a MONDO release, or --read '{shown}=MONDO:…'"),
            ),
        }
        mondo
    }

    /// A region by its code; what is none stays as it is, and denies.
    fn region(&mut self, value: &str) -> String {
        if self.tables.countries().region(value).is_none() {
            let shown = shown(value);
            let question = format!("Which region is `{shown}`? Regions are ISO 3166-1 codes, EU or EEA.");
            self.ask(
                Ask::ValueUnreadable,
                Some(&shown),
                &question,
                &format!("--read '{shown}=FI'"),
            );
        }
        value.to_owned()
    }

    /// A term whose meaning depends on the release gets the one that it was made with, or a question.
    fn release(&mut self, term: &mut Term) {
        if term.id != *code::NMDS || term.version.is_some() {
            return;
        }
        if let Some(release) = &self.answers.release {
            term.version = Some(release.clone());
            return;
        }
        let Some(day) = &self.answers.form_date else {
            self.ask(
                Ask::FormDate,
                Some(code::NMDS),
                "\"No methods research\" meant less before release 2021-02-23 of DUO, and the label does not say when \
                 it was made. When was the consent form, or the label, written? Until then a person judges each use.",
                "--consent-form-date YYYY-MM-DD, or --duo-release YYYY-MM-DD",
            );
            return;
        };
        match code::release_on(day.as_str()) {
            Some(release) => term.version = Name::try_from(release).ok(),
            None => {
                let first = code::RELEASES.first().copied().unwrap_or_default();
                let question = format!(
                    "The form is of {day}; this build knows the releases of DUO from {first} on. With which was the \
                     label made? (The wording before {} was that of {first}.)",
                    code::CHANGED
                );
                self.ask(
                    Ask::ReleaseUnknown,
                    Some(code::NMDS),
                    &question,
                    "--duo-release YYYY-MM-DD",
                );
            }
        }
    }

    fn missing(&mut self, id: &str, word: &str, example: &str) {
        let question = format!("{id} needs a value, and the label has none.");
        let answer = format!("--read '{word}={id}={example}'");
        self.ask(Ask::ValueMissing, Some(id), &question, &answer);
    }

    fn ask(&mut self, code: Ask, about: Option<&str>, question: &str, answer: &str) {
        let question = Question {
            code,
            label: self.label.to_owned(),
            group: self.group.to_string(),
            about: about.map(str::to_owned),
            question: question.to_owned(),
            answer: answer.to_owned(),
        };
        if !self.out.asked.contains(&question) {
            self.out.asked.push(question);
        }
    }

    fn note(&mut self, note: String) {
        self.out.notes.push(Note {
            label: self.label.to_owned(),
            group: self.group.to_string(),
            note,
        });
    }
}

fn has_value(term: &Term) -> bool {
    !term.values.is_empty() || term.date.is_some() || term.months.is_some()
}

/// A word of the file, cut: it came from outside.
fn shown(word: &str) -> String {
    word.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(120)
        .collect()
}

/// A release as sources write it: `2021-02-23`, or `17-07-2016` where day and month cannot be mistaken.
fn release_of(text: &str) -> Option<Name> {
    let text = text.trim();
    if has_form_of_day(text) {
        return Name::try_from(text).ok().filter(|_| first_second(text).is_some());
    }
    let mut parts = text.split(['-', '/', '.']);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() == 2);
    let (day, month) = (number(first)?, number(second)?);
    let clear = day > 12 || day == month;
    if !clear || year.len() != 4 || parts.next().is_some() {
        return None;
    }
    let text = format!("{year}-{month:02}-{day:02}");
    first_second(&text)?;
    Name::try_from(text).ok()
}
