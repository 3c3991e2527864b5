//! What a whole decision costs, beside bare Cedar asked the same questions in the same run.
//!
//! `cargo xtask bench decide`, or `cargo bench --workspace --bench decide -- [--rounds N]`

use std::{cell::Cell, error::Error, hint::black_box, io::Write, time::Duration};

use benches::{
    bare::Bare,
    cpu,
    node::{Node, Size, read},
    rounds::{Contender, Taken, during, median, ratios, run, spread},
    world::NOW,
};
use policy_engine::{decide::DecisionCache, intent::Intent};
use visa_verifier::seam::Timestamp;

/// One batch of one contender.
const BATCH: Duration = Duration::from_millis(40);
/// Policies in all, of which those that can apply are the shipped ones.
const POLICIES: [usize; 3] = [0, 100, 1_000];
/// Datasets asked for at once.
const RESOURCES: [usize; 3] = [1, 8, 100];
/// Visas of who asks.
const VISAS: [usize; 2] = [5, 50];
/// Datasets of a large node.
const MANY: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut rounds = 11;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = arguments.next().ok_or("--rounds wants a number")?.parse()?,
            "--profile" => return profile(),
            // cargo says so
            "--bench" => {}
            other => return Err(format!("`{other}` is not understood: --rounds N").into()),
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}, {} cores, {rounds} rounds\n", cpu::model(), cpu::cores())?;
    writeln!(
        out,
        "| policies: can apply / in all | datasets asked | visas | decision µs CPU | ± | µs wall | bare, those that can apply, µs | ratio CPU | ± | ratio wall | bare, all, µs | ratio CPU |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
    for policies in POLICIES {
        for visas in VISAS {
            let size = Size {
                datasets: 100,
                further: 0,
                visas,
            };
            let shipped = Shape::new(size, 1)?.all.policies();
            let size = Size {
                further: policies.saturating_sub(shipped),
                ..size
            };
            for resources in RESOURCES {
                beside_bare(&mut out, &Shape::new(size, resources)?, rounds)?;
            }
        }
    }
    by_datasets(&mut out, rounds)?;
    cached(&mut out, rounds)
}

/// A node, a question, and the same question for bare Cedar.
struct Shape {
    size: Size,
    resources: usize,
    node: Node,
    intent: Intent,
    fitting: Bare,
    all: Bare,
    /// Time goes on, so that nothing that holds a moment can be ready.
    turn: Cell<i64>,
}

impl Shape {
    fn new(size: Size, resources: usize) -> Result<Self, Box<dyn Error>> {
        let node = Node::new(size)?;
        let intent = read(resources)?;
        let decision = node.engine.decide(&node.facts, &intent, Timestamp::from_unix(NOW));
        if !decision.allow() {
            return Err(format!("the bench is denied: {:?}", decision.reasons()).into());
        }
        let more = node.engine.snapshot().policies.first();
        let more = more.map(|file| file.text.as_str()).unwrap_or_default();
        Ok(Self {
            fitting: Bare::of(&decision, more, true)?,
            all: Bare::of(&decision, more, false)?,
            size,
            resources,
            node,
            intent,
            turn: Cell::new(0),
        })
    }

    fn decide(&self) {
        self.turn.set((self.turn.get() + 1) % 1_000);
        let now = Timestamp::from_unix(NOW + self.turn.get());
        let decision = self.node.engine.decide(&self.node.facts, black_box(&self.intent), now);
        assert!(black_box(decision).allow());
    }
}

/// One shape over and over, for a profiler.
fn profile() -> Result<(), Box<dyn Error>> {
    let size = Size {
        datasets: 100,
        further: 0,
        visas: 50,
    };
    let shape = Shape::new(size, 1)?;
    during(Duration::from_secs(8), 64, |_| shape.decide());
    Ok(())
}

fn stride(resources: usize) -> u32 {
    if resources > 10 { 2 } else { 16 }
}

fn beside_bare(out: &mut impl Write, shape: &Shape, rounds: usize) -> Result<(), Box<dyn Error>> {
    let stride = stride(shape.resources);
    let taken = run(
        vec![
            Contender::new("bare", || {
                during(BATCH, stride, |_| assert!(black_box(&shape.fitting).ask()))
            }),
            Contender::new("bare, all", || {
                during(BATCH, stride, |_| assert!(black_box(&shape.all).ask()))
            }),
            Contender::new("decision", || during(BATCH, stride, |_| shape.decide())),
        ],
        rounds,
    );
    let [bare, all, ours] = taken.as_slice() else {
        return Err("three were measured".into());
    };
    let by = |other: &Taken| ratios(&ours.cpu, &other.cpu);
    writeln!(
        out,
        "| {} / {} | {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.1} | {:.3} |",
        shape.fitting.policies(),
        shape.all.policies(),
        shape.resources,
        shape.size.visas,
        median(&ours.cpu) / 1e3,
        spread(&ours.cpu) / 1e3,
        median(&ours.wall) / 1e3,
        median(&bare.cpu) / 1e3,
        median(&by(bare)),
        spread(&by(bare)),
        median(&ratios(&ours.wall, &bare.wall)),
        median(&all.cpu) / 1e3,
        median(&by(all)),
    )?;
    Ok(())
}

/// From few datasets to many.
fn by_datasets(out: &mut impl Write, rounds: usize) -> Result<(), Box<dyn Error>> {
    let shape = |datasets| {
        let size = Size {
            datasets,
            further: 0,
            visas: 5,
        };
        Shape::new(size, 1)
    };
    let (few, many) = (shape(10)?, shape(MANY)?);
    let taken = run(
        vec![
            Contender::new("10", || during(BATCH, 16, |_| few.decide())),
            Contender::new("10,000", || during(BATCH, 16, |_| many.decide())),
        ],
        rounds,
    );
    let [few, many] = taken.as_slice() else {
        return Err("two were measured".into());
    };
    let ratio = ratios(&many.cpu, &few.cpu);
    writeln!(
        out,
        "\nA decision on a node of 10 datasets {:.1} µs, of {MANY} {:.1} µs: ratio {:.3} ± {:.3}",
        median(&few.cpu) / 1e3,
        median(&many.cpu) / 1e3,
        median(&ratio),
        spread(&ratio)
    )?;
    Ok(())
}

/// A decision that is kept, by the same engine.
fn cached(out: &mut impl Write, rounds: usize) -> Result<(), Box<dyn Error>> {
    for visas in VISAS {
        let size = Size {
            datasets: 100,
            further: 0,
            visas,
        };
        let shape = Shape::new(size, 1)?;
        let cache = DecisionCache::default();
        let now = Timestamp::from_unix(NOW);
        let decide = || cache.decide(&shape.node.engine, &shape.node.facts, black_box(&shape.intent), now);
        let first = decide();
        if !std::sync::Arc::ptr_eq(&first, &decide()) {
            return Err("the decision was not kept".into());
        }
        let taken = run(
            vec![Contender::new("cached", || {
                during(BATCH, 512, |_| assert!(black_box(decide()).allow()))
            })],
            rounds,
        );
        for one in taken {
            let (cpu, wall) = (median(&one.cpu) / 1e3, median(&one.wall) / 1e3);
            writeln!(
                out,
                "A kept decision, {visas} visas: {cpu:.3} µs CPU, {wall:.3} µs wall"
            )?;
        }
    }
    Ok(())
}
