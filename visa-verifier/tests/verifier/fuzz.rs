//! Mutation fuzzing on stable Rust: each file of `fuzz/corpus`, then mutations of them, a fixed number from a fixed
//! seed. `cargo xtask fuzz` sets a time instead (`VISUM_FUZZ_SECONDS`), another seed, and keeps what it finds.

#[path = "../../../fuzz/src/harness.rs"]
mod harness;
#[path = "../../../fuzz/src/targets.rs"]
mod targets;

use harness::fuzz;

macro_rules! fuzz {
    ($($test:ident $target:literal)*) => {
        $(#[test] fn $test() { fuzz($target); })*

        #[test]
        fn every_target_is_fuzzed() {
            let names: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$($target),*]);
        }
    };
}

fuzz! {
    fuzz_token "token"
    fuzz_jwks "jwks"
    fuzz_visa "visa"
    fuzz_passport "passport"
    fuzz_conditions "conditions"
    fuzz_links "links"
    fuzz_trust_toml "trust_toml"
    fuzz_trust_json "trust_json"
    fuzz_access_token "access_token"
    fuzz_userinfo "userinfo"
    fuzz_request "request"
}
