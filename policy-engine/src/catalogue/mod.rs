//! The catalogue: which dataset an object, a storage URL or a directory belongs to. Unmapped is an answer of its own,
//! and a denial: never "public".

mod index;
pub mod list;
pub mod lists;
#[cfg(test)]
mod lists_tests;
pub mod lookup;
pub mod manifest;
pub mod object_map;
pub mod prefix_map;
pub mod segment;
mod single;
mod walk;

pub use lists::{ObjectList, ObjectLists};
pub use lookup::{Asked, Place, Resolved, resolve};
pub use object_map::{CatalogueError, ObjectMap, ObjectRecord};
pub use prefix_map::{PrefixMap, PrefixRecord};
pub use segment::Segment;
