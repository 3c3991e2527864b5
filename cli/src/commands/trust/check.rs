//! `visum trust check`: is a trust file sound, and can its keys be had?

use std::path::PathBuf;

use comfy_table::Cell;
use futures::future::{BoxFuture, FutureExt as _};
use serde_json::{Value, json};
use visa_verifier::{
    Timestamp, TrustPolicy,
    keys::{self, Found, Probe, ProbeSource},
    seam::{Clock as _, Fetch, FetchError, Fetched, Limit, SystemClock},
    trust::{Keys, Role, TrustEntry},
};

use super::findings::{self, Finding, Weight};
use crate::{
    commands::passport::judge::{self, KeyFlags},
    error::CommandError,
    exit::Exit,
    output::{Context, bare_table},
    page::{Paint, plain, relative},
};

/// Look a trust file through: whom it believes for what, with which keys, and what in it breaks or surprises
///
/// With --fetch every key address is asked: is it there, what keys does it hold, how far is its clock
/// from ours, when does its certificate end.
/// Exit status: 0 sound, 1 something breaks, 2 used wrongly or the file is refused, 3 could not find out.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Ask every key address too
    #[arg(long)]
    fetch: bool,

    #[command(flatten)]
    keys: KeyFlags,

    /// The trust file, TOML or JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Checks.
pub(crate) async fn run(args: Check, context: &Context) -> Result<Exit, CommandError> {
    let trust = judge::trust(&args.file)?;
    let probes = if args.fetch {
        keys::probe(&trust, &args.keys.fetch()?, &SystemClock).await
    } else {
        let mut here = keys::probe(&trust, &Nowhere, &SystemClock).await;
        here.retain(|probe| matches!(probe.source, ProbeSource::Pinned | ProbeSource::PinnedFor(_)));
        here
    };
    let now = SystemClock.now();
    let mut found = findings::of_file(&trust, now);
    found.extend(findings::of_keys(&probes, &trust, now));
    found.sort_by_key(|one| one.weight);
    let has = |weight| found.iter().any(|one| one.weight == weight);
    let exit = match (has(Weight::Breaks), has(Weight::Unknown)) {
        (true, _) => Exit::No,
        (false, true) => Exit::Unknown,
        (false, false) => Exit::Yes,
    };
    let document = json!({
        "sound": exit == Exit::Yes,
        "audience": trust.audience(),
        "clock_skew": trust.clock_skew(),
        "entries": trust.entries().map(entry).collect::<Vec<_>>(),
        "keys": probes.iter().map(probe).collect::<Vec<_>>(),
        "findings": found,
    });
    context.show(&document, |_| page(&trust, &probes, &found, now, Paint::of_output()));
    Ok(exit)
}

/// The outside of a check that asks nobody.
#[derive(Debug)]
struct Nowhere;

impl Fetch for Nowhere {
    fn send(&self, request: http::Request<bytes::Bytes>, _: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        async move { Err(FetchError::Resting { host }) }.boxed()
    }
}

fn entry(entry: &TrustEntry) -> Value {
    json!({ "role": role(entry.role), "iss": entry.id.as_str(), "keys": key_source(entry), "types": entry.visa_types,
        "sources": entry.sources, "until": entry.until.map(|at| at.to_string()), "evidence": entry.evidence })
}

fn probe(probe: &Probe) -> Value {
    let mut told =
        json!({ "role": role(probe.role), "iss": probe.issuer.as_str(), "from": findings::place(&probe.source) });
    let more = match &probe.found {
        Err(error) => json!({ "error": { "code": error.code(), "message": error.to_string() } }),
        Ok(found) => json!({
            "address": found.address,
            "keys": found.keys.iter().map(|key| json!({ "kid": key.kid, "alg": key.algorithm.as_str(), "bits": key.bits,
                "thumbprint": key.thumbprint, "revoked": found.revoked.contains(&key.thumbprint) })).collect::<Vec<_>>(),
            "left_out": found.odd.iter().map(|odd| json!({ "kid": odd.kid, "why": odd.why })).collect::<Vec<_>>(),
            "clock_ahead": found.clock_ahead,
            "certificate_ends": found.certificate_ends,
        }),
    };
    if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
        told.extend(more);
    }
    told
}

