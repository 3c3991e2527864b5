//! `ResearchPurpose`: what the data are for, in the words of `consent.md` 2.3.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use visa_verifier::seam::Timestamp;

use super::name::Name;
use super::strict;
use super::user::VouchedBy;
use super::word::words;

/// Diseases that a purpose may name: each is compared with every approval and label.
pub const DISEASES: usize = 1000;

words! {
    /// A word for what the work is for, whom it looks at, or a use that is barred.
    Category, "category" {
        /// Health research.
        Biomedical = "biomedical",
        /// Genetics.
        Genetic = "genetic",
        /// Making drugs.
        DrugDevelopment = "drug_development",
        /// Named diseases.
        Disease = "disease",
        /// Ancestry or origins are the question.
        Ancestry = "ancestry",
        /// Scope: a population.
        Population = "population",
        /// Scope: an age.
        AgeCategory = "age_category",
        /// Scope: a gender.
        GenderCategory = "gender_category",
        /// Scope: as controls.
        Control = "control",
        /// Making a method is an aim.
        Methods = "methods",
        /// A model is trained that leaves with what it learned.
        ModelTraining = "model_training",
        /// Research that is not health research.
        FundamentalBiology = "fundamental_biology",
        /// Research that is not health research.
        SocialScience = "social_science",
        /// Care of patients.
        ClinicalCare = "clinical_care",
        /// Anything else; a person has to read it.
        Other = "other",
        /// Barred: finding out who participants are.
        Identification = "identification",
        /// Barred: decisions on insurance, credit, work, of persons or groups.
        IndividualDecision = "individual_decision",
        /// Barred.
        Advertising = "advertising",
        /// Barred.
        LawEnforcement = "law_enforcement",
        /// Barred.
        HarmfulProduct = "harmful_product",
        /// Nobody said; put in by the engine, never by a form.
        Unstated = "unstated",
    }
}

/// A set of categories.
///
/// INVARIANT: what [`Categories::new`] makes and what is read is not empty, and `unstated` stands alone.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Categories(u32);

/// Words that are no purpose.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CategoriesError {
    /// No word at all.
    #[error("a purpose has at least one category")]
    Empty,
    /// The same word again.
    #[error("a category stands twice")]
    Twice,
    /// `unstated` beside another word.
    #[error("`unstated` stands alone")]
    Unstated,
}

impl Categories {
    /// The health aims.
    pub const HEALTH: Self = Self::of(&[
        Category::Biomedical,
        Category::Genetic,
        Category::DrugDevelopment,
        Category::Disease,
    ]);
    /// Words that say whom and how, not what for.
    pub const SCOPE: Self = Self::of(&[
        Category::Population,
        Category::AgeCategory,
        Category::GenderCategory,
        Category::Control,
    ]);
    /// Uses that nothing opens.
    pub const BARRED: Self = Self::of(&[
        Category::Identification,
        Category::IndividualDecision,
        Category::Advertising,
        Category::LawEnforcement,
        Category::HarmfulProduct,
    ]);
    /// Making methods and models.
    pub const METHODS: Self = Self::of(&[Category::Methods, Category::ModelTraining]);
    /// Nobody said.
    pub const UNSTATED: Self = Self::of(&[Category::Unstated]);

    /// A set of categories.
    ///
    /// # Errors
    /// [`CategoriesError`] if there is none, one twice, or `unstated` beside another.
    pub fn new(words: &[Category]) -> Result<Self, CategoriesError> {
        let set = Self::of(words);
        if words.is_empty() {
            Err(CategoriesError::Empty)
        } else if set.len() != words.len() {
            Err(CategoriesError::Twice)
        } else if set.contains(Category::Unstated) && words.len() > 1 {
            Err(CategoriesError::Unstated)
        } else {
            Ok(set)
        }
    }

    pub(crate) const fn of(words: &[Category]) -> Self {
        let (mut set, mut rest) = (0, words);
        while let [first, others @ ..] = rest {
            set |= 1 << *first as u32;
            rest = others;
        }
        Self(set)
    }

    /// How many.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none; only parts of a set can be empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the word is in the set.
    #[must_use]
    pub fn contains(self, word: Category) -> bool {
        self.0 & (1 << word as u32) != 0
    }

    /// The words, in the order of [`Category::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.iter().copied().filter(move |word| self.contains(*word))
    }

    /// Whether the two share a word.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every word is in the other set.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The words that the other set lacks.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nobody said what for.
    #[must_use]
    pub fn is_unstated(self) -> bool {
        self == Self::UNSTATED
    }

    /// Whether a barred use is among them.
    #[must_use]
    pub fn has_barred(self) -> bool {
        self.meets(Self::BARRED)
    }

    /// Without barred words and `unstated`: what the permission table has rows for.
    pub(crate) fn aims_and_scope(self) -> Self {
        self.without(Self::BARRED).without(Self::UNSTATED)
    }

    /// The aims: neither scope words nor barred ones.
    #[must_use]
    pub fn aims(self) -> Self {
        self.aims_and_scope().without(Self::SCOPE)
    }
}

