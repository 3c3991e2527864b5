//! A TRS 2.0.1 over the node's own programs: a tool for each, and a workflow of them, with real texts and digests.

mod routes;
mod tools;
mod zip;

pub(crate) use routes::router;
