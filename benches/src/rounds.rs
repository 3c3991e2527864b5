//! Contenders take turns, round by round, so that a slow minute of the machine is everybody's.

use std::time::{Duration, Instant};

use crate::cpu;

/// Something that is measured: its name and one batch of work, which says how many times it did it.
pub struct Contender<'w> {
    name: String,
    batch: Box<dyn FnMut() -> u32 + 'w>,
    whole: bool,
}

impl std::fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl<'w> Contender<'w> {
    /// Work on one thread, measured by that thread's CPU time.
    pub fn new(name: impl Into<String>, batch: impl FnMut() -> u32 + 'w) -> Self {
        Self {
            name: name.into(),
            batch: Box::new(batch),
            whole: false,
        }
    }

    /// Work on several threads, measured by the CPU time of the whole process.
    pub fn threaded(name: impl Into<String>, batch: impl FnMut() -> u32 + 'w) -> Self {
        Self {
            whole: true,
            ..Self::new(name, batch)
        }
    }
}

/// What one contender took, nanoseconds for one piece of work, a value each round.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its name.
    pub name: String,
    /// CPU time.
    pub cpu: Vec<f64>,
    /// Time on the wall.
    pub wall: Vec<f64>,
}

/// Lets every contender do one batch a round, each time beginning with another one. The first round only warms up.
#[must_use]
pub fn run(mut contenders: Vec<Contender<'_>>, rounds: usize) -> Vec<Taken> {
    let mut taken: Vec<Taken> = contenders
        .iter()
        .map(|c| Taken {
            name: c.name.clone(),
            cpu: Vec::new(),
            wall: Vec::new(),
        })
        .collect();
    let count = contenders.len();
    for round in 0..=rounds {
        for turn in 0..count {
            let at = (turn + round) % count.max(1);
            let (Some(contender), Some(taken)) = (contenders.get_mut(at), taken.get_mut(at)) else {
                continue;
            };
            let clock = if contender.whole { cpu::process } else { cpu::thread };
            let (cpu, wall) = (clock(), Instant::now());
            let times = f64::from((contender.batch)().max(1));
            let (cpu, wall) = (clock().saturating_sub(cpu), wall.elapsed());
            if round > 0 {
                taken.cpu.push(nanos(cpu) / times);
                taken.wall.push(nanos(wall) / times);
            }
        }
    }
    taken
}

/// Does `work` over and over until about `time` of the wall has gone, in strides of `stride`.
pub fn during(time: Duration, stride: u32, mut work: impl FnMut(u32)) -> u32 {
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed() < time {
        for _ in 0..stride {
            work(done);
            done += 1;
        }
    }
    done
}

/// The middle value.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Half of the distance between the quarters: how far the middle half of the rounds lies apart.
#[must_use]
pub fn spread(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |part: usize| sorted.get(sorted.len() * part / 4).copied().unwrap_or(f64::NAN);
    (at(3) - at(1)) / 2.0
}

/// Round by round, `one` over `other`.
#[must_use]
pub fn ratios(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| one / other).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a batch is far below 2^52 ns")]
fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}
