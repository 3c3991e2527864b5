//! Words in base64 or hexadecimal, with the texts in them.

use std::collections::BTreeSet;

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Shorter words say nothing (`apis.md` 3.3).
const WORD: usize = 24;
/// So many bytes that are no text are no checksum, but something packed.
const PACKED: usize = 160;
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const WEB: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// What the words hold.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) texts: Vec<String>,
    /// One is no text and no checksum either: a program, an archive, a pickle.
    pub(super) binary: bool,
}

const fn letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Decodes each word.
pub(super) fn words(text: &str) -> Words {
    let mut words = Words::default();
    let mut wrapped = false;
    let mut run = 0_usize;
    for line in text.lines() {
        let whole = line.len() >= 60 && line.bytes().all(|byte| letter(byte) || byte == b'=');
        run = if whole { run.saturating_add(1) } else { 0 };
        wrapped |= run > 1;
    }
    each(text, &mut words);
    if wrapped {
        let joined: String = text.split_ascii_whitespace().collect();
        each(&joined, &mut words);
    }
    words
}

fn each(text: &str, words: &mut Words) {
    let runs = text.split(|letter_: char| !u8::try_from(letter_).is_ok_and(letter));
    for word in runs.filter(|word| word.len() >= WORD) {
        one(word, words);
        // the sign of a path is one of the alphabet, too
        for piece in word
            .split('/')
            .filter(|piece| piece.len() >= WORD && piece.len() < word.len())
        {
            one(piece, words);
        }
    }
}

fn one(word: &str, words: &mut Words) {
    if let Some(bytes) = hexadecimal(word) {
        take(&bytes, false, words);
        return;
    }
    let decoded = if word.contains(['-', '_']) {
        WEB.decode(word)
    } else {
        PLAIN.decode(word)
    };
    if let Ok(bytes) = decoded {
        // sequences and the like are written with a few letters only
        let letters: BTreeSet<u8> = word.bytes().collect();
        take(&bytes, letters.len() > 24, words);
    }
}

fn hexadecimal(word: &str) -> Option<Vec<u8>> {
    let pairs = word.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                Some(digit(*high)? << 4 | digit(*low)?)
            }
            _ => None,
        })
        .collect()
}

fn take(bytes: &[u8], varied: bool, words: &mut Words) {
    let printable = bytes
        .iter()
        .filter(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
        .count();
    if let Ok(text) = str::from_utf8(bytes)
        && printable.saturating_mul(10) >= bytes.len().saturating_mul(9)
    {
        words.texts.push(text.to_owned());
        return;
    }
    // UTF-16, and texts inside of pickles and the like
    let inner: String = bytes
        .iter()
        .filter(|byte| **byte != 0)
        .map(|byte| char::from(*byte))
        .collect();
    let archive = [
        b"\x1f\x8b".as_slice(),
        b"PK\x03\x04",
        b"x\x9c",
        b"x\xda",
        b"BZh",
        b"\xfd7zXZ",
        b"\x28\xb5\x2f\xfd",
    ]
    .iter()
    .any(|magic| bytes.starts_with(magic));
    words.binary |= archive || (bytes.len() >= PACKED && varied);
    if inner.contains("://") {
        words.texts.push(inner);
    }
}
