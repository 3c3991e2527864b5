//! The page as rows, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Sources, body, declares, has_test};

/// What the page must hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'k> {
    /// Each group and its last number; the first is 01.
    pub(super) groups: &'k [(&'k str, u8)],
    /// The rows that bind a clearinghouse as MUST or MUST NOT: group and numbers.
    pub(super) binding: &'k [(&'k str, &'k str)],
}

impl Known<'_> {
    fn ids(&self) -> BTreeSet<String> {
        let all = |(group, last): &(&str, u8)| {
            let group = (*group).to_owned();
            (1..=*last).map(move |n| format!("{group}-{n:02}"))
        };
        self.groups.iter().flat_map(all).collect()
    }

    fn binding(&self) -> BTreeSet<String> {
        let all = |(group, numbers): &(&str, &str)| {
            let group = (*group).to_owned();
            let numbers: Vec<String> = numbers.split(' ').map(str::to_owned).collect();
            numbers.into_iter().map(move |n| format!("{group}-{n}"))
        };
        self.binding.iter().flat_map(all).collect()
    }

    fn is_id(&self, text: &str) -> bool {
        text.split_once('-')
            .is_some_and(|(group, _)| self.groups.iter().any(|(known, _)| *known == group))
    }
}

/// A file, what in it, and the cases that it must name.
#[derive(Debug)]
struct Pointer {
    path: String,
    item: Option<String>,
    cases: Vec<String>,
}

/// One row: `id | role | level | what | state | where | test`, or of an open point `id | question | reading | state |
/// where | test`.
#[derive(Debug)]
struct Row {
    line: usize,
    id: String,
    role: String,
    level: String,
    state: String,
    places: Vec<Pointer>,
    tests: Vec<Pointer>,
    last: String,
}

const ROLES: [&str; 7] = ["B", "PI", "VI", "CH", "C", "IdP", "ALL"];
const LEVELS: [&str; 5] = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"];
const MARKS: [&str; 5] = ["", "(i)", "(l)", "(a)", "(def)"];

/// All that is wrong with `page`, each fault with what to do about it. `named` are the ids that sources and pages
/// name, with their places.
pub(super) fn faults(page: &str, known: Known<'_>, sources: &dyn Sources, named: &[(String, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    let rows = rows(page, known, &mut faults);
    let ids = known.ids();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        if !ids.contains(&row.id) {
            faults.push(format!(
                "line {}: {} is no requirement: correct the id",
                row.line, row.id
            ));
        }
        if let Some(first) = seen.insert(&row.id, row.line) {
            faults.push(format!(
                "{} stands twice, in lines {first} and {}: keep one row",
                row.id, row.line
            ));
        }
    }
    for id in ids.iter().filter(|id| !seen.contains_key(id.as_str())) {
        faults.push(format!(
            "{id} has no row: write it (nothing is left out; what does not apply says `not applicable` and because)"
        ));
    }
    for (id, place) in named.iter().filter(|(id, _)| !ids.contains(id)) {
        faults.push(format!("{place} names {id}, which is no requirement: correct the id"));
    }
    let binding = known.binding();
    for row in &rows {
        judge(row, &binding, sources, &mut faults);
    }
    faults
}

fn rows(page: &str, known: Known<'_>, faults: &mut Vec<String>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (at, text) in page.lines().enumerate() {
        let Some(inner) = text.strip_prefix("| ").and_then(|t| t.strip_suffix('|')) else {
            continue;
        };
        let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
        let cell = |n: usize| cells.get(n).copied().unwrap_or_default();
        if !known.is_id(cell(0)) {
            continue;
        }
        let point = cell(0).starts_with("A-");
        if cells.len() != if point { 6 } else { 7 } {
            faults.push(format!(
                "line {}: {} has {} columns: write 7 (id, role, level, what, state, where, test), of an open point 6 (id, \
                 question, reading, state, where, test), and no `|` inside of one",
                at + 1,
                cell(0),
                cells.len()
            ));
            continue;
        }
        let (role, level, from) = if point { ("", "", 3) } else { (cell(1), cell(2), 4) };
        rows.push(Row {
            line: at + 1,
            id: cell(0).to_owned(),
            role: role.to_owned(),
            level: level.to_owned(),
            state: cell(from).to_owned(),
            places: pointers(cell(from + 1)),
            tests: pointers(cell(from + 2)),
            last: cell(from + 2).to_owned(),
        });
    }
    rows
}

