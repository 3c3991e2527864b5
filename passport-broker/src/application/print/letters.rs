//! The letters of the standard fonts: which byte stands for each, and how wide it is.

/// The byte of a letter in WinAnsi (code page 1252), if it has one. Controls and tabs are blanks.
pub(super) fn byte(letter: char) -> Option<u8> {
    const HIGH: [(char, u8); 27] = [
        ('€', 0x80),
        ('‚', 0x82),
        ('ƒ', 0x83),
        ('„', 0x84),
        ('…', 0x85),
        ('†', 0x86),
        ('‡', 0x87),
        ('ˆ', 0x88),
        ('‰', 0x89),
        ('Š', 0x8a),
        ('‹', 0x8b),
        ('Œ', 0x8c),
        ('Ž', 0x8e),
        ('‘', 0x91),
        ('’', 0x92),
        ('“', 0x93),
        ('”', 0x94),
        ('•', 0x95),
        ('–', 0x96),
        ('—', 0x97),
        ('˜', 0x98),
        ('™', 0x99),
        ('š', 0x9a),
        ('›', 0x9b),
        ('œ', 0x9c),
        ('ž', 0x9e),
        ('Ÿ', 0x9f),
    ];
    let code = u32::from(letter);
    match code {
        0..=0x1f | 0x7f..=0x9f => Some(b' '),
        0x20..=0x7e | 0xa0..=0xff => u8::try_from(code).ok(),
        _ => HIGH.iter().find(|(known, _)| *known == letter).map(|(_, byte)| *byte),
    }
}

/// Width of a letter of Helvetica in thousandths of its size (Adobe's metrics); beyond ASCII the widest of its kind.
pub(super) fn width(byte: u8) -> u32 {
    const ASCII: [u16; 95] = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556,
        556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667,
        556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556,
        556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722,
        500, 500, 500, 334, 260, 334, 584,
    ];
    let ascii = byte.checked_sub(0x20).and_then(|at| ASCII.get(usize::from(at)));
    match (ascii, byte) {
        (Some(width), _) => u32::from(*width),
        (None, 0xe0..=0xff) => 611,
        (None, 0xc0..=0xdf) => 778,
        (None, _) => 1_000,
    }
}
