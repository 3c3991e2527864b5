//! What a snapshot of many datasets and objects costs: on disk, to load, in memory, to look up; beside a map of texts.
//!
//! `cargo xtask bench catalogue`, or `cargo bench --workspace --bench catalogue -- [--objects N] [--datasets N]
//! [--ids accession|random|half] [--full]`

use std::{
    collections::HashMap,
    error::Error,
    fs,
    hint::black_box,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use benches::{
    archive::{Archive, Ids},
    cpu, memory,
    node::{self, Size},
    world::{Algorithm, World},
};
use policy_engine::{
    catalogue::{ObjectList, ObjectLists, ObjectMap, PrefixMap, Segment, segment},
    decide::Engine,
    snapshot::{Manifest, Snapshot},
};

/// Objects of the map of texts.
const TEXTS: u64 = 1_000_000;
/// Lookups of each kind.
const LOOKUPS: u64 = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut archive = Archive {
        objects: 1_000_000,
        datasets: 10_000,
        ids: Ids::Half,
        full: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} wants a value"));
        match argument.as_str() {
            "--objects" => archive.objects = value()?.parse()?,
            "--datasets" => archive.datasets = value()?.parse()?,
            "--ids" => archive.ids = value()?.parse()?,
            "--full" => archive.full = true,
            "--texts" => return texts_alone(&archive),
            // cargo says so
            "--bench" => {}
            other => {
                return Err(format!(
                    "`{other}` is not understood: --objects N, --datasets N, --ids accession|random|half, --full"
                )
                .into());
            }
        }
    }
    let folder = std::env::temp_dir().join(format!("visum-bench-catalogue-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let done = run(&archive, &folder);
    fs::remove_dir_all(&folder)?;
    done
}

fn run(archive: &Archive, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}, {} cores; {archive}\n", cpu::model(), cpu::cores())?;
    writeln!(out, "| what | measured | an object |\n|---|---|---|")?;
    let (files, disk) = saved(&mut out, archive, folder)?;
    let before = memory::resident();
    let (lists, loaded) = loaded(&mut out, archive, &files)?;
    let used = memory::resident().saturating_sub(before);
    let each = per(used, lists.len() as u64);
    writeln!(
        out,
        "| resident memory of the object map | {} | {each:.1} bytes |",
        mib(used)
    )?;
    let (bytes, index) = lists.bytes();
    writeln!(
        out,
        "| of it lists, indexes | {}, {} ({} index) | {:.1}, {:.1} bytes |",
        mib(bytes as u64),
        mib(index as u64),
        lists.indexes(),
        per(bytes as u64, lists.len() as u64),
        per(index as u64, lists.len() as u64)
    )?;
    let engine = engine(&mut out, archive, &lists)?;
    writeln!(
        out,
        "| resident memory of the whole process | {} | |",
        mib(memory::resident())
    )?;
    again(&mut out, archive, &lists)?;
    let found = lookups(&mut out, archive, &engine)?;
    let texts = texts(&mut out, archive)?;
    writeln!(
        out,
        "\nBeside a `HashMap<String, u32>` of {} ids: {:.1} bytes an object for {:.1} ({:.2} of it), a known id in {:.2} µs for {:.2} ({:.1} times); \
         {:.1} bytes an object on disk, {:.1} s to load.",
        TEXTS.min(archive.objects),
        each,
        texts.bytes,
        each / texts.bytes,
        found,
        texts.micros,
        found / texts.micros,
        per(disk, archive.objects),
        loaded.as_secs_f64()
    )?;
    Ok(())
}

/// What a map of texts costs.
struct Texts {
    bytes: f64,
    micros: f64,
}

/// In a process of its own, so that neither stands on memory that the other gave back.
fn texts(out: &mut impl Write, archive: &Archive) -> Result<Texts, Box<dyn Error>> {
    let count = TEXTS.min(archive.objects);
    let ids = match archive.ids {
        Ids::Accession => "accession",
        Ids::Random => "random",
        Ids::Half => "half",
    };
    let said = std::process::Command::new(std::env::current_exe()?)
        .args(["--objects", &archive.objects.to_string()])
        .args(["--datasets", &archive.datasets.to_string()])
        .args(["--ids", ids, "--texts"])
        .output()?;
    let figures: Vec<f64> = String::from_utf8(said.stdout)?
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let [built, bytes, micros, most] = *figures.as_slice() else {
        return Err("the map of texts was not measured".into());
    };
    writeln!(
        out,
        "| `HashMap<String, u32>` of {count}: built, a known id p50, p99, memory | {built:.2} s, {micros:.2} µs, {most:.2} µs | {bytes:.1} bytes |"
    )?;
    Ok(Texts { bytes, micros })
}