/// `` `path` `item` "case" "case", `item`; `path` … ``
fn pointers(cell: &str) -> Vec<Pointer> {
    let mut found: Vec<Pointer> = Vec::new();
    for (at, span) in cell.split('`').enumerate() {
        if at % 2 == 0 {
            if let Some(last) = found.last_mut() {
                last.cases.extend(span.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        } else if span.contains('/') {
            found.push(Pointer {
                path: span.to_owned(),
                item: None,
                cases: Vec::new(),
            });
        } else if let Some(last) = found.last_mut() {
            if last.item.is_none() {
                last.item = Some(span.to_owned());
            } else {
                let path = last.path.clone();
                found.push(Pointer {
                    path,
                    item: Some(span.to_owned()),
                    cases: Vec::new(),
                });
            }
        }
    }
    found
}

fn judge(row: &Row, binding: &BTreeSet<String>, sources: &dyn Sources, faults: &mut Vec<String>) {
    let id = &row.id;
    let point = row.role.is_empty() && id.starts_with("A-");
    let (word, mark) = match row.level.split_once(" (") {
        Some((word, mark)) => (word, format!("({mark}")),
        None => (row.level.as_str(), String::new()),
    };
    let fixed = ROLES.contains(&row.role.as_str()) && LEVELS.contains(&word) && MARKS.contains(&mark.as_str());
    if !(point || fixed) {
        faults.push(format!(
            "{id}: role `{}` or level `{}` is none of the fixed words: take one of {ROLES:?} and of {LEVELS:?}, with one of \
             {MARKS:?}",
            row.role, row.level
        ));
    }
    let binds = matches!(word, "MUST" | "MUST NOT") && matches!(row.role.as_str(), "CH" | "ALL");
    if !point && binds != binding.contains(id) {
        faults.push(format!(
            "{id}: the row {} a clearinghouse as MUST here, but the requirements say otherwise: restore its role and level",
            if binds { "binds" } else { "does not bind" }
        ));
    }
    let applies = row.state != "not applicable";
    match row.state.as_str() {
        "done" => {
            if row.places.is_empty() {
                faults.push(format!(
                    "{id} is `done` nowhere: name the file and the function that do it"
                ));
            }
            if row.tests.is_empty() && matches!(word, "MUST" | "MUST NOT") {
                faults.push(format!("{id} is `done` without a test: name one, or write it"));
            }
        }
        "not applicable" => {
            if !row.last.starts_with("because ") {
                faults.push(format!(
                    "{id} is `not applicable` without a reason: write `because …` in the last column"
                ));
            }
        }
        other if other.starts_with("planned: ") => {}
        other => faults.push(format!(
            "{id}: `{other}` is no state: write `done`, `planned: <who>` or `not applicable`"
        )),
    }
    if binds && applies && row.tests.is_empty() {
        faults.push(format!(
            "{id} is a MUST for a clearinghouse and has no test: write one and name it in the last column"
        ));
    }
    for place in &row.places {
        point_to(id, place, sources, declares, "fn, struct, enum, trait or const", faults);
    }
    if applies {
        for test in &row.tests {
            point_to(id, test, sources, has_test, "test", faults);
        }
    }
}

type Has = fn(&str, &str, &str) -> bool;

fn point_to(id: &str, to: &Pointer, sources: &dyn Sources, has: Has, what: &str, faults: &mut Vec<String>) {
    let path = &to.path;
    let Some(text) = sources.text(path) else {
        faults.push(format!(
            "{id}: there is no file `{path}`: name the one that has it now (a path from the root of the repository)"
        ));
        return;
    };
    match &to.item {
        None => faults.push(format!(
            "{id}: `{path}` stands without an item: name the {what} behind it"
        )),
        Some(item) if !has(path, &text, item) => faults.push(format!(
            "{id}: `{path}` has no {what} `{item}`: name the one that it is now"
        )),
        Some(_) => {}
    }
    let scope = to.item.as_deref().map_or(text.as_str(), |item| body(&text, item));
    for case in to.cases.iter().filter(|case| !scope.contains(case.as_str())) {
        faults.push(format!(
            "{id}: `{path}` has no case \"{case}\" there: name the one that it is now"
        ));
    }
}
