//! Lines of text as a PDF of plain pages: A4, the standard fonts, no file within, nothing active.
//!
//! The standard fonts know the letters of western Europe (WinAnsi) and no others, and no font is large enough for every
//! script. What they lack is shown by its code points, set in typewriter letters: `[U+0639 U+0627]`. Nothing is lost or
//! guessed by that: the letters themselves stand behind each such piece (`ActualText`), so that copying, searching and
//! screen readers have them, and the JSON has them too.

mod letters;

use std::fmt::Write as _;

use letters::{byte, width};

/// Width and height of A4, the margin, all in points.
const PAGE: (u32, u32) = (595, 842);
const MARGIN: u32 = 56;
/// From one line to the next.
const LEADING: u32 = 14;
/// Where the lowest line stands; the foot is below.
const LOWEST: u32 = 70;
/// Most pages: what is longer ends with a line that says so.
const PAGES: usize = 500;
/// Thousandths of the letter's size: one of the typewriter.
const TYPEWRITER: u32 = 600;

/// How a line is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    /// The title of the whole.
    Title,
    /// The head of a part.
    Head,
    /// Text.
    Text,
}

impl Style {
    /// Size in points, and the name of the font.
    const fn face(self) -> (u32, &'static str) {
        match self {
            Self::Title => (16, "F2"),
            Self::Head => (12, "F2"),
            Self::Text => (10, "F1"),
        }
    }
}

/// A piece of a line: letters that the fonts have, or some that they lack.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Plain(Vec<u8>),
    Coded { shown: Vec<u8>, letters: String },
}

impl Piece {
    fn width(&self) -> u32 {
        match self {
            Self::Plain(bytes) => bytes.iter().map(|byte| width(*byte)).sum(),
            Self::Coded { shown, .. } => u32::try_from(shown.len())
                .unwrap_or(u32::MAX)
                .saturating_mul(TYPEWRITER),
        }
    }
}

/// A document that is being written.
#[derive(Debug)]
pub(super) struct Print {
    title: String,
    foot: String,
    pages: Vec<String>,
    /// Where the next line stands; above the page's top: no page is begun.
    at: u32,
    full: bool,
}

impl Print {
    /// An empty one; `foot` stands below each page.
    pub(super) fn new(title: &str, foot: &str) -> Self {
        Self {
            title: title.to_owned(),
            foot: foot.to_owned(),
            pages: Vec::new(),
            at: 0,
            full: false,
        }
    }

    /// A paragraph, broken where words end.
    pub(super) fn say(&mut self, style: Style, text: &str) {
        for line in text.lines() {
            self.paragraph(style, 0, line);
        }
    }

    /// A name and what stands for it, indented.
    pub(super) fn fact(&mut self, name: &str, text: &str) {
        let mut lines = text.lines();
        self.paragraph(Style::Text, 0, &format!("{name}: {}", lines.next().unwrap_or_default()));
        for line in lines {
            self.paragraph(Style::Text, 16, line);
        }
    }

    /// Room between two parts.
    pub(super) fn room(&mut self) {
        self.at = self.at.saturating_sub(LEADING / 2);
    }

    fn paragraph(&mut self, style: Style, indent: u32, text: &str) {
        let (size, _) = style.face();
        let bold = if style == Style::Text { 100 } else { 112 };
        let room = (PAGE.0 - 2 * MARGIN).saturating_sub(indent + 12) * 1_000 / size * 100 / bold;
        let (mut line, mut used) = (Vec::<Piece>::new(), 0);
        for word in text.split(' ') {
            for part in parts(&pieces(word), room) {
                let wide: u32 = part.iter().map(Piece::width).sum();
                let blank = if line.is_empty() { 0 } else { width(b' ') };
                if !line.is_empty() && used + blank + wide > room {
                    self.line(style, indent, &std::mem::take(&mut line));
                    used = 0;
                }
                if !line.is_empty() {
                    line.push(Piece::Plain(vec![b' ']));
                    used += blank;
                }
                used += wide;
                line.extend(part);
            }
        }
        self.line(style, indent, &line);
    }

    fn line(&mut self, style: Style, indent: u32, line: &[Piece]) {
        let (size, font) = style.face();
        let leading = LEADING.max(size + 4);
        if self.full {
            return;
        }
        if self.pages.is_empty() || self.at < LOWEST + leading {
            if self.pages.len() >= PAGES {
                self.full = true;
                return;
            }
            self.pages.push(String::new());
            self.at = PAGE.1 - MARGIN;
        }
        self.at = self.at.saturating_sub(leading);
        let (x, y) = (MARGIN + indent, self.at);
        if let Some(page) = self.pages.last_mut() {
            set(page, font, size, (x, y), line);
        }
    }

