//! The beginning of what a gzip or BGZF file holds (RFC 1951, 1952): enough to tell what it is. Bounded in what is read
//! and in what is made of it; what cannot be read ends it.

/// Members of one file that are looked into: BGZF cuts a file into blocks of 64 KiB, and the first may be empty.
const MEMBERS: usize = 64;
/// Longest code of deflate, in bits.
const LONGEST: usize = 15;

/// Lengths of matches: base and extra bits, by symbol from 257 on.
const LENGTHS: [(usize, u32); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// The order in which the lengths of the code of lengths stand.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Bits, the lowest of each byte first.
struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
    held: u32,
    count: u32,
}

impl<'b> Bits<'b> {
    const fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            held: 0,
            count: 0,
        }
    }

    /// The next `wanted` bits, at most 16.
    fn take(&mut self, wanted: u32) -> Option<usize> {
        while self.count < wanted {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            self.held |= u32::from(byte) << self.count;
            self.count += 8;
        }
        let value = self.held & ((1 << wanted) - 1);
        self.held >>= wanted;
        self.count -= wanted;
        usize::try_from(value).ok()
    }

    /// Drops what is left of the byte under way.
    fn align(&mut self) {
        self.held = 0;
        self.count = 0;
    }
}

/// A canonical code: how many symbols have each length, and the symbols in their order.
struct Code {
    counts: [usize; LONGEST + 1],
    symbols: Vec<usize>,
}

