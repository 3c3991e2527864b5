//! The decision for others, and what the proxy says of itself.

pub(crate) mod can_i;
pub(crate) mod datasets;
pub(crate) mod decision;
pub(crate) mod explain;
pub(crate) mod judged;
pub(crate) mod metadata;
pub(crate) mod passport;
pub(crate) mod registry;
pub(crate) mod told;
