//! What a request would do: the action, the data it names, the images and sinks. Parsed, never interpreted.
//!
//! Spec: apis.md 1.4 (operations and actions), 2.2, 8 (ways around the gate, E12 to E17, E25).
//! A reference that could be read in two ways is refused here, so that what is decided is what is done.

mod action;
mod azure;
mod drs;
mod image;
mod may_hold;
mod refused;
mod storage;
mod storage_endpoint;
mod whole;

pub use action::Action;
pub use drs::{DrsId, ObjectRef};
pub use image::Image;
pub use may_hold::{MayHold, NotHeld};
pub use refused::RefRefused;
pub use storage::{Scheme, StorageUrl};
pub use whole::{DataRef, Intent, MAX_ITEMS, Mention, Read, ScopeKind, SessionScope, TooMany, ToolRef, Write};
