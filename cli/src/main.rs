//! The visum command.

fn main() {}