    /// The file.
    pub(super) fn file(mut self) -> Vec<u8> {
        if self.pages.is_empty() {
            self.pages.push(String::new());
        }
        let count = self.pages.len();
        let end = if self.full {
            " · cut off here: the JSON has all"
        } else {
            ""
        };
        let mut objects = vec![
            "<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>".to_owned(),
            String::new(),
            font("Helvetica"),
            font("Helvetica-Bold"),
            font("Courier"),
            format!("<< /Title <{}> /Producer (Visum) >>", utf16(&self.title)),
        ];
        let mut kids = String::new();
        for (number, mut page) in self.pages.into_iter().enumerate() {
            let foot = format!("{} · page {} of {count}{end}", self.foot, number + 1);
            set(&mut page, "F1", 8, (MARGIN, 40), &pieces(&foot));
            let place = objects.len() + 1;
            let _ = write!(kids, "{place} 0 R ");
            objects.push(format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] /Contents {} 0 R \
                 /Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R >> >> >>",
                PAGE.0,
                PAGE.1,
                place + 1
            ));
            objects.push(format!("<< /Length {} >>\nstream\n{page}endstream", page.len()));
        }
        if let Some(pages) = objects.get_mut(1) {
            *pages = format!("<< /Type /Pages /Kids [{}] /Count {count} >>", kids.trim_end());
        }
        whole(&objects)
    }
}

/// Header, objects, index, end.
fn whole(objects: &[String]) -> Vec<u8> {
    let mut text = String::from("%PDF-1.7\n");
    let mut index = String::new();
    for (at, object) in objects.iter().enumerate() {
        let _ = writeln!(index, "{:010} 00000 n ", text.len());
        let _ = write!(text, "{} 0 obj\n{object}\nendobj\n", at + 1);
    }
    let (start, size) = (text.len(), objects.len() + 1);
    let _ = write!(
        text,
        "xref\n0 {size}\n0000000000 65535 f \n{index}trailer\n<< /Size {size} /Root 1 0 R /Info 6 0 R >>\n\
         startxref\n{start}\n%%EOF\n"
    );
    text.into_bytes()
}

fn font(name: &str) -> String {
    format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")
}

/// Sets pieces from a point on. Texts are hexadecimal: whatever they say, nothing in them is a command.
fn set(page: &mut String, font: &str, size: u32, (x, y): (u32, u32), line: &[Piece]) {
    let _ = write!(page, "BT {x} {y} Td ");
    for piece in line {
        match piece {
            Piece::Plain(bytes) => {
                let _ = writeln!(page, "/{font} {size} Tf <{}> Tj", hex(bytes));
            }
            Piece::Coded { shown, letters } => {
                let letters = utf16(letters);
                let _ = writeln!(
                    page,
                    "/Span << /ActualText <{letters}> >> BDC /F3 {size} Tf <{}> Tj EMC",
                    hex(shown)
                );
            }
        }
    }
    page.push_str("ET\n");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A text string of PDF: UTF-16 with its mark.
fn utf16(text: &str) -> String {
    text.encode_utf16().fold(String::from("feff"), |mut hex, unit| {
        let _ = write!(hex, "{unit:04x}");
        hex
    })
}

/// A text as pieces.
fn pieces(text: &str) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    for letter in text.chars() {
        match (byte(letter), all.last_mut()) {
            (Some(byte), Some(Piece::Plain(bytes))) => bytes.push(byte),
            (Some(byte), _) => all.push(Piece::Plain(vec![byte])),
            (None, Some(Piece::Coded { letters, .. })) => letters.push(letter),
            (None, _) => all.push(Piece::Coded {
                shown: Vec::new(),
                letters: letter.to_string(),
            }),
        }
    }
    for piece in &mut all {
        if let Piece::Coded { shown, letters } = piece {
            *shown = coded(letters);
        }
    }
    all
}

fn coded(letters: &str) -> Vec<u8> {
    let points: Vec<String> = letters.chars().map(|one| format!("U+{:04X}", u32::from(one))).collect();
    format!("[{}]", points.join(" ")).into_bytes()
}

