//! The objects of one dataset as one file: a JSON object a line, sorted by id. Equal lists have equal bytes, so that
//! a digest names a list, and a governed row of a hundred bytes stands for a million objects.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::object_map::ObjectRecord;
use super::segment::Fault;
use crate::consent::Name;

/// Bytes of one list; longer ones are split.
pub const LIST_BYTES: usize = 48 * 1024 * 1024;
/// Bytes of one line.
const LINE_BYTES: usize = 4 * 1024 * 1024;

/// A file that is no list of objects.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ListError {
    /// A line that is no object.
    #[error("line {line} of the list of objects cannot be read: {what}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// Why.
        what: String,
    },
    /// Not the one form in which lists are kept.
    #[error("line {line} of the list of objects is not in its place: sorted by id, each id once")]
    Order {
        /// Counted from 1.
        line: usize,
    },
    /// Another number of objects than its row says.
    #[error("the list holds {found} objects, and its row says {said}")]
    Count {
        /// In the file.
        found: u64,
        /// In the row.
        said: u64,
    },
    /// A file in the form of bytes that is not as it was written.
    #[error("{fault}")]
    Damaged {
        /// How.
        fault: Fault,
    },
}

impl ListError {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Line { .. } | Self::Order { .. } | Self::Count { .. } => "catalogue.list_unreadable",
            Self::Damaged { fault } => fault.code(),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<BTreeSet<Name>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    participants: Option<Vec<Name>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    urls: Vec<String>,
}

/// Reads a list; all its objects belong to this dataset.
///
/// # Errors
/// [`ListError`]
pub fn read(text: &str, dataset: &Name, count: u64) -> Result<Vec<ObjectRecord>, ListError> {
    let mut records: Vec<ObjectRecord> = Vec::with_capacity(usize::try_from(count).unwrap_or(0).min(text.len() / 8));
    for (at, line) in text.lines().enumerate() {
        let wrong = |what: String| ListError::Line { line: at + 1, what };
        if line.len() > LINE_BYTES {
            return Err(wrong(format!("it is longer than {LINE_BYTES} bytes")));
        }
        let line: Line = serde_json::from_str(line).map_err(|why| wrong(why.to_string()))?;
        if records.last().is_some_and(|last| last.id >= line.id) {
            return Err(ListError::Order { line: at + 1 });
        }
        records.push(ObjectRecord {
            id: line.id,
            dataset: dataset.clone(),
            groups: line.groups,
            participants: line.participants,
            urls: line.urls,
        });
    }
    let found = records.len() as u64;
    if found == count {
        Ok(records)
    } else {
        Err(ListError::Count { found, said: count })
    }
}

/// One file of a longer list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Its text.
    pub text: String,
    /// How many objects stand in it.
    pub count: u64,
}

/// Writes lists of at most `bytes` each (or of one object, if that is longer). The same objects give the same files,
/// in whatever order they come.
#[must_use]
pub fn write(mut records: Vec<ObjectRecord>, bytes: usize) -> Vec<Part> {
    records.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    let mut parts: Vec<Part> = Vec::new();
    for record in records {
        let mut participants = record.participants;
        if let Some(people) = &mut participants {
            people.sort_unstable();
            people.dedup();
        }
        let mut urls = record.urls;
        urls.sort_unstable();
        urls.dedup();
        let line = Line {
            id: record.id,
            groups: record.groups,
            participants,
            urls,
        };
        // texts and lists of texts: there is nothing that could not be written
        let Ok(line) = serde_json::to_string(&line) else {
            continue;
        };
        match parts.last_mut() {
            Some(part) if part.text.len() + line.len() < bytes => {
                part.text.push_str(&line);
                part.text.push('\n');
                part.count += 1;
            }
            _ => parts.push(Part {
                text: format!("{line}\n"),
                count: 1,
            }),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(id: &str) -> ObjectRecord {
        ObjectRecord {
            id: Name::try_from(id).unwrap(),
            dataset: Name::try_from("d").unwrap(),
            groups: None,
            participants: None,
            urls: vec![format!("s3://b/{id}")],
        }
    }

    fn d() -> Name {
        Name::try_from("d").unwrap()
    }

    #[test]
    fn a_list_is_the_same_in_any_order_and_read_as_it_was_written() {
        let mut one = record("b");
        one.participants = Some(vec![Name::try_from("p2").unwrap(), Name::try_from("p1").unwrap()]);
        let parts = write(vec![one.clone(), record("a")], LIST_BYTES);
        assert_eq!(parts, write(vec![record("a"), one], LIST_BYTES));
        assert_eq!(parts.len(), 1);
        let read = read(&parts[0].text, &d(), 2).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(write(read, LIST_BYTES), parts);
    }

    #[test]
    fn long_lists_are_split_and_nothing_is_lost() {
        let all: Vec<ObjectRecord> = (0..100).map(|at| record(&format!("{at:03}"))).collect();
        let parts = write(all, 200);
        assert!(parts.len() > 10);
        assert!(parts.iter().all(|part| part.text.len() <= 200));
        assert_eq!(parts.iter().map(|part| part.count).sum::<u64>(), 100);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let cases = [
            ("not sorted", "{\"id\":\"b\"}\n{\"id\":\"a\"}\n", 2),
            ("twice", "{\"id\":\"a\"}\n{\"id\":\"a\"}\n", 2),
            ("another count", "{\"id\":\"a\"}\n", 2),
            ("an unknown member", "{\"id\":\"a\",\"dataset\":\"other\"}\n", 1),
            ("an empty line", "\n", 1),
            ("no id", "{}\n", 1),
        ];
        for (name, text, count) in cases {
            assert_eq!(
                read(text, &d(), count).unwrap_err().code(),
                "catalogue.list_unreadable",
                "{name}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\{\\}\"a-d:,\\[\\]\n]{0,80}", count in any::<u64>()) {
            let _ = read(&text, &d(), count);
        }
    }
}
