//! One test is one target, as in `visa-verifier`.

#[path = "../../../fuzz/src/harness.rs"]
mod harness;
#[path = "../../../fuzz/src/engine_targets.rs"]
mod targets;

#[test]
fn fuzz_objects() {
    harness::fuzz("objects");
}

#[test]
fn every_target_is_fuzzed() {
    let names: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["objects"]);
}
