//! `visum trust check`: is a trust file sound, and can its keys be had?

use std::path::PathBuf;

use comfy_table::Cell;
use serde_json::{Value, json};
use visa_verifier::{
    TrustPolicy,
    seam::{Clock as _, SystemClock},
    trust::{Keys, Role, TrustEntry},
};

use crate::{
    commands::passport::judge,
    error::CommandError,
    exit::Exit,
    output::{Context, bare_table},
    page::{Paint, plain, relative},
};

/// Look a trust file through: whom it believes for what, and what in it breaks or surprises
///
/// Exit status: 0 sound, 1 something breaks, 2 used wrongly or the file is refused, 3 could not find out.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The trust file, TOML or JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Checks.
pub(crate) async fn run(args: Check, context: &Context) -> Result<Exit, CommandError> {
    let trust = judge::trust(&args.file)?;
    let document = json!({ "sound": true, "entries": trust.entries().map(entry).collect::<Vec<_>>() });
    context.show(&document, |_| page(&trust, Paint::of_output()));
    Ok(Exit::Yes)
}

fn entry(entry: &TrustEntry) -> Value {
    json!({ "role": role(entry), "iss": entry.id.as_str(), "keys": keys(entry), "types": entry.visa_types,
        "sources": entry.sources, "until": entry.until.map(|at| at.to_string()) })
}

fn page(trust: &TrustPolicy, paint: Paint) -> String {
    let now = SystemClock.now();
    let mut table = bare_table(["role", "issuer", "keys", "believed for", "until"]);
    for entry in trust.entries() {
        let until = entry.until.map_or_else(|| "-".to_owned(), |at| relative(at, now));
        let live = entry.until.is_none_or(|at| at > now);
        let cell = if live {
            Cell::new(until)
        } else {
            paint.verdict(false, &until)
        };
        table.add_row([
            Cell::new(role(entry)),
            Cell::new(plain(entry.id.as_str())),
            Cell::new(keys(entry)),
            Cell::new(believed(entry)),
            cell,
        ]);
    }
    let ours = if trust.audience().is_empty() {
        paint.warn("nobody (no `audience`: Passports that name one are refused)")
    } else {
        trust
            .audience()
            .iter()
            .map(|one| plain(one))
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!(
        "We are {ours}; clocks may differ by {} s.\n{table}\n",
        trust.clock_skew()
    )
}

fn role(entry: &TrustEntry) -> &'static str {
    match entry.role {
        Role::Broker => "broker",
        Role::VisaIssuer => "visa issuer",
    }
}

fn keys(entry: &TrustEntry) -> String {
    match &entry.keys {
        Keys::Pinned(set) => format!("{} pinned", set.len()),
        Keys::ByJku(sets) => {
            let all: Vec<String> = sets
                .iter()
                .map(|(jku, set)| format!("{} kept of {}", set.len(), plain(jku)))
                .collect();
            all.join("\n")
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
