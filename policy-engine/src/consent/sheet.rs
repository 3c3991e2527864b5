//! The tables in `rules/` are comma-separated, as RFC 4180 has it: quoted fields, doubled quotes, no line breaks inside.

/// A sheet: rows of fields, found by the names in the first row.
pub(crate) struct Sheet {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// One row of a sheet.
#[derive(Clone, Copy)]
pub(crate) struct Row<'s> {
    columns: &'s [String],
    fields: &'s [String],
}

/// What is wrong with a sheet, and in which line (counted from 1).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(crate) struct SheetError {
    pub(crate) line: usize,
    pub(crate) what: &'static str,
}

impl Sheet {
    pub(crate) fn parse(text: &str) -> Result<Self, SheetError> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
        let (_, first) = lines.next().ok_or(SheetError {
            line: 1,
            what: "the sheet is empty",
        })?;
        let columns = fields(first).ok_or(SheetError {
            line: 1,
            what: "a quote has no end",
        })?;
        let mut rows = Vec::new();
        for (at, line) in lines {
            let row = fields(line).ok_or(SheetError {
                line: at + 1,
                what: "a quote has no end",
            })?;
            if row.len() != columns.len() {
                return Err(SheetError {
                    line: at + 1,
                    what: "another number of fields than in the first row",
                });
            }
            rows.push(row);
        }
        Ok(Self { columns, rows })
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|fields| Row {
            columns: &self.columns,
            fields,
        })
    }
}

impl<'s> Row<'s> {
    /// The field under this name; empty where the sheet has no such column.
    pub(crate) fn field(self, name: &str) -> &'s str {
        self.columns
            .iter()
            .zip(self.fields)
            .find(|(column, _)| *column == name)
            .map_or("", |(_, field)| field)
    }
}

/// The fields of a line; None if a quote has no end.
pub(crate) fn fields(line: &str) -> Option<Vec<String>> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    fields.push(field);
    (!quoted).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_at_commas_outside_of_quotes() {
        let cases = [
            ("a,b", Some(vec!["a", "b"])),
            ("a,", Some(vec!["a", ""])),
            ("\"a,b\",c", Some(vec!["a,b", "c"])),
            ("\"say \"\"no\"\"\",c", Some(vec!["say \"no\"", "c"])),
            ("\"a", None),
        ];
        for (line, expected) in cases {
            let expected = expected.map(|list| list.into_iter().map(String::from).collect::<Vec<_>>());
            assert_eq!(fields(line), expected, "{line}");
        }
    }

    #[test]
    fn a_short_row_is_refused_with_its_line() {
        assert_eq!(Sheet::parse("a,b\n1,2\n3\n").err().map(|error| error.line), Some(3));
    }
}
