//! The demo: a whole node on one machine with fictional people and data, and a tour through it.

pub(crate) mod facts;
pub(crate) mod people;
pub(crate) mod screen;
pub(crate) mod start;
pub(crate) mod tour;
pub(crate) mod world;
