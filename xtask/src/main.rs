//! cargo xtask: check, test.

fn main() {}
