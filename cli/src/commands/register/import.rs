//! `visum register import ror`: what the Research Organization Registry says of the institutions of this node.

use policy_engine::snapshot::ror::{self, RorRecord};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{id, institutions};
use crate::{
    client::{
        propose::{Change, EDITS, digest, put, told},
        session::{As, Session},
    },
    error::CommandError,
    exit::Exit,
    input::Input,
    output::{Context, table},
};

/// Take country and kind of institutions from a dump of ROR
///
/// Institutions of the node's register that have a ROR id are compared with the dump (JSON, schema 1 or 2); --add takes
/// in further ones. A company works for profit; education, government, archive and nonprofit do not; of healthcare,
/// facility, funder and other the type tells nothing, and what somebody recorded stays.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// Which register: ror
    #[arg(value_parser = ["ror"])]
    register: String,
    /// The dump
    file: Input,
    /// Take in this institution too (a ROR id such as `https://ror.org/05n894m26`)
    #[arg(long, value_name = "ID")]
    add: Vec<String>,
    /// Compare with this copy of the register instead of asking the node
    #[arg(long, value_name = "FILE")]
    current: Option<Input>,
    /// Show only; no server is needed
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    session: As,
}

#[derive(Debug, Serialize)]
struct Report {
    organisations: usize,
    file_sha256: String,
    compared: usize,
    rows: Vec<Row>,
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Value>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    name: String,
    before: Option<Value>,
    after: Value,
}

/// Reads, compares, shows, proposes.
pub(crate) async fn run(args: Import, context: &Context) -> Result<Exit, CommandError> {
    let bytes = args.file.read(ror::ROR_BYTES as u64)?;
    let dump = ror::read(&bytes).map_err(|why| CommandError::refused(why.code(), format!("{}: {why}", args.file)))?;
    let session = match Session::open(&args.session) {
        Ok(session) => Some(session),
        Err(_) if args.dry_run => None,
        Err(wrong) => return Err(wrong),
    };
    let known = institutions(session.as_ref(), args.current.as_ref(), args.dry_run).await?;
    let mut report = Report {
        organisations: dump.len(),
        file_sha256: digest(&bytes),
        compared: 0,
        rows: Vec::new(),
        notes: Vec::new(),
        changes: Vec::new(),
    };
    for row in &known {
        if let Some(record) = dump.get(id(row)) {
            report.compared += 1;
            compare(&mut report, Some(row), id(row), record);
        }
    }
    for wanted in &args.add {
        match dump.get(wanted) {
            None => report.notes.push(format!("{wanted} is not in the dump")),
            Some(_) if known.iter().any(|row| id(row) == wanted) => {}
            Some(record) if record.country.is_none() => report.notes.push(format!(
                "{wanted} has no one country in ROR: say it with visum register set"
            )),
            Some(record) => compare(&mut report, None, wanted, record),
        }
    }
    if args.dry_run || report.rows.is_empty() {
        context.show(&report, words);
        return Ok(Exit::Yes);
    }
    let Some(session) = session else {
        return Ok(Exit::Unknown);
    };
    context.words(&words(&report));
    let mut last = String::new();
    for rows in report.rows.chunks(EDITS) {
        let change = Change {
            title: format!("{} institutions from ROR", rows.len()),
            reason: format!("{} (sha256 {})", args.file, report.file_sha256),
            edits: rows.iter().map(|row| put("institution", &row.after)).collect(),
        };
        let answer = change.propose(&session, args.yes, context).await?;
        last = told(&answer);
        report.changes.push(answer);
    }
    context.show(&report, |_| last);
    Ok(Exit::Yes)
}

/// Adds a row if the dump says something else than the register; what the dump does not know stays.
fn compare(report: &mut Report, before: Option<&Map<String, Value>>, id: &str, record: &RorRecord) {
    if record.status != "active" {
        report
            .notes
            .push(format!("{id} is {} in ROR: nothing is taken from it", record.status));
        return;
    }
    let mut after = before.cloned().unwrap_or_default();
    after.insert("id".to_owned(), json!(id));
    if let Some(country) = record.country {
        after.insert("country".to_owned(), json!(country.to_string()));
    }
    if let Some(nonprofit) = record.nonprofit {
        after.insert("nonprofit".to_owned(), json!(nonprofit));
        after.insert("commercial".to_owned(), json!(!nonprofit));
    } else {
        report.notes.push(format!(
            "{id}: its types ({}) do not tell whether it works for profit",
            record.types.join(", ")
        ));
    }
    if before != Some(&after) {
        report.rows.push(Row {
            id: id.to_owned(),
            name: record.name.clone(),
            before: before.map(|row| Value::Object(row.clone())),
            after: Value::Object(after),
        });
    }
}

fn words(report: &Report) -> String {
    let fact = |row: Option<&Value>, name: &str| {
        row.and_then(|row| row.get(name))
            .filter(|value| !value.is_null())
            .map_or_else(
                || "unknown".to_owned(),
                |value| value.to_string().trim_matches('"').to_owned(),
            )
    };
    let rows = report.rows.iter().map(|row| {
        let both = |name: &str| {
            let (was, will) = (fact(row.before.as_ref(), name), fact(Some(&row.after), name));
            if was == will { will } else { format!("{was} → {will}") }
        };
        [row.id.clone(), row.name.clone(), both("country"), both("nonprofit")]
    });
    let mut text = format!(
        "{} organisations in the dump, {} of this register among them, {} to change\n",
        report.organisations,
        report.compared,
        report.rows.len()
    );
    if !report.rows.is_empty() {
        text.push_str(&table(["id", "name", "country", "non-profit"], rows));
        text.push('\n');
    }
    for note in &report.notes {
        text.push_str("note: ");
        text.push_str(note);
        text.push('\n');
    }
    text
}