impl fmt::Debug for Categories {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_set().entries(self.iter().map(Category::as_str)).finish()
    }
}

impl Serialize for Categories {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Categories {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(&Vec::<Category>::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// What the researcher will do. Two are equal if they say the same, whatever the order.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResearchPurpose {
    /// Everything that the work is for.
    pub categories: Categories,
    /// The diseases studied; when named they bound the whole health aim.
    /// At most [`DISEASES`].
    #[serde(default, deserialize_with = "diseases", skip_serializing_if = "BTreeSet::is_empty")]
    pub diseases: BTreeSet<Name>,
    /// Whether the use is commercial; None: nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commercial: Option<bool>,
    /// The project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Name>,
    /// The institution on whose behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Name>,
    /// Duties that were accepted or refused.
    #[serde(
        default,
        deserialize_with = "strict::object",
        skip_serializing_if = "Agrees::is_silent"
    )]
    pub agrees: Agrees,
    /// Ethics papers, from the broker's record only, never from a session.
    #[serde(default, deserialize_with = "ethics", skip_serializing_if = "Vec::is_empty")]
    pub ethics: Vec<EthicsEntry>,
}

impl ResearchPurpose {
    /// A purpose with these categories and nothing else.
    #[must_use]
    pub fn of(categories: Categories) -> Self {
        Self {
            categories,
            diseases: BTreeSet::new(),
            commercial: None,
            project: None,
            institution: None,
            agrees: Agrees::default(),
            ethics: Vec::new(),
        }
    }

    /// The purpose of somebody who said nothing.
    #[must_use]
    pub fn unstated() -> Self {
        Self::of(Categories::UNSTATED)
    }
}

/// Duties that the purpose accepts (true) or refuses (false); None: it says nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agrees {
    /// To publish the results (PUB).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish: Option<bool>,
    /// To collaborate with the investigators (COL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collaborate: Option<bool>,
    /// To return derived data (RTN).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_results: Option<bool>,
    /// Not to publish before the date (MOR).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moratorium: Option<bool>,
}

impl Agrees {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// A decision of an ethics board, as the broker recorded it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EthicsEntry {
    /// Its id, unique in a purpose.
    pub id: Name,
    /// The institution of the board.
    pub institution: Name,
    /// Its first second.
    pub starts: Timestamp,
    /// The second at which it no longer holds; ended by its board: that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Who checked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<VouchedBy>,
    /// The projects that it was checked for; None: no bound.
    #[serde(
        default,
        deserialize_with = "strict::some_unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub projects: Option<BTreeSet<Name>>,
    /// The datasets that it was checked for; None: no bound.
    #[serde(
        default,
        deserialize_with = "strict::some_unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub datasets: Option<BTreeSet<Name>>,
}

fn diseases<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<Name>, D::Error> {
    let set: BTreeSet<Name> = strict::unique(from)?;
    if set.len() > DISEASES {
        Err(de::Error::custom(format!("more than {DISEASES} diseases")))
    } else {
        Ok(set)
    }
}

fn ethics<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<EthicsEntry>, D::Error> {
    strict::objects_by(from, |entry: &EthicsEntry| entry.id.clone(), "ethics entries of one id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_a_set_of_words_in_which_unstated_stands_alone() {
        use Category::{Ancestry, Genetic, Unstated};
        let cases = [
            ("no word", vec![], Err(CategoriesError::Empty)),
            ("one word twice", vec![Genetic, Genetic], Err(CategoriesError::Twice)),
            (
                "unstated beside an aim",
                vec![Unstated, Genetic],
                Err(CategoriesError::Unstated),
            ),
            ("unstated alone", vec![Unstated], Ok(Categories::UNSTATED)),
            (
                "order does not matter",
                vec![Ancestry, Genetic],
                Ok(Categories::of(&[Genetic, Ancestry])),
            ),
        ];
        for (name, words, expected) in cases {
            assert_eq!(Categories::new(&words), expected, "{name}");
        }
    }

    #[test]
    fn a_purpose_names_a_bounded_number_of_diseases() {
        for (count, good) in [(0, true), (DISEASES, true), (DISEASES + 1, false)] {
            let diseases: Vec<String> = (0..count).map(|number| format!("MONDO:{number:07}")).collect();
            let purpose = serde_json::json!({"categories": ["disease"], "diseases": diseases});
            assert_eq!(
                serde_json::from_value::<ResearchPurpose>(purpose).is_ok(),
                good,
                "{count}"
            );
        }
    }

    #[test]
    fn every_word_is_scope_barred_unstated_or_an_aim() {
        for word in Category::ALL {
            let one = Categories::of(&[*word]);
            let kinds = [
                one.aims() == one,
                one.is_within(Categories::SCOPE),
                one.has_barred(),
                one.is_unstated(),
            ];
            assert_eq!(kinds.iter().filter(|kind| **kind).count(), 1, "{word}");
        }
    }
}
