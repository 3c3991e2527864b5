//! `visum agent`: a forwarder on this machine's loopback that holds the login, so that a client that reads its token once
//! runs for days (`specs/apis.md` 10.1, "tokens").
//!
//! - [`listen`]: where it may listen
//! - [`guard`]: who may use it, by a secret of this start
//! - [`route`]: what it forwards
//! - [`notices`]: words on the terminal, each once
//! - [`denial`]: what an answer says of a denial
//! - [`credential`]: the login or the session, renewed before it ends
//! - [`ask`]: asking the person to log in again
//! - [`answer`]: answers, as they come or of its own
//! - [`forward`]: one request, there and back
//! - [`environment`]: what its clients are told
//! - [`child`]: the command that it runs

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod child;
pub(crate) mod credential;
pub(crate) mod denial;
pub(crate) mod environment;
pub(crate) mod forward;
pub(crate) mod guard;
pub(crate) mod listen;
pub(crate) mod notices;
pub(crate) mod route;