fn texts_alone(archive: &Archive) -> Result<(), Box<dyn Error>> {
    let count = TEXTS.min(archive.objects);
    let before = memory::resident();
    let begun = Instant::now();
    let mut map: HashMap<String, u32> = HashMap::new();
    for at in archive.sample(count, 1) {
        map.insert(archive.id(at), u32::try_from(archive.dataset_of(at))?);
    }
    let built = begun.elapsed().as_secs_f64();
    let bytes = per(memory::resident().saturating_sub(before), map.len() as u64);
    let ids: Vec<String> = archive.sample(LOOKUPS.min(count), 1).map(|at| archive.id(at)).collect();
    let times = timed(&ids, |id| map.contains_key(id))?;
    writeln!(std::io::stdout(), "{built} {bytes} {} {}", times.half, times.most)?;
    Ok(())
}

type Files = Vec<(usize, PathBuf)>;

fn saved(out: &mut impl Write, archive: &Archive, folder: &Path) -> Result<(Files, u64), Box<dyn Error>> {
    let (mut writing, mut disk) = (Duration::ZERO, 0_u64);
    let mut files = Vec::new();
    for dataset in 0..archive.datasets {
        let records = archive.records(dataset)?;
        let begun = Instant::now();
        for (number, part) in segment::write(records, segment::SEGMENT_BYTES).into_iter().enumerate() {
            disk += part.bytes.len() as u64;
            let path = folder.join(format!("{dataset}-{number}"));
            fs::write(&path, &part.bytes)?;
            files.push((dataset, path));
        }
        writing += begun.elapsed();
    }
    writeln!(
        out,
        "| on disk, {} lists | {} | {:.1} bytes |",
        files.len(),
        mib(disk),
        per(disk, archive.objects)
    )?;
    writeln!(
        out,
        "| lists built and saved, from objects in memory | {:.1} s | {:.2} µs |",
        writing.as_secs_f64(),
        micros(writing, archive.objects)
    )?;
    Ok((files, disk))
}

fn loaded(out: &mut impl Write, archive: &Archive, files: &Files) -> Result<(ObjectLists, Duration), Box<dyn Error>> {
    let begun = Instant::now();
    let mut lists = Vec::with_capacity(files.len());
    for (dataset, path) in files {
        lists.push(ObjectList {
            dataset: node::dataset_name(*dataset)?,
            segment: Arc::new(Segment::open(fs::read(path)?)?),
        });
    }
    let read = begun.elapsed();
    let lists = ObjectLists::new(&ObjectLists::default(), lists)?;
    let all = begun.elapsed();
    let indexed = all.saturating_sub(read);
    for (what, time) in [
        ("read, digest and every byte looked at", read),
        ("index made, no id stands twice", indexed),
        ("loaded: both", all),
    ] {
        let each = micros(time, archive.objects);
        writeln!(out, "| {what} | {:.2} s | {each:.3} µs |", time.as_secs_f64())?;
    }
    Ok((lists, all))
}

/// The whole snapshot, with a prefix for each dataset.
fn engine(out: &mut impl Write, archive: &Archive, lists: &ObjectLists) -> Result<Engine, Box<dyn Error>> {
    let mut world = World::new(Algorithm::Es256)?;
    let trust = world.trust()?;
    let _ = world.opening(5, 1)?;
    let size = Size {
        datasets: archive.datasets,
        further: 0,
        visas: 1,
    };
    let mut snapshot: Snapshot = node::snapshot(size, trust)?;
    let prefixes = (0..archive.datasets).map(|dataset| archive.prefix(dataset));
    snapshot.prefixes = PrefixMap::new(prefixes.collect::<Result<_, _>>()?)?;
    let begun = Instant::now();
    snapshot.objects = ObjectMap::with_lists(Vec::new(), lists.clone())?;
    let manifest = Manifest::of(&snapshot, None, "")?;
    let signed = begun.elapsed();
    let engine = Engine::load(snapshot)?;
    let loaded = begun.elapsed().saturating_sub(signed);
    let section = manifest.sections.iter().find(|section| section.name == "objects");
    writeln!(
        out,
        "| its manifest | {:.2} s, {} bytes of objects | |",
        signed.as_secs_f64(),
        section.map_or(0, |section| section.bytes)
    )?;
    writeln!(
        out,
        "| the engine loads the snapshot of {} datasets | {:.2} s | |",
        archive.datasets,
        loaded.as_secs_f64()
    )?;
    Ok(engine)
}

