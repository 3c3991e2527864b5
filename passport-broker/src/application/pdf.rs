//! Is it a PDF? By header, trailer and cross-reference, never by rendering it (issue: an uploaded PDF that is HTML).
//!
//! A reader is lenient and looks for `%PDF-` anywhere; we are not: what is no plain PDF from its first byte to its last
//! is refused. What a PDF draws is for the reader's program; ours only hands it on as an attachment.

/// The largest document, in bytes.
pub(super) const BYTES: usize = 20 * 1024 * 1024;
/// Where readers look for the end.
const TAIL: usize = 2048;
/// Where browsers look for what a file is.
const HEAD: usize = 1024;

/// Why a file is no document.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum NoPdf {
    /// Empty, or more than [`BYTES`].
    #[error("A document has 1 byte to 20 MiB.")]
    Size,
    /// Does not begin as one.
    #[error("The file does not begin like a PDF.")]
    Begin,
    /// Looks like a page to a browser.
    #[error("The file holds what a browser would take for a page.")]
    Page,
    /// Does not end as one, or its index is not where it says.
    #[error("The file does not end like a PDF, or its index is not where it says: it may be cut short.")]
    End,
    /// Carries a script or starts programs.
    #[error("The PDF carries a script, a program or a file within: print it to a plain PDF.")]
    Active,
}

impl NoPdf {
    /// Stable.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Size => "application.document_size",
            Self::Begin | Self::Page | Self::End => "application.not_pdf",
            Self::Active => "application.pdf_active",
        }
    }
}

/// Refuses what is no plain PDF.
pub(super) fn check(file: &[u8]) -> Result<(), NoPdf> {
    if file.is_empty() || file.len() > BYTES {
        return Err(NoPdf::Size);
    }
    let version = file.strip_prefix(b"%PDF-").and_then(|rest| rest.get(..3));
    match version {
        Some([major @ (b'1' | b'2'), b'.', minor]) if minor.is_ascii_digit() && (*major == b'1' || *minor == b'0') => {}
        _ => return Err(NoPdf::Begin),
    }
    let head = file
        .get(..HEAD.min(file.len()))
        .unwrap_or_default()
        .to_ascii_lowercase();
    let pages: [&[u8]; 6] = [b"<html", b"<!doctype", b"<script", b"<svg", b"<body", b"<iframe"];
    if pages.iter().any(|page| find(&head, page).is_some()) {
        return Err(NoPdf::Page);
    }
    let tail = file.get(file.len().saturating_sub(TAIL)..).unwrap_or_default();
    let ends = find_last(tail, b"%%EOF").ok_or(NoPdf::End)?;
    let after = tail.get(ends.saturating_add(5)..).unwrap_or_default();
    if !after.iter().all(u8::is_ascii_whitespace) {
        return Err(NoPdf::End);
    }
    let index = find_last(tail, b"startxref").ok_or(NoPdf::End)?;
    let number = tail.get(index.saturating_add(9)..ends).unwrap_or_default();
    let place = std::str::from_utf8(number)
        .ok()
        .and_then(|text| text.trim().parse::<usize>().ok())
        .ok_or(NoPdf::End)?;
    let table = file.get(place..).unwrap_or_default();
    let begins = table
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .ok_or(NoPdf::End)?;
    let table = table.get(begins..).unwrap_or_default();
    let sound = if table.starts_with(b"xref") {
        find(table, b"trailer").is_some() && find(table, b"/Root").is_some()
    } else {
        // a stream: `7 0 obj << /Type /XRef …`
        let line = table.get(..HEAD.min(table.len())).unwrap_or_default();
        table.first().is_some_and(u8::is_ascii_digit) && find(line, b" obj").is_some() && find(line, b"/XRef").is_some()
    };
    if !sound {
        return Err(NoPdf::End);
    }
    let active: [&[u8]; 4] = [b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia"];
    if active.iter().any(|word| find(file, word).is_some()) {
        return Err(NoPdf::Active);
    }
    Ok(())
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|part| part == what)
}

fn find_last(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).rposition(|part| part == what)
}

/// A PDF of one empty page.
#[cfg(test)]
pub(super) fn sample() -> Vec<u8> {
    let mut text = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (at, object) in [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>",
    ]
    .iter()
    .enumerate()
    {
        places.push(text.len());
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let start = text.len();
    text.push_str("xref\n0 4\n0000000000 65535 f \n");
    for place in places {
        text.push_str(&format!("{place:010} 00000 n \n"));
    }
    text.push_str(&format!(
        "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    ));
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_pdf_from_its_first_byte_to_its_last_or_is_refused() {
        let good = String::from_utf8(sample()).unwrap();
        let cases: [(&str, Vec<u8>, Option<NoPdf>); 12] = [
            ("a plain one", good.clone().into_bytes(), None),
            ("nothing", Vec::new(), Some(NoPdf::Size)),
            ("too large", vec![b' '; BYTES + 1], Some(NoPdf::Size)),
            (
                "a page",
                b"<html><script>alert(1)</script></html>".to_vec(),
                Some(NoPdf::Begin),
            ),
            (
                "a page that says %PDF later",
                format!("<html>{good}").into_bytes(),
                Some(NoPdf::Begin),
            ),
            (
                "a page behind the header",
                good.replacen('\n', "\n<HTML><body onload=alert(1)>\n", 1).into_bytes(),
                Some(NoPdf::Page),
            ),
            ("a header alone", b"%PDF-1.7\n".to_vec(), Some(NoPdf::End)),
            (
                "cut short",
                good.as_bytes()[..good.len() - 20].to_vec(),
                Some(NoPdf::End),
            ),
            (
                "something behind its end",
                format!("{good}PK").into_bytes(),
                Some(NoPdf::End),
            ),
            (
                "an index that is elsewhere",
                good.replace("startxref\n", "startxref\n9").into_bytes(),
                Some(NoPdf::End),
            ),
            (
                "a version that is none",
                good.replacen("1.4", "9.9", 1).into_bytes(),
                Some(NoPdf::Begin),
            ),
            (
                "a script",
                good.replace("/MediaBox [0 0 72 72]", &format!("{:<21}", "/JavaScript (1)"))
                    .into_bytes(),
                Some(NoPdf::Active),
            ),
        ];
        for (name, file, refused) in cases {
            // an index moves with what was put before it: told by the fault that is looked for first
            assert_eq!(check(&file).err(), refused, "{name}");
        }
    }
}
