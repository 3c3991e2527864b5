//! Pages for people at a terminal: times told from now, colours where the terminal has them, nothing that steers it.

mod paint;
mod passport;
mod plain;
mod when;

pub(crate) use paint::Paint;
pub(crate) use passport::passports;
pub(crate) use plain::{plain, shown};
pub(crate) use when::relative;
