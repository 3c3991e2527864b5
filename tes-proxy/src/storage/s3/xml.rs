//! The little XML that S3 speaks: written whole and escaped; of requests, the one list that a completed upload names.

use super::fault::{Fault, invalid};

/// The name space of every answer.
pub(super) const SPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// Parts that one upload may have.
pub(super) const PARTS: usize = 10_000;

/// A document in the making.
#[derive(Debug)]
pub(super) struct Xml(String);

impl Xml {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    /// `<name>`. Names are ours, never of a request.
    pub(super) fn open(&mut self, name: &'static str) {
        self.0.extend(["<", name, ">"]);
    }

    /// `<name xmlns="…">`.
    pub(super) fn root(&mut self, name: &'static str) {
        self.0.extend(["<", name, " xmlns=\"", SPACE, "\">"]);
    }

    /// `</name>`.
    pub(super) fn close(&mut self, name: &'static str) {
        self.0.extend(["</", name, ">"]);
    }

    /// `<name>text</name>`, escaped.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        self.open(name);
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&apos;"),
                '\r' => self.0.push_str("&#13;"),
                // XML 1.0 has no way to say these
                control if control.is_control() && !matches!(control, '\n' | '\t') => self.0.push('\u{fffd}'),
                other => self.0.push(other),
            }
        }
        self.close(name);
    }

    /// The document.
    pub(super) fn done(self) -> String {
        self.0
    }
}

/// The parts that a `CompleteMultipartUpload` names: number and `ETag`, in rising order. Comments, processing
/// instructions, entities and document types are refused: none of them belongs there.
///
/// # Errors
/// 400.
pub(super) fn parts(text: &str) -> Result<Vec<(i64, String)>, Fault> {
    let malformed = || invalid("door.xml", "the body is no list of parts");
    let mut rest = text.trim();
    if let Some(after) = rest.strip_prefix("<?xml") {
        rest = after.split_once("?>").ok_or_else(malformed)?.1.trim_start();
    }
    if rest.contains("<!") || rest.contains("<?") {
        return Err(malformed());
    }
    let (root, body) = rest.split_once('>').ok_or_else(malformed)?;
    let name = root.trim_start_matches('<').split_whitespace().next();
    if name != Some("CompleteMultipartUpload") || !root.starts_with('<') {
        return Err(malformed());
    }
    let mut body = body
        .trim_end()
        .strip_suffix("</CompleteMultipartUpload>")
        .ok_or_else(malformed)?
        .trim();
    let mut parts: Vec<(i64, String)> = Vec::new();
    while !body.is_empty() {
        let (part, after) = body
            .strip_prefix("<Part>")
            .and_then(|inner| inner.split_once("</Part>"))
            .ok_or_else(malformed)?;
        let number = element(part, "PartNumber").ok_or_else(malformed)?;
        let number: i64 = number.parse().map_err(|_| malformed())?;
        let etag = element(part, "ETag").ok_or_else(malformed)?;
        let etag = etag.replace("&quot;", "\"").replace("&#34;", "\"");
        if parts.len() >= PARTS || parts.last().is_some_and(|(last, _)| *last >= number) {
            return Err(invalid(
                "door.part_order",
                "the parts are not in rising order, or too many",
            ));
        }
        parts.push((number, etag.trim_matches('"').to_owned()));
        body = after.trim_start();
    }
    if parts.is_empty() { Err(malformed()) } else { Ok(parts) }
}

/// The text of the one element of this name.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, after) = text.split_once(&format!("<{name}>"))?;
    let (inner, rest) = after.split_once(&format!("</{name}>"))?;
    let twice = rest.contains(&format!("<{name}>"));
    (!twice && !inner.contains('<')).then(|| inner.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut xml = Xml::new();
        xml.text("Key", "a<b>&\"'\u{1}");
        assert!(xml.done().ends_with("<Key>a&lt;b&gt;&amp;&quot;&apos;\u{fffd}</Key>"));
    }

    #[test]
    fn the_parts_of_an_upload_are_a_plain_list_or_refused() {
        let good = "<?xml version=\"1.0\"?><CompleteMultipartUpload xmlns=\"x\">\n<Part><ETag>\"ab\"</ETag><PartNumber>1</PartNumber></Part>\
                    <Part><PartNumber>7</PartNumber><ETag>&quot;cd&quot;</ETag><ChecksumCRC32>x</ChecksumCRC32></Part></CompleteMultipartUpload>";
        assert_eq!(parts(good).unwrap(), [(1, "ab".to_owned()), (7, "cd".to_owned())]);
        for bad in [
            "",
            "x",
            "<CompleteMultipartUpload></CompleteMultipartUpload>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><CompleteMultipartUpload><Part><ETag>&x;</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><ETag>a</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><ETag>a</ETag><PartNumber>2</PartNumber></Part><Part><ETag>a</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><ETag>a</ETag><PartNumber>1</PartNumber><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>",
            "<Delete><Object/></Delete>",
        ] {
            assert!(parts(bad).is_err(), "{bad}");
        }
    }
}
