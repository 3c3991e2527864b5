//! Capabilities: URLs of ours for one object, one holder, until one instant (D6).

mod door_keys;
mod mint;
mod pin;
mod replace;
mod seal;

pub(crate) use door_keys::DoorKeys;
pub(crate) use mint::{OutputCapability, PersonCapability, WorkCapability};
pub(crate) use pin::{PinFault, Pins, Share};
pub(crate) use replace::{Capabilities, object_of, objects};
pub(crate) use seal::{NotOurs, Sealer, Use};
