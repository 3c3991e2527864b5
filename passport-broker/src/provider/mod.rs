//! The OpenID Provider (OpenID Connect Core and Discovery, RFC 6749, 7009, 7636, 8414, 8693, 8707, 9068, 9207;
//! checklist in `specs/trust.md` part C, rows BRK, TOK, UI, TX of the Passport requirements).

pub(crate) mod access_token;
mod authorize;
mod client_auth;
mod consent;
pub(crate) mod details;
mod device;
mod discovery;
pub(crate) mod dpop;
mod form;
mod introspect;
pub(crate) mod logout;
mod par;
mod pkce;
mod problem;
mod prompt;
mod redirect;
mod refusal;
mod request;
mod returned;
mod revoke;
mod scope;
mod token;
mod userinfo;

pub(crate) use authorize::{authorize, authorize_by_form};
pub(crate) use consent::decide;
pub(crate) use device::{authorization as device_authorization, typed};
pub(crate) use discovery::{jwks, metadata};
pub(crate) use introspect::introspect;
pub(crate) use par::push;
use problem::{NO_STORE, TokenProblem};
pub(crate) use revoke::revoke;
pub(crate) use scope::{Scope, Scopes};
pub(crate) use token::client_credentials::CONSENT;
pub(crate) use token::token;
pub(crate) use userinfo::userinfo;
