//! How many heap allocations it takes to verify a visa, by claim that is kept.

use std::alloc::System;

use benches::world::{Algorithm, World, now};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use visa_verifier::verify::Step;
use visa_verifier::{Passport, Verification};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

// one test alone in this program: another one's allocations would be counted too
#[test]
fn a_claim_that_is_kept_costs_at_most_three_allocations() {
    for algorithm in Algorithm::ALL {
        let mut world = World::new(algorithm).unwrap();
        let trust = world.trust().unwrap();
        let visa = world.visa().unwrap();
        let verify = || {
            let one = Passport::of_one(&visa.text).unwrap();
            match Verification::begin(one, &trust, now()).step() {
                Step::Done(result) => result.unwrap(),
                Step::Need(request) => panic!("all keys are here, yet {request:?} is asked for"),
            }
        };
        // the first one sets up what lives as long as the process
        drop(verify());
        let bare = {
            let region = Region::new(COUNTING);
            assert!(visa.bare.verify());
            region.change()
        };
        let region = Region::new(COUNTING);
        let verified = verify();
        let took = region.change();
        let visa = &verified.visas()[0];
        let claims = ["iss", "sub", "iat", "exp", "jti", "ga4gh_visa_v1"];
        let members = ["type", "asserted", "value", "source", "by"];
        assert!(claims.iter().all(|claim| visa.claim(claim).is_some()));
        let object = visa.claim("ga4gh_visa_v1").unwrap();
        assert!(members.iter().all(|member| object.get(member).is_some()));
        // a claim, and a member of the Visa Object, which is a claim of its own
        let kept = claims.len() + members.len();
        let ours = took.allocations + took.reallocations - bare.allocations - bare.reallocations;
        println!(
            "{}: {ours} allocations ({} of them grown) for {kept} claims: {:.2} each; {} bytes; ring's check beside: {}",
            algorithm.name(),
            took.reallocations,
            ours as f64 / kept as f64,
            took.bytes_allocated,
            bare.allocations,
        );
        assert!(ours <= 3 * kept, "{}: {ours} for {kept}", algorithm.name());
    }
}
