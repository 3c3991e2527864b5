//! The parsers of `policy-engine` under mutations: see `fuzz/README.md`.

#[cfg(test)]
mod fuzz;
