//! Tables as text (CSV, TSV and the like): each row says how many people it stands for, and none stands for too few.
//!
//! The rule: the first line names the columns; a column counts people if a word of its name says so ([`COUNTS`]); every cell
//! of such a column is 0, a number from the least group size on, or left out on purpose; and every row that is not all
//! zeros has one that is large enough. A table without such a column, and one that two readers could read
//! differently, does not pass.

use super::finding::Finding;

/// Words in a column's name that make it a count of people.
const COUNTS: [&str; 17] = [
    "n",
    "count",
    "counts",
    "num",
    "number",
    "total",
    "totals",
    "cases",
    "controls",
    "participants",
    "patients",
    "individuals",
    "samples",
    "subjects",
    "persons",
    "people",
    "carriers",
];

/// Names of columns, without what is no letter, whose rows are single people.
const PEOPLE: [&str; 17] = [
    "sample",
    "sampleid",
    "samplename",
    "subject",
    "subjectid",
    "participant",
    "participantid",
    "patient",
    "patientid",
    "individual",
    "individualid",
    "person",
    "personid",
    "donor",
    "donorid",
    "iid",
    "fid",
];

/// What stands for a number that was left out on purpose.
const LEFT_OUT: [&str; 8] = ["", "na", "n/a", "nan", ".", "-", "*", "null"];

/// A cell of a count column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cell {
    Zero,
    Enough,
    Few,
    LeftOut,
    Unclear,
}

fn cell(text: &str, least: u64) -> Cell {
    let text = text.trim();
    if LEFT_OUT.iter().any(|mark| mark.eq_ignore_ascii_case(text)) {
        return Cell::LeftOut;
    }
    let digits = |text: &str| !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(below) = text.strip_prefix('<') {
        let below = below.trim();
        let covers = digits(below) && below.parse::<u64>().is_ok_and(|bound| bound >= least);
        return if covers { Cell::LeftOut } else { Cell::Unclear };
    }
    match text.parse::<u64>() {
        Ok(0) if digits(text) => Cell::Zero,
        Ok(count) if digits(text) && count >= least => Cell::Enough,
        Ok(_) if digits(text) => Cell::Few,
        Ok(_) | Err(_) => Cell::Unclear,
    }
}

/// The fields of one line; `None` if its quotes do not close.
fn fields(line: &str, delimiter: char) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut field = String::new();
    let mut letters = line.chars().peekable();
    let (mut quoted, mut closed) = (false, false);
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if quoted => (quoted, closed) = (false, true),
            '"' if field.is_empty() && !closed => quoted = true,
            one if one == delimiter && !quoted => {
                all.push(std::mem::take(&mut field));
                closed = false;
            }
            // what stands beside quotes is read differently by different readers
            _ if closed => return None,
            one => field.push(one),
        }
    }
    all.push(field);
    (!quoted).then_some(all)
}

/// How a text is cut into fields.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cut {
    At(char),
    Spaces,
    Nowhere,
}

fn split(line: &str, cut: Cut) -> Option<Vec<String>> {
    match cut {
        Cut::At(delimiter) => fields(line, delimiter),
        Cut::Spaces => Some(line.split_whitespace().map(str::to_owned).collect()),
        Cut::Nowhere => Some(vec![line.to_owned()]),
    }
}

/// Fields of every line, if all have as many.
fn width(lines: &[&str], cut: Cut) -> Option<usize> {
    let mut widths = lines.iter().map(|line| split(line, cut).map(|fields| fields.len()));
    let first = widths.next()??;
    widths.all(|width| width == Some(first)).then_some(first)
}

