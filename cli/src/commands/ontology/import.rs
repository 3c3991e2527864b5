//! `visum ontology import`: a MONDO release, or a table of countries, in place of the one that is in force.

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::consent::{Diseases, Tables, disease::Standing, ontology, place::Countries};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    client::{
        propose::{Change, digest, put, told},
        session::{As, Session},
    },
    commands::consent::tables::ONTOLOGY_BYTES,
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// How many terms of each kind of difference are named on the screen.
const NAMED: usize = 10;

/// Put a MONDO release, or a table of countries, in force
///
/// MONDO is read as OBO, as obographs JSON or as a table; countries as a table with the columns code, eu and eea. The
/// node keeps one short table of it, named by its digest: the same release gives the same digest in every form, so
/// that the second person can check it with --dry-run. What differs is shown first. With --dry-run nothing is sent; it
/// compares with the node if you are logged in, else with the table of the build.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The file
    file: Input,
    /// Its release, where the file does not say it
    #[arg(long, value_name = "TEXT")]
    release: Option<String>,
    /// Where it comes from, for the record
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "a newer release")]
    reason: String,
    /// Show only; no server is needed
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    session: As,
}

/// What the file is, and what is different in it.
#[derive(Debug, Serialize)]
struct Report {
    table: &'static str,
    release: String,
    digest: String,
    file_sha256: String,
    entries: usize,
    obsolete: usize,
    compared_with: String,
    added: Vec<String>,
    gone: Vec<String>,
    newly_obsolete: BTreeMap<String, Vec<String>>,
    moved: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Value>,
}

/// Reads, compares, shows, proposes.
pub(crate) async fn run(args: Import, context: &Context) -> Result<Exit, CommandError> {
    let bytes = args.file.read(ONTOLOGY_BYTES)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let first = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    let countries = first.split(',').any(|column| column == "code") && first.split(',').any(|column| column == "eu");
    let refused =
        |why: String| CommandError::refused("ontology.unreadable", format!("{} is no table: {why}", args.file));
    let session = match Session::open(&args.session) {
        Ok(session) => Some(session),
        Err(_) if args.dry_run => None,
        Err(wrong) => return Err(wrong),
    };
    let id = if countries { "countries" } else { "mondo" };
    let now = in_force(session.as_ref(), id, args.dry_run).await?;
    let with = if now.is_some() {
        "the node's table"
    } else {
        "the table of the build"
    };
    let (table, mut report) = if countries {
        Countries::from_csv(text).map_err(|why| refused(why.to_string()))?;
        (text.to_owned(), of_countries(text, now.as_deref()))
    } else {
        let read = ontology::Ontology::read(&bytes).map_err(|why| refused(why.to_string()))?;
        let old = match &now {
            Some(table) => Some(Diseases::from_csv(table).map_err(|why| refused(why.to_string()))?),
            None => None,
        };
        let mut report = of_diseases(
            &read.diseases,
            old.as_ref().unwrap_or_else(|| Tables::builtin().diseases()),
        );
        report.release = read.release.unwrap_or_default();
        (read.diseases.table(), report)
    };
    with.clone_into(&mut report.compared_with);
    report.digest = digest(table.as_bytes());
    report.file_sha256 = digest(&bytes);
    if let Some(release) = &args.release {
        report.release.clone_from(release);
    }
    if report.release.is_empty() && !args.dry_run {
        return Err(
            CommandError::refused("ontology.no_release", "the file does not say which release it is")
                .hint("say it with --release"),
        );
    }
    if args.dry_run {
        context.show(&report, words);
        return Ok(Exit::Yes);
    }
    let Some(session) = session else {
        return Ok(Exit::Unknown);
    };
    context.words(&words(&report));
    let source = args.source.clone().unwrap_or_else(|| args.file.to_string());
    let row = json!({ "id": id, "digest": session.upload(table.as_bytes()).await?, "version": report.release,
        "source": format!("{source} (sha256 {})", report.file_sha256) });
    let change = Change {
        title: format!("{id} {}", report.release),
        reason: args.reason.clone(),
        edits: vec![put("table", &row)],
    };
    let answer = change.propose(&session, args.yes, context).await?;
    let last = told(&answer);
    report.change = Some(answer);
    context.show(&report, |_| last);
    Ok(Exit::Yes)
}