impl Code {
    fn of(lengths: &[usize]) -> Option<Self> {
        let mut counts = [0; LONGEST + 1];
        let mut symbols = Vec::new();
        for length in 1..=LONGEST {
            let with = lengths.iter().enumerate().filter(|(_, own)| **own == length);
            let before = symbols.len();
            symbols.extend(with.map(|(symbol, _)| symbol));
            *counts.get_mut(length)? = symbols.len() - before;
        }
        Some(Self { counts, symbols })
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (mut code, mut first, mut index) = (0_usize, 0_usize, 0_usize);
        for count in self.counts.iter().skip(1) {
            code |= bits.take(1)?;
            if let Some(place) = code.checked_sub(first).filter(|place| place < count) {
                return self.symbols.get(index + place).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

fn fixed() -> Option<(Code, Code)> {
    let length = |symbol: usize| match symbol {
        0..=143 | 280.. => 8,
        144..=255 => 9,
        256..=279 => 7,
    };
    let literals: Vec<usize> = (0..288).map(length).collect();
    Some((Code::of(&literals)?, Code::of(&[5; 30])?))
}

fn dynamic(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    let (literals, distances, lengths) = (bits.take(5)? + 257, bits.take(5)? + 1, bits.take(4)? + 4);
    let mut own = [0; 19];
    for place in ORDER.iter().take(lengths) {
        *own.get_mut(*place)? = bits.take(3)?;
    }
    let code = Code::of(&own)?;
    let mut all: Vec<usize> = Vec::new();
    while all.len() < literals + distances {
        let (value, times) = match code.read(bits)? {
            symbol @ 0..=15 => (symbol, 1),
            16 => (*all.last()?, bits.take(2)? + 3),
            17 => (0, bits.take(3)? + 3),
            _ => (0, bits.take(7)? + 11),
        };
        all.extend(std::iter::repeat_n(value, times));
    }
    let rest = all.get(literals..literals + distances)?;
    Some((Code::of(all.get(..literals)?)?, Code::of(rest)?))
}

/// One block of codes into `out`, until its end or `most` bytes.
fn coded(bits: &mut Bits<'_>, codes: &(Code, Code), out: &mut Vec<u8>, most: usize) -> Option<()> {
    while out.len() < most {
        match codes.0.read(bits)? {
            literal @ 0..=255 => out.push(u8::try_from(literal).ok()?),
            256 => return Some(()),
            symbol => {
                let (base, extra) = *LENGTHS.get(symbol - 257)?;
                let length = base + bits.take(extra)?;
                let place = codes.1.read(bits)?;
                let extra = u32::try_from(place / 2).ok()?.saturating_sub(1);
                let base = if place < 4 {
                    place + 1
                } else {
                    ((2 + place % 2) << extra) + 1
                };
                let back = base + bits.take(extra)?;
                for _ in 0..length {
                    let byte = *out.get(out.len().checked_sub(back)?)?;
                    out.push(byte);
                }
            }
        }
    }
    Some(())
}

/// One deflate stream into `out`; where the next byte after it stands.
fn inflate(bytes: &[u8], out: &mut Vec<u8>, most: usize) -> Option<usize> {
    let mut bits = Bits::new(bytes);
    loop {
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => {
                bits.align();
                let (length, check) = (bits.take(16)?, bits.take(16)?);
                if length ^ 0xffff != check {
                    return None;
                }
                let end = bits.at.checked_add(length)?;
                let stored = bytes.get(bits.at..end)?;
                out.extend(stored.iter().take(most.saturating_sub(out.len())));
                bits.at = end;
            }
            1 => coded(&mut bits, &fixed()?, out, most)?,
            2 => {
                let codes = dynamic(&mut bits)?;
                coded(&mut bits, &codes, out, most)?;
            }
            _ => return None,
        }
        if last || out.len() >= most {
            return Some(bits.at);
        }
    }
}

/// Where the data of a gzip member begin.
fn member(bytes: &[u8]) -> Option<usize> {
    let [0x1f, 0x8b, 8, flags, ..] = *bytes else {
        return None;
    };
    let mut at = 10_usize;
    if flags & 4 != 0 {
        let length = [*bytes.get(at)?, *bytes.get(at + 1)?];
        at += 2 + usize::from(u16::from_le_bytes(length));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += bytes.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (at <= bytes.len()).then_some(at)
}

/// The first bytes of what a gzip file holds, at most `most` of them and a match more; fewer where it is cut or broken.
pub(super) fn beginning(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    for _ in 0..MEMBERS {
        let Some(data) = member(rest).and_then(|at| rest.get(at..)) else {
            break;
        };
        let Some(end) = inflate(data, &mut out, most) else {
            break;
        };
        // the checksum and the length of eight bytes are not looked at: nothing is kept of it
        match data.get(end.saturating_add(8)..) {
            Some(next) if out.len() < most => rest = next,
            Some(_) | None => break,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pairs = digits.chunks(2);
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn stored_fixed_and_dynamic_blocks_are_read() {
        for &(packed, begins, length) in CASES {
            let out = beginning(&unhex(packed), 4096);
            assert!(
                out.starts_with(begins.as_bytes()),
                "{begins}: {:?}",
                String::from_utf8_lossy(&out)
            );
            assert_eq!(out.len(), length, "{begins}");
        }
    }

    #[test]
    fn what_is_cut_broken_or_huge_ends_within_its_bound() {
        let whole = unhex(CASES[1].0);
        for length in 0..whole.len() {
            assert!(beginning(&whole[..length], 4096).len() <= 4096);
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut broken = whole.clone();
                broken[at] ^= 1 << bit;
                assert!(beginning(&broken, 4096).len() <= 4096 + 258);
            }
        }
        assert!(beginning(b"no gzip", 10).is_empty());
    }

    /// Made by zlib: stored, dynamic, fixed, BGZF after an empty block, long matches.
    const CASES: &[(&str, &str, usize)] = &[
        (
            "1f8b0800000000000403010b00f4ff706c61696e20776f72647389f2b8b10b000000",
            "plain words",
            11,
        ),
        (
            "1f8b08000000000002036d934d4a84311044d77a1721fd97a48f2332881b8599fb830b53551f8cdb47275daf3bb9df3ebf7e \
             bedfc6cbc7fbe3f67889b0d7fb1fb2837a0d203fc82a81e2a01c4479d09c13a850d520f390c563eb909decb70faadc408d54 \
             bcdb985d7719c2d7a5cec98890be2fda885fa63ae4f70b8341309b5141080a990a078774d639241683381c3ce9e070682782 \
             434d7670386488c1616a9d9323570738d4a2aa43c25c75fdfc3c02122eb180c5cc2273326a443c6f2cf29f1ed408a2c9a32a \
             a3465323b88ba116d0281e4d58b48e2677a109242c721151428113125b034d4858e83a58b806908b2f4567b98c4b5f5a14a7 \
             52834b6396e2b7d87c17058d302ea8e4a1fbe811aae3329a0b2f78d8561d3c6c88f173b7585ff2fd027cd646d59a040000",
            "region-0\tcases",
            1178,
        ),
        (
            "1f8b080000000000020353564ecbcc494dcb2fca4d2cb10d73762b33d133e202009dc4a23a15000000",
            "##fileformat=VCF",
            21,
        ),
        (
            "1f8b08040000000000ff0600424302001b00030000000000000000001f8b08040000000000ff06004243020023007372f465 \
             2c4a2d2e0100faaa10be08000000",
            "BAM\u{1}rest",
            8,
        ),
        (
            "1f8b0800000000000203edc13101000000c2a0aceb5fc21a1e40010000ef06c83cdc5eb80b0000",
            "aaaa",
            3000,
        ),
    ];
}