/// A word that is wider than a line, cut into parts that are not.
fn parts(word: &[Piece], room: u32) -> Vec<Vec<Piece>> {
    if word.iter().map(Piece::width).sum::<u32>() <= room {
        return vec![word.to_vec()];
    }
    let mut all: Vec<Vec<Piece>> = Vec::new();
    let (mut part, mut used) = (Vec::new(), 0);
    for one in word.iter().flat_map(singles) {
        if used + one.width() > room && !part.is_empty() {
            all.push(std::mem::take(&mut part));
            used = 0;
        }
        used += one.width();
        match (part.last_mut(), one) {
            (Some(Piece::Plain(known)), Piece::Plain(more)) => known.extend(more),
            (_, one) => part.push(one),
        }
    }
    all.push(part);
    all
}

/// A piece letter by letter.
fn singles(piece: &Piece) -> Vec<Piece> {
    match piece {
        Piece::Plain(bytes) => bytes.iter().map(|byte| Piece::Plain(vec![*byte])).collect(),
        Piece::Coded { letters, .. } => letters
            .chars()
            .map(|one| Piece::Coded {
                shown: coded(&one.to_string()),
                letters: one.to_string(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_script_are_there_twice_by_code_and_as_themselves() {
        let cases = [
            ("Müller–Lüdenscheidt, “Ünal” €", vec![]),
            ("Ada عائشة", vec!["عائشة"]),
            ("Łukasz Dvořák", vec!["Ł", "ř"]),
            ("山田 太郎", vec!["山田", "太郎"]),
            ("𝔸", vec!["𝔸"]),
        ];
        for (text, lacking) in cases {
            let found: Vec<String> = text
                .split(' ')
                .flat_map(pieces)
                .filter_map(|piece| match piece {
                    Piece::Coded { letters, .. } => Some(letters),
                    Piece::Plain(_) => None,
                })
                .collect();
            assert_eq!(found, lacking, "{text}");
            let mut print = Print::new("t", "f");
            print.say(Style::Text, text);
            let file = String::from_utf8(print.file()).unwrap();
            for letters in lacking {
                assert!(
                    file.contains(&format!("/ActualText <{}>", utf16(letters))),
                    "{text}: {file}"
                );
                assert!(file.contains(&hex(&coded(letters))), "{text}");
            }
        }
        assert_eq!(coded("عا"), b"[U+0639 U+0627]");
    }

    #[test]
    fn what_is_printed_is_a_pdf_of_as_many_pages_as_it_takes() {
        for (lines, pages) in [(0, 1), (1, 1), (200, 4)] {
            let mut print = Print::new("(title) <script>", "foot");
            for line in 0..lines {
                print.fact("line", &format!("{line} (with) \\ <html> %%EOF endstream /JavaScript"));
            }
            let file = print.file();
            assert_eq!(super::super::pdf::check(&file), Ok(()), "{lines}");
            let text = String::from_utf8(file).unwrap();
            assert_eq!(text.matches("/Type /Page ").count(), pages, "{lines}");
            assert_eq!(text.matches("endstream").count(), pages, "what is said is no command");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_page_and_no_text_longer_than_its_bound() {
        let room = PAGE.0 - 2 * MARGIN;
        for text in [
            "W".repeat(300),
            "ع".repeat(300),
            "some words ".repeat(100),
            "ع ".repeat(100),
        ] {
            let mut print = Print::new("t", "f");
            print.say(Style::Text, &text);
            for line in print.pages.concat().split("BT ").skip(1) {
                let shown = |font: &str| -> Vec<u8> {
                    let start = format!("/{font} 10 Tf <");
                    let runs = line.split(&start).skip(1);
                    let hex: String = runs.map(|run| run.split('>').next().unwrap()).collect();
                    let digits = hex.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap());
                    digits.map(|two| u8::from_str_radix(two, 16).unwrap()).collect()
                };
                let plain: u32 = shown("F1").into_iter().map(width).sum();
                let wide = plain + u32::try_from(shown("F3").len()).unwrap() * TYPEWRITER;
                assert!(wide > 0 && wide * 10 <= room * 1_000, "{wide}: {line}");
            }
        }
        let mut long = Print::new("t", "f");
        for _ in 0..PAGES * 60 {
            long.say(Style::Text, "x");
        }
        assert!(long.full, "and its foot says so");
        assert_eq!(long.pages.len(), PAGES);
    }
}