/// Is the text a table, and cut where? `Err`: it looks like one that two readers could read differently.
fn cut(lines: &[&str], named: bool) -> Result<Option<Cut>, Finding> {
    let unclear = |what: &str| {
        Finding::refuses(
            "output.table_unclear",
            format!("{what}; write one value a column, the same number in each line, cut by tabs or by commas alone"),
        )
    };
    let delimiters = ['\t', ',', ';'];
    let sound: Vec<char> = delimiters
        .into_iter()
        .filter(|one| width(lines, Cut::At(*one)).is_some_and(|width| width > 1))
        .collect();
    match sound.as_slice() {
        [one] if named || lines.len() > 1 => return Ok(Some(Cut::At(*one))),
        [_, _, ..] if named || lines.len() > 1 => {
            return Err(unclear("each line can be cut into columns in two ways"));
        }
        _ => {}
    }
    let with = |one: char| lines.iter().filter(|line| line.contains(one)).count();
    if named && delimiters.into_iter().all(|one| with(one) == 0) {
        return Ok(Some(if width(lines, Cut::Spaces).is_some_and(|width| width > 1) {
            Cut::Spaces
        } else {
            Cut::Nowhere
        }));
    }
    // every line has a tab, and still they differ: a table of two readings
    if named || (lines.len() > 1 && with('\t') == lines.len()) {
        return Err(unclear(
            "its lines do not have the same number of columns, or their quotes do not close",
        ));
    }
    let spaces = lines.len() > 2 && width(lines, Cut::Spaces).is_some_and(|width| width > 1);
    Ok(spaces.then_some(Cut::Spaces))
}

fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

fn counts(name: &str) -> bool {
    words(name).any(|word| COUNTS.contains(&word.as_str()))
}

fn is_person(name: &str) -> bool {
    let whole: String = words(name).collect();
    PEOPLE.contains(&whole.as_str())
}

/// Judges a text; `None` if it is no table. `named`: its name says that it is one.
pub(super) fn judge(text: &str, named: bool, least: u64) -> Option<Vec<Finding>> {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("##"))
        .collect();
    if lines.is_empty() {
        return None;
    }
    match cut(&lines, named) {
        Ok(None) => None,
        Ok(Some(cut)) => Some(rows(&lines, cut, least).err().into_iter().collect()),
        Err(finding) => Some(vec![finding]),
    }
}

fn rows(lines: &[&str], cut: Cut, least: u64) -> Result<(), Finding> {
    let unclear = |what: String| Finding::refuses("output.table_unclear", what);
    let mut lines = lines.iter().enumerate();
    let names = lines
        .next()
        .and_then(|(_, line)| split(line.strip_prefix('#').unwrap_or(line), cut))
        .unwrap_or_default();
    let mut seen: Vec<String> = Vec::new();
    for name in &names {
        let name = name.trim().to_lowercase();
        if name.is_empty() || name.parse::<f64>().is_ok() || seen.contains(&name) {
            return Err(unclear(
                "the first line of the table does not name its columns, each with a name of its own".to_owned(),
            ));
        }
        seen.push(name);
    }
    if let Some(person) = names.iter().find(|name| is_person(name)) {
        return Err(Finding::refuses(
            "output.person_rows",
            format!(
                "the column `{}` makes each row a single person; release counts of groups",
                person.trim()
            ),
        ));
    }
    let counting: Vec<usize> = (0..names.len())
        .filter(|at| names.get(*at).is_some_and(|name| counts(name)))
        .collect();
    if counting.is_empty() {
        return Err(Finding::refuses(
            "output.no_group_size",
            "the table does not say how many people each row stands for; add a column `n` with that number",
        ));
    }
    for (at, line) in lines {
        let row = split(line, cut).unwrap_or_default();
        let mut cells = Vec::new();
        for column in &counting {
            let text = row.get(*column).map_or("", String::as_str);
            let read = cell(text, least);
            let name = names.get(*column).map_or("", |name| name.trim());
            match read {
                Cell::Few => return Err(few(at, name, least)),
                Cell::Unclear => {
                    return Err(unclear(format!(
                        "row {at} of the table has no whole number in the column `{name}`, which counts people"
                    )));
                }
                Cell::Zero | Cell::Enough | Cell::LeftOut => cells.push(read),
            }
        }
        if !cells.contains(&Cell::Enough) && cells.contains(&Cell::LeftOut) {
            return Err(Finding::refuses(
                "output.small_group",
                format!("row {at} of the table leaves out how many people it stands for; leave the whole row out"),
            ));
        }
    }
    Ok(())
}

fn few(row: usize, name: &str, least: u64) -> Finding {
    Finding::refuses(
        "output.small_group",
        format!(
            "row {row} of the table stands for fewer than {least} people in the column `{name}`; join groups, or leave the row out"
        ),
    )
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
