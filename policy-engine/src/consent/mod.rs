//! Consent: may these data be used for this purpose, by this person, here and now? (`consent.md`, sections 1 to 3)
//!
//! The doors are [`Input`] (what is asked, read strictly), [`Tables`] (terms, permissions, diseases, countries,
//! sentences: data, not code), [`evaluate()`] (pure: no clock, network or configuration) and [`Output`].
//! A proxy lets through [`Verdict::Permit`] only. [`command::answer`] is the same from bytes to bytes.

mod word;

pub mod approval;
pub mod code;
pub mod command;
pub mod dataset;
pub mod disease;
pub mod effective;
pub mod evaluate;
pub mod hold;
pub mod import;
pub mod input;
mod judge;
pub(crate) mod label;
pub mod lint;
pub mod name;
pub mod narrow;
pub mod ontology;
pub mod order;
pub mod output;
pub mod place;
pub mod purpose;
pub mod recorded;
pub mod recorder;
pub mod rule;
mod sheet;
mod strict;
pub mod tables;
pub mod term;
pub mod user;

pub use approval::{Approval, ApprovedPurpose, Basis, InstitutionFacts};
pub use code::{Code, DutyCode, Effect};
pub use dataset::{Access, Dataset, LabelledMove, State, UseGroup};
pub use disease::Diseases;
pub use effective::{EffectiveModifier, EffectiveRule};
pub(crate) use evaluate::answer;
pub use evaluate::evaluate;
pub use hold::{ConsentHold, HoldKind, HoldScope};
pub use input::{Context, Input, InputError, Operation, Stage};
pub use name::{CountryCode, Name};
pub use narrow::{NarrowError, Narrowing};
pub use output::{DatasetVerdict, Obligation, Output, PurposeBasis, Reason, Settled, Verdict, Warning};
pub use purpose::{Agrees, Categories, Category, EthicsEntry, ResearchPurpose};
pub use recorded::recorded_purpose;
pub use recorder::Recorder;
pub(crate) use sheet::fields as sheet_fields;
pub use tables::{Tables, TablesError};
pub use term::Term;
pub use user::{Affiliation, Assertion, UserFacts, VouchedBy};
