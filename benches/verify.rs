//! What it costs to verify, beside ring's bare verification of the same bytes in the same run.
//!
//! `cargo xtask bench verify`, or `cargo bench --workspace --bench verify -- [--rounds N]`

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Duration;

use benches::cpu;
use benches::rounds::{Contender, Taken, during, median, ratios, run, spread};
use benches::world::{Algorithm, Container, Token, World, now};
use visa_verifier::token::TokenDigest;
use visa_verifier::verify::{Step, VerifiedTokens};
use visa_verifier::{Passport, TrustPolicy, Verification};

/// One batch of one contender.
const BATCH: Duration = Duration::from_millis(60);
/// One batch where only whole ticks of the process can be counted.
const LONG: Duration = Duration::from_millis(600);
/// Visas of the large Passport.
const MANY: usize = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut rounds = 11;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = arguments.next().ok_or("--rounds wants a number")?.parse()?,
            // cargo says so
            "--bench" => {}
            other => return Err(format!("`{other}` is not understood: --rounds N").into()),
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}, {} cores, {rounds} rounds\n", cpu::model(), cpu::cores())?;
    writeln!(
        out,
        "| work | µs CPU | ± | µs wall | bare ring µs | ratio CPU | ± | ratio wall |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    for algorithm in Algorithm::ALL {
        let mut world = World::new(algorithm)?;
        let trust = world.trust()?;
        let visas: Vec<Token> = (0..64).map(|_| world.visa()).collect::<Result<_, _>>()?;
        let name = algorithm.name();
        let taken = run(
            vec![
                Contender::new("bare", || {
                    during(BATCH, 16, |i| one_of(&visas, i, |v| assert!(v.bare.verify())))
                }),
                Contender::new(format!("a visa, {name}, cold"), || {
                    during(BATCH, 16, |i| one_of(&visas, i, |v| judge_one(&v.text, &trust)))
                }),
            ],
            rounds,
        );
        print(&mut out, &taken)?;
        let passports: Vec<Container> = (0..4).map(|_| world.passport(MANY)).collect::<Result<_, _>>()?;
        let taken = run(
            vec![
                Contender::threaded("bare", || {
                    during(LONG, 8, |i| one_of(&passports, i, |p| assert!(p.verify_bare())))
                }),
                Contender::threaded(format!("{MANY} + 1 bare checks, {name}, on all cores"), || {
                    during(LONG, 8, |i| {
                        one_of(&passports, i, |p| assert!(p.verify_bare_on_all_cores()))
                    })
                }),
                Contender::threaded(format!("a Passport of {MANY} visas, {name}, cold"), || {
                    during(LONG, 8, |i| {
                        one_of(&passports, i, |p| judge(&p.passport.text, &trust, MANY))
                    })
                }),
            ],
            rounds.div_ceil(2),
        );
        print(&mut out, &taken)?;
        known(&mut out, &mut world, &trust, &visas, rounds, name)?;
    }
    Ok(())
}

/// What is verified already: by its digest.
fn known(
    out: &mut impl Write,
    world: &mut World,
    trust: &TrustPolicy,
    visas: &[Token],
    rounds: usize,
    name: &str,
) -> Result<(), Box<dyn Error>> {
    let memory = VerifiedTokens::default();
    let digests: Vec<TokenDigest> = visas.iter().map(|visa| TokenDigest::of(&visa.text)).collect();
    for visa in visas {
        let one = Passport::of_one(&visa.text).map(|one| Verification::begin(one, trust, now()).remembering(&memory));
        finish(one, 1);
    }
    let first = visas.get(..MANY).ok_or("too few visas")?;
    let passports: Vec<Token> = (0..4).map(|_| world.around(first)).collect::<Result<_, _>>()?;
    let taken = run(
        vec![
            Contender::new("bare", || {
                during(BATCH, 16, |i| one_of(visas, i, |v| assert!(v.bare.verify())))
            }),
            Contender::new("digest of a visa alone", || {
                during(BATCH, 512, |i| {
                    one_of(visas, i, |v| {
                        black_box(TokenDigest::of(black_box(&v.text)));
                    })
                })
            }),
            Contender::new("the memory's answer to a digest", || {
                during(BATCH, 512, |i| {
                    one_of(&digests, i, |d| assert!(memory.knows(black_box(d))))
                })
            }),
            Contender::new(format!("a visa, {name}, remembered: text to visa"), || {
                during(BATCH, 128, |i| {
                    one_of(visas, i, |v| {
                        let one = Passport::of_one(&v.text);
                        finish(
                            one.map(|one| Verification::begin(one, trust, now()).remembering(&memory)),
                            1,
                        );
                    })
                })
            }),
            Contender::new(format!("a new Passport of {MANY} remembered visas, {name}"), || {
                during(BATCH, 4, |i| {
                    one_of(&passports, i, |p| {
                        let one = Passport::parse(&p.text);
                        finish(
                            one.map(|one| Verification::begin(one, trust, now()).remembering(&memory)),
                            MANY,
                        );
                    })
                })
            }),
        ],
        rounds,
    );
    print(out, &taken)?;
    Ok(())
}

fn one_of<T>(all: &[T], turn: u32, work: impl FnOnce(&T)) {
    if let Some(one) = all.get(turn as usize % all.len().max(1)) {
        work(one);
    }
}

/// A visa alone, from its text to a [`visa_verifier::Visa`].
fn judge_one(text: &str, trust: &TrustPolicy) {
    finish(
        Passport::of_one(text).map(|passport| Verification::begin(passport, trust, now())),
        1,
    );
}

/// A Passport, from its text to all of its visas.
fn judge(text: &str, trust: &TrustPolicy, visas: usize) {
    finish(
        Passport::parse(text).map(|passport| Verification::begin(passport, trust, now())),
        visas,
    );
}

fn finish(begun: Result<Verification<'_>, visa_verifier::PassportRejected>, visas: usize) {
    let counted = match begun.map(|mut verification| verification.step()) {
        Ok(Step::Done(result)) => black_box(*result).map_or(0, |passport| passport.visas().len()),
        Ok(Step::Need(_)) | Err(_) => 0,
    };
    assert_eq!(counted, visas, "every visa counts");
}

/// The first is the bare primitive, the others stand beside it.
fn print(out: &mut impl Write, taken: &[Taken]) -> std::io::Result<()> {
    let Some((bare, ours)) = taken.split_first() else {
        return Ok(());
    };
    for one in ours {
        let (by_cpu, by_wall) = (ratios(&one.cpu, &bare.cpu), ratios(&one.wall, &bare.wall));
        writeln!(
            out,
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.3} | {:.3} | {:.3} |",
            one.name,
            median(&one.cpu) / 1e3,
            spread(&one.cpu) / 1e3,
            median(&one.wall) / 1e3,
            median(&bare.cpu) / 1e3,
            median(&by_cpu),
            spread(&by_cpu),
            median(&by_wall),
        )?;
    }
    Ok(())
}
