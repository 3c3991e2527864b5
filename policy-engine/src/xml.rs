//! A small reader of XML as archives and object stores write it: elements, attributes, text.
//!
//! No document types, hence no entities beside the five and the numbers: nothing grows, nothing is fetched.

/// How deep elements may lie in each other.
const DEPTH: usize = 64;
/// Attributes that one element may have.
const ATTRIBUTES: usize = 64;

/// What comes next in a text.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Event<'x> {
    /// An element begins; its name without prefix. `<a/>` is followed by its [`Event::Close`].
    Open(&'x str, Vec<(&'x str, String)>),
    /// An element ends.
    Close(&'x str),
    /// Text between, entities resolved; never only blank.
    Text(String),
}

/// Where a text stops being XML that we read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(crate) struct XmlError {
    pub(crate) line: usize,
    pub(crate) what: &'static str,
}

/// A text, read piece by piece.
#[derive(Debug)]
pub(crate) struct Reader<'x> {
    whole: &'x str,
    rest: &'x str,
    open: Vec<&'x str>,
    /// Of `<a/>`: its end is still to be told.
    pending: Option<&'x str>,
    seen_root: bool,
}

impl<'x> Reader<'x> {
    pub(crate) fn new(text: &'x str) -> Self {
        Self {
            whole: text,
            rest: text.trim_start_matches('\u{feff}'),
            open: Vec::new(),
            pending: None,
            seen_root: false,
        }
    }

