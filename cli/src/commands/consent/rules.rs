//! `visum consent rules`: the terms of DUO, what each takes, and what each permission says to each category.

use policy_engine::consent::{
    Category, Tables,
    rule::{Cell, Permission, Rule, Takes},
};
use serde::Serialize;

use crate::{
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// Show the terms of DUO and their rules, or one of them
#[derive(Debug, clap::Args)]
pub(crate) struct Rules {
    /// A term, as DUO:0000042 or GRU; all of them if absent
    term: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    shorthand: &'static str,
    kind: &'static str,
    label: String,
    takes: &'static str,
    deprecated: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<(&'static str, &'static str)>,
}

/// Shows; exit 2 for a term that is not known.
pub(crate) fn run(args: &Rules, context: &Context) -> Result<Exit, CommandError> {
    let tables = Tables::builtin();
    let rows: Vec<Row> = tables
        .rules()
        .ids()
        .into_iter()
        .filter_map(|id| row(id, tables))
        .collect();
    let Some(wanted) = &args.term else {
        context.show(&rows, |rows| {
            table(
                ["Term", "Short", "Kind", "Label", "Takes"],
                rows.iter().map(|row| {
                    [
                        row.id.clone(),
                        row.shorthand.to_owned(),
                        row.kind.to_owned(),
                        row.label.clone(),
                        row.takes.to_owned(),
                    ]
                }),
            )
        });
        return Ok(Exit::Yes);
    };
    let found: Vec<&Row> = rows
        .iter()
        .filter(|row| row.id == *wanted || row.shorthand == *wanted)
        .collect();
    if found.is_empty() {
        return Err(CommandError::refused(
            "consent.rule_unknown",
            format!("`{wanted}` is no term of DUO that this build knows"),
        )
        .hint("`visum consent rules` lists them"));
    }
    context.show(&found, |found| {
        found.iter().map(|row| one(row)).collect::<Vec<_>>().join("\n\n")
    });
    Ok(Exit::Yes)
}

fn row(id: &str, tables: &Tables) -> Option<Row> {
    let term = tables.rules().term(id)?;
    let (shorthand, kind, permission) = match term.rule {
        Rule::Permission(permission) => (permission.as_str(), "permission", Some(permission)),
        Rule::Modifier(modifier) => (modifier.as_str(), "modifier", None),
        Rule::NotALabel => ("", "no use condition: denies", None),
        Rule::Meaningless => ("", "without meaning: denies", None),
    };
    Some(Row {
        id: id.to_owned(),
        shorthand,
        kind,
        label: term.label.to_string(),
        takes: match term.takes {
            Takes::Nothing => "nothing",
            Takes::Values => "values",
            Takes::OptionalValues => "values, or none",
            Takes::Date => "a date",
            Takes::Months => "months",
        },
        deprecated: term.deprecated,
        categories: permission
            .map(|permission| categories(permission, tables))
            .unwrap_or_default(),
    })
}

fn categories(permission: Permission, tables: &Tables) -> Vec<(&'static str, &'static str)> {
    let judged = Category::ALL.iter().filter(|word| {
        policy_engine::consent::Categories::new(&[**word]).is_ok_and(|set| !set.has_barred() && !set.is_unstated())
    });
    judged
        .map(|word| {
            let answer = match tables.rules().cell(permission, *word) {
                Cell::Permit => "permit",
                Cell::Review => "review",
                Cell::Deny => "deny",
                Cell::Care => "permit with CC, else deny",
                Cell::BesideAncestry => "review beside ancestry, else deny",
                Cell::BesideHealth => "review beside a health aim, else deny",
            };
            (word.as_str(), answer)
        })
        .collect()
}

fn one(row: &Row) -> String {
    let old = if row.deprecated { ", obsolete" } else { "" };
    let mut lines = vec![
        format!("{} {} ({}{old})", row.id, row.shorthand, row.kind),
        row.label.clone(),
        format!("takes {}", row.takes),
    ];
    lines.extend(
        row.categories
            .iter()
            .map(|(word, answer)| format!("  {word}: {answer}")),
    );
    lines.join("\n")
}
