//! A WES 1.1-shaped server that runs a list of TES tasks, in order: type `VISUM-TASKS`, version `1.0`.

mod form;
mod routes;
mod run;
mod substitute;

pub(crate) use routes::router;