/// The next snapshot, in which one list is another.
fn again(out: &mut impl Write, archive: &Archive, lists: &ObjectLists) -> Result<(), Box<dyn Error>> {
    let mut next: Vec<ObjectList> = lists.lists().to_vec();
    let mut records = archive.records(0)?;
    records.pop();
    if let (Some(first), Some(part)) = (
        next.iter_mut()
            .find(|list| node::dataset_name(0).is_ok_and(|name| name == list.dataset)),
        segment::write(records, segment::SEGMENT_BYTES).into_iter().next(),
    ) {
        first.segment = Arc::new(Segment::open(part.bytes)?);
    }
    let begun = Instant::now();
    let after = ObjectLists::new(lists, next)?;
    let time = begun.elapsed();
    writeln!(
        out,
        "| the next snapshot, one list another | {:.1} ms, {} indexes | |",
        time.as_secs_f64() * 1e3,
        after.indexes()
    )?;
    let (before, after) = (
        ObjectMap::with_lists(Vec::new(), lists.clone())?,
        ObjectMap::with_lists(Vec::new(), after)?,
    );
    let begun = Instant::now();
    let (was, is) = before.apart(&after);
    let (was, is) = (was.count(), is.count());
    writeln!(
        out,
        "| objects to compare between the two | {was} and {is}, {:.1} ms | |",
        begun.elapsed().as_secs_f64() * 1e3
    )?;
    Ok(())
}

fn lookups(out: &mut impl Write, archive: &Archive, engine: &Engine) -> Result<f64, Box<dyn Error>> {
    let objects = &engine.snapshot().objects;
    let prefixes = &engine.snapshot().prefixes;
    let count = LOOKUPS.min(archive.objects);
    let sample = |round| archive.sample(count, round);
    let known: Vec<String> = sample(2).map(|at| archive.id(at)).collect();
    let unknown: Vec<String> = sample(3).map(|at| archive.unknown(at)).collect();
    let urls: Vec<String> = sample(4).map(|at| archive.url(at)).collect();
    let nowhere: Vec<String> = sample(5)
        .map(|at| format!("s3://elsewhere/{}", archive.id(at)))
        .collect();
    let at = |url: &str| !objects.at_url(url).is_empty() || prefixes.covering(url).is_some();
    let mut half = 0.0;
    for (what, texts, times) in [
        ("a known id", &known, timed(&known, |id| objects.object(id).is_some())?),
        (
            "an unknown id",
            &unknown,
            timed(&unknown, |id| objects.object(id).is_none())?,
        ),
        ("a file under a prefix", &urls, timed(&urls, at)?),
        ("a file that nobody owns", &nowhere, timed(&nowhere, |url| !at(url))?),
    ] {
        if what == "a known id" {
            half = times.half;
        }
        writeln!(
            out,
            "| {what}, of {}: p50, p99, greatest | {:.2} µs, {:.2} µs, {:.0} µs | |",
            texts.len(),
            times.half,
            times.most,
            times.greatest
        )?;
    }
    Ok(half)
}

/// Microseconds of one call.
struct Times {
    half: f64,
    most: f64,
    greatest: f64,
}

/// Each call by the clock on the wall, the clock's own time with it; every answer has to be right.
fn timed(texts: &[String], call: impl Fn(&str) -> bool) -> Result<Times, Box<dyn Error>> {
    let mut times = Vec::with_capacity(texts.len());
    for text in texts {
        let begun = Instant::now();
        let right = black_box(call(black_box(text)));
        times.push(begun.elapsed());
        if !right {
            return Err(format!("a wrong answer to `{text}`").into());
        }
    }
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1)));
    let micros = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e6);
    Ok(Times {
        half: micros(at(50)),
        most: micros(at(99)),
        greatest: micros(at(100)),
    })
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn per(bytes: u64, objects: u64) -> f64 {
    bytes as f64 / objects.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn micros(time: Duration, objects: u64) -> f64 {
    time.as_secs_f64() * 1e6 / objects.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}
