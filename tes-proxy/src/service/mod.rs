//! The decision for others, and what the proxy says of itself.

pub(crate) mod can_i;
pub(crate) mod datasets;
pub(crate) mod decision;
pub(crate) mod explain;
mod judged;
pub(crate) mod metadata;
pub(crate) mod passport;
mod told;
