//! All that a decision rests on beside the caller and the request: one immutable value, swapped whole (D14).
//!
//! Spec: policy.md 6 (publication), architecture D8, D14, D16. The broker signs the [`Manifest`]; transport is not here.

mod content;
mod manifest;
mod person;
mod record;
pub mod ror;
mod stop;
mod tables;

pub use content::{ObserveRow, PolicyText, Snapshot, TemplateLink};
pub use manifest::{MAX_AGE, Manifest, Section};
pub use person::{Bar, BarKind, PersonDigest, PersonKey};
pub use record::{
    CommitteeRecord, DatasetMode, DatasetRecord, Governance, GroupRecord, HoldOrigin, HoldRecord, InstitutionRecord,
    RoleGrant, RoleRecord, ServiceRecord, SinkRecord,
};
pub use stop::{Revocations, StopList};
pub use tables::{NodeTables, TableFile};
