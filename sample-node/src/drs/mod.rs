//! A DRS 1.5-shaped server over a folder of files. Single objects only: no bundles, no bulk routes.

mod bytes;
mod objects;
mod routes;

pub use objects::Object;
pub(crate) use objects::index;
pub(crate) use routes::router;