/// The table that is in force on the node; None: that of the build, or (dry) nobody to ask.
async fn in_force(session: Option<&Session>, id: &str, dry: bool) -> Result<Option<String>, CommandError> {
    let Some(session) = session else { return Ok(None) };
    let tables = match session.get("admin/tables").await {
        Ok(tables) => tables,
        Err(_) if dry => return Ok(None),
        Err(wrong) => return Err(wrong),
    };
    let there = tables
        .get("tables")
        .and_then(Value::as_array)
        .is_some_and(|all| all.iter().any(|row| row.get("id").and_then(Value::as_str) == Some(id)));
    if there {
        session.text(&format!("admin/tables/{id}")).await.map(Some)
    } else {
        Ok(None)
    }
}

fn of_diseases(new: &Diseases, old: &Diseases) -> Report {
    let ids = |diseases: &Diseases| -> Vec<String> { diseases.ids().into_iter().map(str::to_owned).collect() };
    let obsolete = |diseases: &Diseases, id: &str| diseases.standing(id) == Standing::Obsolete;
    let known = |diseases: &Diseases, id: &str| diseases.standing(id) != Standing::Unknown;
    let above = |diseases: &Diseases, id: &str| -> BTreeSet<String> {
        diseases.parents(id).into_iter().map(str::to_owned).collect()
    };
    let new_ids = ids(new);
    Report {
        table: "mondo",
        release: String::new(),
        digest: String::new(),
        file_sha256: String::new(),
        entries: new.len(),
        obsolete: new_ids.iter().filter(|id| obsolete(new, id)).count(),
        compared_with: String::new(),
        added: new_ids.iter().filter(|id| !known(old, id)).cloned().collect(),
        gone: ids(old).into_iter().filter(|id| !known(new, id)).collect(),
        newly_obsolete: new_ids
            .iter()
            .filter(|id| obsolete(new, id) && known(old, id) && !obsolete(old, id))
            .map(|id| (id.clone(), new.replaced_by(id).into_iter().map(str::to_owned).collect()))
            .collect(),
        moved: new_ids
            .iter()
            .filter(|id| known(old, id) && above(new, id) != above(old, id))
            .cloned()
            .collect(),
        change: None,
    }
}

fn of_countries(new: &str, old: Option<&str>) -> Report {
    let rows = |text: &str| -> BTreeMap<String, String> {
        let code = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
        text.lines().skip(1).map(|line| (code(line), line.to_owned())).collect()
    };
    let (new, old) = (rows(new), old.map(rows).unwrap_or_default());
    Report {
        table: "countries",
        release: String::new(),
        digest: String::new(),
        file_sha256: String::new(),
        entries: new.len(),
        obsolete: 0,
        compared_with: String::new(),
        added: new.keys().filter(|code| !old.contains_key(*code)).cloned().collect(),
        gone: old.keys().filter(|code| !new.contains_key(*code)).cloned().collect(),
        newly_obsolete: BTreeMap::new(),
        moved: new
            .iter()
            .filter(|(code, line)| old.get(*code).is_some_and(|was| was != *line))
            .map(|(code, _)| code.clone())
            .collect(),
        change: None,
    }
}

fn words(report: &Report) -> String {
    let some = |list: &[String]| {
        let mut text: Vec<&str> = list.iter().take(NAMED).map(String::as_str).collect();
        if list.len() > NAMED {
            text.push("…");
        }
        text.join(", ")
    };
    let replaced: Vec<String> = report
        .newly_obsolete
        .iter()
        .map(|(id, by)| {
            let by = if by.is_empty() {
                "nothing".to_owned()
            } else {
                by.join(", ")
            };
            format!("{id} (by {by})")
        })
        .collect();
    format!(
        "{} {}: {} entries, {} obsolete\nsha256 of the table: {}\nsha256 of the file:  {}\nAgainst {}:\n\
         - {} new: {}\n- {} gone: {}\n- {} now obsolete: {}\n- {} elsewhere than before: {}",
        report.table,
        report.release,
        report.entries,
        report.obsolete,
        report.digest,
        report.file_sha256,
        report.compared_with,
        report.added.len(),
        some(&report.added),
        report.gone.len(),
        some(&report.gone),
        replaced.len(),
        some(&replaced),
        report.moved.len(),
        some(&report.moved)
    )
}
