//! Facts as Cedar entities and contexts: typed, closed, and refused when anything referred to is missing.
//!
//! Spec: policy.md 2 (schema), 4 (guards against Cedar's fail-open), 5 (ready-made parts).

mod context;
mod name;
mod register;
mod schema;
mod standing;
mod thing;
mod value;

pub(crate) use context::{
    CallContext, ConsentPart, DataContext, GovernContext, GrantPart, Person, PurposePart, SessionPart, Times, WorkPart,
};
pub use name::EntityName;
pub(crate) use register::{Register, chain};
pub(crate) use schema::{SchemaParts, Types, uid};
pub(crate) use standing::standing_things;
pub(crate) use thing::{Thing, ThingBuilder};
