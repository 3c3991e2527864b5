//! The engine as a whole, on the facts of the demo and around it.

pub(crate) mod cache;
mod demo;
mod govern;
mod guards;
pub(crate) mod leaves;
mod levels;
pub(crate) mod node;
mod observe;
mod place;
mod work;
