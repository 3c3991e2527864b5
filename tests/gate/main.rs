//! Ways around the gate, each tried through real HTTP against the built binary (`docs/conformance/apis.md`).
//!
//! - `wire`: how a request is read, and what lies below it (E1–E11, E36–E47)
//! - `people`: being someone else, seeing their things, and what leaks without data (E32–E35, E54–E60, E80, E82, E83)
//! - `drs`: naming objects and reading them (E14–E16, E39, E48–E50, E71)
//! - `tasks`: tasks, runs and tools (E12, E13, E17–E29, E53, E76–E79)
//! - `trs`: the tool registry and the service registry (E10, E47, E54, E57, E59 there)
//! - `outputs`: the release of outputs, and logs that are withheld (E28, E30, E78)
//! - `fleet`: several backends of a kind (E32, E51, E79)
//! - `door`: the storage door and its sessions (E30, E31, E49–E52, E61–E75, E78, E81)

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test whose parts do not come up fails"
)]

mod door;
mod drs;
mod fleet;
mod outputs;
mod people;
mod tasks;
mod trs;
mod wire;
