//! Workflow sessions: what a workflow tool gets before any of its tasks is there (`apis.md` 10.1).

mod bind;
mod caller;
mod exchanged;
mod list;
mod reads;
mod run;
mod spec;
mod start;
mod token;

pub(crate) use bind::{
    DATASETS, WALLTIME, Wished, belongs, bind, hushed, named, nowhere, reach, still, whole, without_wishes,
};
pub(crate) use caller::caller;
pub use exchanged::{NoSession, SessionOrder, SessionToken};
pub(crate) use list::{end, get};
pub(crate) use reads::{is_held, is_partly_held, reads};
pub(crate) use run::{bounds, own_inputs, parameters};
pub(crate) use spec::{INPUTS, Session, Spec};
pub(crate) use start::{folder, post};
pub(crate) use token::claims_to_be;
