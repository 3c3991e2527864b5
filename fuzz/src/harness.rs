//! What runs a target on stable Rust. Included by the tests `fuzz` of `visa-verifier` and `policy-engine`, each beside
//! its `targets`.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::targets;

/// Mutations a target in a test run.
const MUTATIONS: usize = 1_500;
/// The longest input.
const LONGEST: usize = 32 * 1024;
/// Inputs kept since something new came of them.
const POOL: usize = 2_000;

/// Every seed of a target, then mutations of them.
pub(crate) fn fuzz(target: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let mut pool: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(!pool.is_empty(), "{target} has no seed");
    let mut known = HashSet::new();
    for (file, seed) in files.iter().zip(&pool) {
        match tried(target, seed) {
            Ok(words) => _ = known.insert(words),
            Err(why) => panic!("{}: {why}", file.display()),
        }
    }
    let seconds = std::env::var_os("VISUM_FUZZ_SECONDS").and_then(|s| s.to_str()?.parse().ok());
    let mut random = Random(
        target
            .bytes()
            .fold(0x9e37_79b9_7f4a_7c15, |sum: u64, b| sum.rotate_left(7) ^ u64::from(b)),
    );
    if seconds.is_some() {
        random.0 ^= u64::from(std::process::id()) << 17;
    }
    let (begun, mut tries) = (Instant::now(), 0_usize);
    let goes_on = |tries: usize| match seconds {
        Some(seconds) => begun.elapsed() < Duration::from_secs(seconds),
        None => tries < MUTATIONS,
    };
    while goes_on(tries) {
        tries += 1;
        let mut input = pool[random.below(pool.len())].clone();
        for _ in 0..=random.below(4) {
            let other = random.below(pool.len());
            mutate(&mut input, &pool[other], &mut random);
        }
        input.truncate(LONGEST);
        match tried(target, &input) {
            Ok(words) => {
                if known.insert(words) && pool.len() < POOL {
                    pool.push(input);
                }
            }
            Err(why) => found(target, &folder, &input, &why, seconds.is_some()),
        }
    }
    println!("{target}: {tries} inputs, {} outcomes", known.len());
}

fn tried(target: &str, input: &[u8]) -> Result<String, String> {
    let run = || targets::run(target, input).expect("a target");
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned()))
            .unwrap_or_default()
    })
}

fn found(target: &str, folder: &Path, input: &[u8], why: &str, keep: bool) {
    if keep {
        let sum = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, b| {
            (sum ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
        });
        let file = folder.join(format!("found-{sum:016x}"));
        std::fs::write(&file, input).unwrap();
        panic!("{target}: {why}; kept as {}", file.display());
    }
    panic!("{target}: {why}; the input: {}", input.escape_ascii());
}

/// Texts at which parsers stumble.
const WORDS: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    ";",
    "\n",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\\u0000",
    "\\ud800",
    "\\u0069ss",
    "1e400",
    "-1",
    "-0",
    "0.5",
    "1e308",
    "18446744073709551616",
    "9223372036854775807",
    "-9223372036854775808",
    "null",
    "true",
    "NaN",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":",
    "*",
    "?",
    "**",
    "const:",
    "pattern:",
    "split_pattern:",
    "%",
    "%00",
    "%ff",
    "%2C",
    "urn:x",
    "https://",
    "https://visas.example.org",
    "u,urn%3Ax",
    "faculty@uni-a.example",
    "\"conditions\":[]",
    "\"by\":\"dac\"",
    "\"alg\":\"none\"",
    "\"crit\":[]",
    "\"b64\":false",
    "\"kid\":\"k\"",
    "\"exp\":1e9",
    "$serde_json::private::RawValue",
    "$__toml_private_datetime",
    "LinkedIdentities",
    "AffiliationAndRole",
    "jwks_file",
    "ga4gh_passport_v1",
    "ga4gh_visa_v1",
    "\u{1f9ec}",
    "=",
    "==",
    ".",
    "..",
    "'''",
    "[[",
    "]]",
    "#",
];

fn mutate(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let span = 1 + random.below(24);
    let end = (at + span).min(input.len());
    match random.below(10) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = random.below(256) as u8,
        2 => input.insert(at, random.below(256) as u8),
        3 => _ = input.drain(at..end),
        4 => {
            let copy = input[at..end].to_vec();
            let to = random.below(input.len() + 1);
            input.splice(to..to, copy);
        }
        5 => {
            // a long run of the same
            let copy = input[at..end].repeat(1 + random.below(60));
            input.splice(at..at, copy);
        }
        6 if !other.is_empty() => {
            let from = random.below(other.len());
            let to = (from + 1 + random.below(80)).min(other.len());
            input.splice(at..end, other[from..to].iter().copied());
        }
        7 => input.truncate(at),
        _ => {
            let word = WORDS[random.below(WORDS.len())];
            let end = if random.below(2) == 0 { at } else { end };
            input.splice(at..end, word.bytes());
        }
    }
}

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        (number % bound.max(1) as u64) as usize
    }
}
