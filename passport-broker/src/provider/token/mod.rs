//! The token endpoint: one grant type, one file (`specs/trust.md` C.13 to C.17).

pub(crate) mod authorization_code;
pub(crate) mod client_credentials;
pub(crate) mod device_code;
mod dispatch;
pub(crate) mod exchange;
mod id_token;
mod refresh;
mod session;

pub(crate) use dispatch::token;
