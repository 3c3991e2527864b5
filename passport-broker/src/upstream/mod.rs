//! Relying party of home institutions (OpenID Connect Core, `specs/trust.md` C.5, C.6, C.30).
//!
//! `provider` discovers one, `start` sends the browser there, `answer` checks what comes back, `claims` turns its
//! claims into an identity and facts. Who the person is here is decided in `person`.

mod answer;
mod claims;
pub(crate) mod group;
mod one_word;
mod outside;
pub mod preset;
mod problem;
mod provider;
mod register;
mod start;

pub(crate) use answer::{UpstreamAnswer, redeem};
pub(crate) use claims::{UpstreamIdentity, UserInfoAccess};
pub(crate) use outside::Outside;
pub(crate) use problem::LoginProblem;
pub(crate) use provider::{Discoveries, Upstream, VisaSource};
pub(crate) use register::upstreams;
pub(crate) use start::{Ask, PENDING_SECONDS, PendingLogin, start};
