//! The engine as a whole, on the facts of the demo and around it.

mod cache;
mod demo;
mod govern;
mod guards;
mod levels;
pub(crate) mod node;
mod observe;
mod work;
