//! Rows with names: the columns of tables and the members of JSON objects mean the same.

use serde_json::{Map, Value};

use super::{Entry, Hints, Manifest, ManifestError, Shape};
use crate::consent::sheet_fields;
use crate::intent::StorageUrl;

/// Columns of a row.
const COLUMNS: usize = 1_000;
/// Values of one field.
const VALUES: usize = 1_000_000;

/// Names of ids, the most telling first: an archive's own row number comes last.
const IDS: [&str; 12] = [
    "drs_id",
    "object_id",
    "guid",
    "did",
    "stable_id",
    "stableid",
    "accession_id",
    "accessionid",
    "file_id",
    "fileid",
    "file_accession",
    "id",
];
const URLS: [&str; 12] = [
    "url",
    "urls",
    "access_url",
    "storage_url",
    "location",
    "archive_path",
    "archive_file_path",
    "archivepath",
    "vault_file_reference",
    "file_name",
    "filepath",
    "file_path",
];
const DATASETS: [&str; 9] = [
    "dataset",
    "dataset_id",
    "datasetid",
    "dataset_stable_id",
    "dataset_accession",
    "datasets",
    "acl",
    "authz",
    "data_use_group",
];
const GROUPS: [&str; 4] = ["group", "groups", "consent_group", "consent_groups"];
const PEOPLE: [&str; 5] = [
    "participant",
    "participants",
    "participant_id",
    "participant_ids",
    "pseudonym",
];

/// A field: its name in lower case, and its values.
type Field = (String, Vec<String>);

pub(super) fn csv(text: &str, hints: &Hints) -> Result<Manifest, ManifestError> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, first) = lines.next().ok_or_else(|| ManifestError::whole("it is empty"))?;
    let tab = first.contains('\t');
    let split = |line: &str| -> Option<Vec<String>> {
        if tab {
            Some(line.split('\t').map(str::to_owned).collect())
        } else {
            sheet_fields(line)
        }
    };
    let columns: Vec<String> = split(first)
        .unwrap_or_default()
        .iter()
        .map(|name| name.trim().trim_start_matches('#').to_ascii_lowercase())
        .collect();
    if columns.len() > COLUMNS || !columns.iter().any(|name| IDS.contains(&name.as_str())) {
        return Err(ManifestError::Line {
            line: 1,
            what: format!("no column names the objects; one of {} does", IDS.join(", ")),
        });
    }
    let mut entries = Vec::new();
    for (at, line) in lines {
        let wrong = |what: String| ManifestError::Line { line: at + 1, what };
        let fields = split(line).ok_or_else(|| wrong("a quote has no end".to_owned()))?;
        if fields.len() != columns.len() {
            return Err(wrong("another number of fields than in the first line".to_owned()));
        }
        let row: Vec<Field> = columns
            .iter()
            .zip(&fields)
            .map(|(name, field)| (name.clone(), values_of(field)))
            .collect();
        entries.push(entry(&row, hints).map_err(wrong)?);
    }
    Ok(Manifest {
        shape: Shape::Table,
        entries,
        folders: 0,
        goes_on: false,
    })
}

pub(super) fn json_lines(text: &str, hints: &Hints) -> Result<Manifest, ManifestError> {
    let mut entries = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: String| ManifestError::Line { line: at + 1, what };
        let members: Map<String, Value> = serde_json::from_str(line).map_err(|why| wrong(why.to_string()))?;
        entries.push(entry_of_json(&members, hints).map_err(wrong)?);
    }
    Ok(Manifest {
        shape: Shape::JsonLines,
        entries,
        folders: 0,
        goes_on: false,
    })
}

/// An object of DRS, a record of indexd, or a line of a list.
pub(super) fn entry_of_json(members: &Map<String, Value>, hints: &Hints) -> Result<Entry, String> {
    let mut row: Vec<Field> = Vec::with_capacity(members.len());
    for (name, value) in members.iter().take(COLUMNS) {
        let name = name.to_ascii_lowercase();
        if name == "access_methods" {
            let methods = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let urls = methods.iter().filter_map(|method| {
                let url = method.get("access_url")?;
                url.get("url").or(Some(url)).and_then(Value::as_str).map(str::to_owned)
            });
            row.push(("urls".to_owned(), urls.collect()));
            continue;
        }
        let values = match value {
            Value::Null => continue,
            Value::String(text) => values_of(text),
            Value::Array(list) => list
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
                .collect(),
            Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
            Value::Object(_) => continue,
        };
        row.push((name, values));
    }
    entry(&row, hints)
}

/// The values of a cell: one, or a list as Python or JSON writes it (`['phs000001', 'open']`).
fn values_of(cell: &str) -> Vec<String> {
    let cell = cell.trim();
    match cell.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => inner
            .split(',')
            .map(|one| one.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|one| !one.is_empty())
            .collect(),
        None if cell.is_empty() => Vec::new(),
        None => vec![cell.to_owned()],
    }
}

fn entry(row: &[Field], hints: &Hints) -> Result<Entry, String> {
    if row.iter().any(|(_, values)| values.len() > VALUES) {
        return Err(format!("a field has more than {VALUES} values"));
    }
    let field = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| row.iter().find(|(found, _)| found == name))
    };
    let all = |names: &[&str]| -> Vec<&Field> {
        row.iter()
            .filter(|(found, _)| names.contains(&found.as_str()))
            .collect()
    };
    let id = IDS
        .iter()
        .filter_map(|name| field(&[name]))
        .find_map(|(_, values)| values.first().filter(|id| !id.is_empty()))
        .ok_or_else(|| format!("no field names the object; one of {} does", IDS.join(", ")))?;
    let mut entry = Entry {
        id: id.clone(),
        ..Entry::default()
    };
    // several addresses in one cell are set apart by blanks or `|`
    let addresses = all(&URLS)
        .into_iter()
        .flat_map(|(_, values)| values)
        .flat_map(|cell| cell.split([' ', '|']))
        .filter(|address| !address.is_empty());
    for address in addresses {
        let absolute = match (address.contains("://"), &hints.base) {
            (false, Some(base)) => format!("{base}{}", address.trim_start_matches('/')),
            _ => address.to_owned(),
        };
        match StorageUrl::parse(&absolute) {
            Ok(url) if !url.is_prefix() => {
                let url = url.to_string();
                if !entry.urls.contains(&url) {
                    entry.urls.push(url);
                }
            }
            _ => entry.other_urls += 1,
        }
    }
    let lists = |fields: Vec<&Field>| -> Option<Vec<String>> {
        (!fields.is_empty()).then(|| {
            fields
                .into_iter()
                .flat_map(|(_, values)| values)
                .flat_map(|value| value.split([' ', '|', ';']))
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .collect()
        })
    };
    entry.datasets = lists(all(&DATASETS));
    entry.groups = lists(all(&GROUPS)).unwrap_or_default();
    // an empty cell says nothing: nobody knows who is in the object
    entry.participants = lists(all(&PEOPLE)).filter(|people| !people.is_empty());
    Ok(entry)
}
