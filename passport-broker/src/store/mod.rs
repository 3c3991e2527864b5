//! SQL: one typed function a question, the same text on SQLite and PostgreSQL (architecture D10, house style 2.8).
//!
//! Secrets are never columns: codes, cookies, refresh tokens and client secrets are stored as digests (D13).

pub mod announced;
pub mod applications;
pub mod blobs;
pub mod bundles;
pub mod changes;
pub mod claim_map;
pub mod clients;
pub mod codes;
pub mod collections;
pub mod counters;
pub mod datasets;
mod db;
pub mod devices;
pub mod documents;
pub mod drafts;
mod error;
pub mod governed;
pub mod grants;
pub mod holds;
pub mod keys;
pub mod links;
pub mod logout_notices;
pub mod mails;
mod migrations;
pub mod notices;
pub mod own;
pub mod people;
mod refresh_tokens;
pub mod register;
pub mod registrations;
pub mod roles;
pub(crate) mod row;
pub mod sessions;
pub mod snapshots;
pub mod statements;
pub mod stops;
pub mod tables;
pub mod terms;
pub mod throttles;
pub mod tokens;
pub mod tried;
pub mod visas;
pub mod watched;
pub mod webhooks;

pub use db::{Db, Kind, Tx};
pub use error::StoreError;
pub(crate) use row::args;
pub use row::{Arg, FromRow, Row};
