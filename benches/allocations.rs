//! How many heap allocations it takes to verify a visa, by claim that is kept.

use std::alloc::System;

use benches::world::{Algorithm, World, now};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use visa_verifier::verify::Step;
use visa_verifier::{Passport, Verification, VerifiedPassport};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Claims of a visa of this world, members of its Visa Object included: all are kept.
const CLAIMS: [&str; 6] = ["iss", "sub", "iat", "exp", "jti", "ga4gh_visa_v1"];
const MEMBERS: [&str; 5] = ["type", "asserted", "value", "source", "by"];
const VISAS: usize = 50;

// one test alone in this program: another one's allocations would be counted too
#[test]
fn a_claim_that_is_kept_costs_at_most_three_allocations() {
    for algorithm in Algorithm::ALL {
        let mut world = World::new(algorithm).unwrap();
        let trust = world.trust().unwrap();
        let whole = world.passport(VISAS).unwrap();
        let verify = |passport: Passport| match Verification::begin(passport, &trust, now()).step() {
            Step::Done(result) => result.unwrap(),
            Step::Need(request) => panic!("all keys are here, yet {request:?} is asked for"),
        };
        let counted = |work: &dyn Fn() -> usize| {
            // the first time sets up what lives as long as the process
            work();
            let region = Region::new(COUNTING);
            let claims = work();
            let change = region.change();
            (change.allocations + change.reallocations, claims)
        };
        let claims_of = |verified: VerifiedPassport| {
            for visa in verified.visas() {
                let object = visa.claim("ga4gh_visa_v1").unwrap();
                assert!(CLAIMS.iter().all(|claim| visa.claim(claim).is_some()));
                assert!(MEMBERS.iter().all(|member| object.get(member).is_some()));
            }
            verified.visas().len() * (CLAIMS.len() + MEMBERS.len())
        };
        let (ring, _) = counted(&|| usize::from(whole.verify_bare()));
        let (all, claims) = counted(&|| claims_of(verify(Passport::parse(&whole.passport.text).unwrap())));
        let (ring_alone, _) = counted(&|| usize::from(whole.visas[5].bare.verify()));
        let (alone, of_one) = counted(&|| claims_of(verify(Passport::of_one(&whole.visas[5].text).unwrap())));
        println!(
            "{}: a Passport of {VISAS} visas: {:.2} allocations a claim; a visa alone: {:.2}; ring's own {:.2}",
            algorithm.name(),
            (all - ring) as f64 / claims as f64,
            (alone - ring_alone) as f64 / of_one as f64,
            ring as f64 / claims as f64,
        );
        assert_eq!(claims, VISAS * 11);
        assert!(
            all - ring <= 3 * claims,
            "{}: {} for {claims}",
            algorithm.name(),
            all - ring
        );
    }
}
