//! The consent-aware proxy in front of DRS, WES and TES backends.
//!
//! A request walks left to right: `router` → `understand` (what would it do?) → `gate` (who asks, may they, is it on
//! record?) → `backend` (with the permit) → the answer, shaped and written anew. Spec: `apis.md`, architecture D5 to D9.

#![forbid(unsafe_code)]

mod airlock;
mod api;
mod backend;
mod capability;
pub mod config;
mod entry;
mod forwarded;
mod gate;
mod governors;
mod limits;
mod opening;
mod operation;
mod ownership;
mod problem;
mod proxy;
mod renewal;
mod router;
pub mod rules;
mod service;
mod session;
mod storage;
mod store;
mod tries;
mod understand;
mod withdrawal;

pub use backend::BackendError;
pub use config::{
    BACKENDS, BackendConfig, BrokerLink, ComputeMount, Config, ConfigFault, Credential, DoorRules, DrsMount, Network,
    NodeSecret, Organisation, Reading, RegisteredTool, RunTokenRules, TrsMount, WesMount, WorkflowEngine, WorkflowType,
};
pub use entry::Certified;
pub use governors::Governors;
pub use limits::REQUESTS_AT_ONCE;
pub use opening::{Audit, OpenError, Seams};
pub use proxy::Proxy;
pub use renewal::{Renewal, RenewalError};
pub use router::{router, storage_router};
pub use session::{NoSession, SessionOrder, SessionToken};
pub use store::StoreError;
pub use tries::{Counted, Tried, Tries, TriesError};
pub use withdrawal::Chores;
