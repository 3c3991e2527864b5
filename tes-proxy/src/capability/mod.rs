//! Capabilities: URLs of ours for one object, one holder, until one instant (D6).

mod mint;
mod pin;
mod seal;

pub(crate) use mint::{PersonCapability, WorkCapability};
pub(crate) use pin::{Pins, PinFault};
pub(crate) use seal::{NotOurs, Sealer, Use};
