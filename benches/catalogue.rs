//! The table of objects at its size.

fn main() {}
