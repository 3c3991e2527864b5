//! The consent-aware proxy in front of DRS, WES and TES backends.
//!
//! A request walks left to right: `router` → `understand` (what would it do?) → `gate` (who asks, may they, is it on
//! record?) → `backend` (with the permit) → the answer, shaped and written anew. Spec: `apis.md`, architecture D5 to D9.

#![forbid(unsafe_code)]

mod api;
mod capability;
pub mod config;
mod limits;
mod ownership;
mod problem;
mod store;

pub use config::{BackendConfig, BrokerLink, ComputeMount, Config, ConfigFault, Credential, DrsMount, Network, NodeSecret, Organisation, Reading, WesMount, WorkflowType};
