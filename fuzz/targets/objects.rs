//! `cargo fuzz run objects`
#![no_main]

#[path = "../src/engine_targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::run("objects", data);
});