fn page(trust: &TrustPolicy, probes: &[Probe], found: &[Finding], now: Timestamp, paint: Paint) -> String {
    let ours: Vec<String> = trust.audience().iter().map(|one| plain(one)).collect();
    let ours = if ours.is_empty() {
        "nobody".to_owned()
    } else {
        ours.join(", ")
    };
    let mut out = format!("We are {ours}; clocks may differ by {} s.\n", trust.clock_skew());
    let mut table = bare_table(["believed", "for", "keys", "until"]);
    for entry in trust.entries() {
        let until = entry.until.map_or_else(|| "-".to_owned(), |at| relative(at, now));
        table.add_row([
            Cell::new(format!("{}\n{}", role(entry.role), plain(entry.id.as_str()))),
            Cell::new(believed(entry)),
            Cell::new(key_source(entry)),
            Cell::new(until),
        ]);
    }
    out.push_str(&format!("{table}\n"));
    if !probes.is_empty() {
        let mut table = bare_table(["keys of", "from", "found"]);
        for probe in probes {
            let (good, told) = match &probe.found {
                Ok(found) => (!found.keys.is_empty(), told(found, now)),
                Err(error) => (false, plain(&error.to_string())),
            };
            table.add_row([
                Cell::new(plain(probe.issuer.as_str())),
                Cell::new(plain(&findings::place(&probe.source))),
                if good {
                    Cell::new(told)
                } else {
                    paint.verdict(false, &told)
                },
            ]);
        }
        out.push_str(&format!("{table}\n"));
    }
    for one in found {
        let weight = match one.weight {
            Weight::Breaks => paint.bad("breaks:"),
            Weight::Unknown => paint.warn("not known:"),
            Weight::Note => paint.warn("note:"),
        };
        let iss = one
            .iss
            .as_deref()
            .map(|iss| format!("{}: ", plain(iss)))
            .unwrap_or_default();
        out.push_str(&format!("{weight} {iss}{} ({})\n", plain(&one.what), one.code));
    }
    let worst = found.iter().map(|one| one.weight).min();
    out.push_str(&match worst {
        Some(Weight::Breaks) => paint.bad("Not sound."),
        Some(Weight::Unknown) => paint.warn("Not known whether it is sound: not all keys could be had."),
        Some(Weight::Note) | None => paint.good("Sound."),
    });
    out
}

/// Keys, a line each, then clock and certificate.
fn told(found: &Found, now: Timestamp) -> String {
    let mut lines: Vec<String> = found.address.iter().map(|address| plain(address)).collect();
    lines.extend(found.keys.iter().map(|key| {
        let kid = key
            .kid
            .as_deref()
            .map_or_else(|| "no kid".to_owned(), |kid| format!("kid {}", plain(kid)));
        format!(
            "{} {} bits, {kid}, {}",
            key.algorithm.as_str(),
            key.bits,
            key.thumbprint
        )
    }));
    if lines.is_empty() {
        lines.push("no usable key".to_owned());
    }
    lines.extend(found.clock_ahead.map(|ahead| match ahead {
        0 => "clock as ours".to_owned(),
        ahead if ahead > 0 => format!("clock {ahead} s ahead"),
        behind => format!("clock {} s behind", behind.abs()),
    }));
    lines.extend(
        found
            .certificate_ends
            .map(|at| format!("certificate ends {}", relative(at, now))),
    );
    lines.join("\n")
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Broker => "broker",
        Role::VisaIssuer => "visa issuer",
    }
}

fn key_source(entry: &TrustEntry) -> String {
    match &entry.keys {
        Keys::Pinned(set) => format!("{} pinned", set.len()),
        Keys::ByJku(sets) => {
            let all = sets
                .iter()
                .map(|(jku, set)| format!("{} kept of {}", set.len(), plain(jku)));
            all.collect::<Vec<_>>().join("\n")
        }
        Keys::Fetched if entry.jku.is_empty() => "by discovery".to_owned(),
        Keys::Fetched => entry.jku.iter().map(|jku| plain(jku)).collect::<Vec<_>>().join("\n"),
    }
}

fn believed(entry: &TrustEntry) -> String {
    let words = |name: &str, list: &[String]| {
        let all: Vec<String> = list.iter().map(|one| plain(one)).collect();
        format!(
            "{name} {}",
            if all.is_empty() {
                "none".to_owned()
            } else {
                all.join(", ")
            }
        )
    };
    match entry.role {
        Role::Broker => "Passports".to_owned(),
        Role::VisaIssuer => format!(
            "{}\n{}",
            words("types", &entry.visa_types),
            words("sources", &entry.sources)
        ),
    }
}
