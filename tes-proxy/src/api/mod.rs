//! What comes in and goes out: strict readers, and the wire types of DRS 1.5, TES 1.1, TRS 2.0.1 and WES 1.1.

pub(crate) mod drs;
mod exact;
mod incoming;
mod json;
pub(crate) mod multipart;
mod path;
mod query;
pub(crate) mod tes;
pub(crate) mod trs;
pub(crate) mod wes;

pub(crate) use incoming::{Incoming, body, json_body, no_body, wire_body};
pub(crate) use json::{JsonFault, parse as parse_json, parse_wire};
pub(crate) use path::{PathFault, Segment, encode, parse as parse_path};
pub(crate) use query::{Query, QueryFault};