    /// The next piece; None at the end of a whole document.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'x>>, XmlError> {
        if let Some(name) = self.pending.take() {
            self.open.pop();
            return Ok(Some(Event::Close(name)));
        }
        loop {
            if let Some(rest) = self.rest.strip_prefix("<!--") {
                self.rest = after(rest, "-->").ok_or_else(|| self.fault("a comment has no end"))?;
            } else if let Some(rest) = self.rest.strip_prefix("<?") {
                self.rest = after(rest, "?>").ok_or_else(|| self.fault("an instruction has no end"))?;
            } else if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
                let (text, rest) = rest
                    .split_once("]]>")
                    .ok_or_else(|| self.fault("a CDATA section has no end"))?;
                self.rest = rest;
                if !text.trim().is_empty() {
                    return self.text(text.to_owned());
                }
            } else if self.rest.starts_with("<!") {
                return Err(self.fault("document types are not read"));
            } else if let Some(rest) = self.rest.strip_prefix("</") {
                let (name, rest) = rest.split_once('>').ok_or_else(|| self.fault("a tag has no end"))?;
                let name = local(name.trim_end());
                if self.open.pop() != Some(name) {
                    return Err(self.fault("an element is closed that is not open"));
                }
                self.rest = rest;
                return Ok(Some(Event::Close(name)));
            } else if let Some(rest) = self.rest.strip_prefix('<') {
                return self.element(rest).map(Some);
            } else if self.rest.is_empty() {
                return if self.open.is_empty() && self.seen_root {
                    Ok(None)
                } else {
                    Err(self.fault("the text ends before its elements do"))
                };
            } else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                let text = self.resolved(text)?;
                self.rest = rest;
                if !text.trim().is_empty() {
                    return self.text(text);
                }
            }
        }
    }

    fn text(&self, text: String) -> Result<Option<Event<'x>>, XmlError> {
        if self.open.is_empty() {
            return Err(self.fault("there is text outside of any element"));
        }
        Ok(Some(Event::Text(text)))
    }

    fn element(&mut self, rest: &'x str) -> Result<Event<'x>, XmlError> {
        let end = rest
            .find(|letter: char| letter.is_whitespace() || letter == '/' || letter == '>')
            .ok_or_else(|| self.fault("a tag has no end"))?;
        let (name, mut rest) = rest.split_at(end);
        if name.is_empty() {
            return Err(self.fault("an element has no name"));
        }
        if self.open.is_empty() && self.seen_root {
            return Err(self.fault("there are two documents"));
        }
        if self.open.len() >= DEPTH {
            return Err(self.fault("elements lie too deep in each other"));
        }
        let mut attributes = Vec::new();
        let name = local(name);
        loop {
            rest = rest.trim_start();
            if let Some(rest) = rest.strip_prefix("/>") {
                self.pending = Some(name);
                self.rest = rest;
                break;
            }
            if let Some(rest) = rest.strip_prefix('>') {
                self.rest = rest;
                break;
            }
            let (key, after) = rest
                .split_once('=')
                .ok_or_else(|| self.fault("an attribute has no value"))?;
            let after = after.trim_start();
            let quote = after
                .chars()
                .next()
                .filter(|quote| matches!(quote, '"' | '\''))
                .ok_or_else(|| self.fault("an attribute's value has no quotes"))?;
            let (value, after) = after
                .get(1..)
                .and_then(|after| after.split_once(quote))
                .ok_or_else(|| self.fault("an attribute's value has no end"))?;
            let key = key.trim();
            if key.is_empty() || key.contains(['<', '>', '"', '\'']) || attributes.len() >= ATTRIBUTES {
                return Err(self.fault("an element's attributes cannot be read"));
            }
            attributes.push((local(key), self.resolved(value)?));
            rest = after;
        }
        self.seen_root = true;
        self.open.push(name);
        Ok(Event::Open(name, attributes))
    }

    fn resolved(&self, text: &str) -> Result<String, XmlError> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('&') {
            out.push_str(before);
            let (name, after) = after
                .split_once(';')
                .filter(|(name, _)| name.len() <= 10)
                .ok_or_else(|| self.fault("an `&` begins no entity"))?;
            let letter = match name {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => name.strip_prefix('#').and_then(|number| {
                    let number = match number.strip_prefix('x') {
                        Some(hex) => u32::from_str_radix(hex, 16),
                        None => number.parse(),
                    };
                    number.ok().and_then(char::from_u32)
                }),
            };
            out.push(letter.ok_or_else(|| self.fault("an entity is not known"))?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn fault(&self, what: &'static str) -> XmlError {
        let read = self.whole.len().saturating_sub(self.rest.len());
        let line = self
            .whole
            .as_bytes()
            .iter()
            .take(read)
            .filter(|byte| **byte == b'\n')
            .count();
        XmlError { line: line + 1, what }
    }
}

fn after<'x>(text: &'x str, mark: &str) -> Option<&'x str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Result<String, XmlError> {
        let mut reader = Reader::new(text);
        let mut out = String::new();
        while let Some(event) = reader.next()? {
            match event {
                Event::Open(name, attributes) => {
                    out.push_str(&format!("<{name}"));
                    for (key, value) in attributes {
                        out.push_str(&format!(" {key}={value}"));
                    }
                    out.push('>');
                }
                Event::Close(name) => out.push_str(&format!("</{name}>")),
                Event::Text(text) => out.push_str(text.trim()),
            }
        }
        Ok(out)
    }

    #[test]
    fn documents_are_read_and_what_is_none_is_refused() {
        let cases = [
            ("an element", "<a>b</a>", Some("<a>b</a>")),
            (
                "an empty element",
                "<?xml version='1.0'?><a><b c='d'/></a>",
                Some("<a><b c=d></b></a>"),
            ),
            (
                "a prefix",
                "<x:a xmlns:x=\"u\" x:k = 'v'>t</x:a>",
                Some("<a x=u k=v>t</a>"),
            ),
            (
                "entities",
                "<a k='&lt;&quot;'>&#65;&#x42;&amp;</a>",
                Some("<a k=<\">AB&</a>"),
            ),
            ("a comment", "<a><!-- <b> --></a>", Some("<a></a>")),
            ("a CDATA section", "<a><![CDATA[<b>]]></a>", Some("<a><b></a>")),
            ("a document type", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", None),
            ("an unknown entity", "<a>&e;</a>", None),
            ("an end of another", "<a></b>", None),
            ("no end", "<a>", None),
            ("two documents", "<a/><b/>", None),
            ("text outside", "<a/>hello", None),
            ("nothing", "", None),
            ("an attribute without quotes", "<a b=c/>", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(all(text).ok().as_deref(), expected, "{name}");
        }
        assert!(all(&"<a>".repeat(100_000)).is_err(), "depth");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_run_for_ever(text in "[<>/!a&;#x='\"\\- \\[\\]?CDATA\u{e4}]{0,60}") {
            let _ = all(&text);
        }
    }
}
