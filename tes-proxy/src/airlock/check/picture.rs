//! PNG pictures: nothing but the picture. What stands after its end, or in a chunk that no viewer shows, is refused.

use super::finding::Finding;

/// How a PNG begins.
pub(super) const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that make up what one sees.
const SHOWN: [&[u8]; 13] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"cICP", b"hIST",
];

/// Is every byte of it part of the picture?
fn is_plain(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(MAGIC.len()..).unwrap_or_default();
    loop {
        let (Some(length), Some(kind)) = (rest.first_chunk::<4>(), rest.get(4..8)) else {
            return false;
        };
        let Ok(length) = usize::try_from(u32::from_be_bytes(*length)) else {
            return false;
        };
        let Some(next) = length.checked_add(12).and_then(|end| rest.get(end..)) else {
            return false;
        };
        // small chunks beside the picture itself: no room for anything else
        let small = kind == b"IDAT" || length <= 1_024;
        if !SHOWN.contains(&kind) || !small {
            return false;
        }
        if kind == b"IEND" {
            return length == 0 && next.is_empty();
        }
        rest = next;
    }
}

/// Judges a file that begins as a PNG.
pub(super) fn judge(bytes: &[u8]) -> Finding {
    if is_plain(bytes) {
        Finding::tells(
            "output.picture",
            "the file is a picture, of which no check can tell what it shows; whoever releases it has to look at it",
        )
    } else {
        Finding::refuses(
            "output.picture_hides",
            "the picture holds more than what one sees (text chunks, or bytes after its end); save it without them",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut out = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
        out.extend_from_slice(kind);
        out.extend_from_slice(data);
        out.extend_from_slice(&[0; 4]);
        out
    }

    fn png(more: &[Vec<u8>], after: &[u8]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(chunk(b"IHDR", &[0; 13]));
        out.extend(more.concat());
        out.extend(chunk(b"IDAT", b"pixels"));
        out.extend(chunk(b"IEND", b""));
        out.extend_from_slice(after);
        out
    }

    #[test]
    fn a_picture_is_nothing_but_a_picture() {
        let cases = [
            ("plain", png(&[], b""), "output.picture"),
            (
                "with a palette",
                png(&[chunk(b"PLTE", &[0; 768])], b""),
                "output.picture",
            ),
            (
                "with a text",
                png(&[chunk(b"tEXt", b"a\0b")], b""),
                "output.picture_hides",
            ),
            (
                "with a chunk of its own",
                png(&[chunk(b"vIsA", b"x")], b""),
                "output.picture_hides",
            ),
            (
                "with a fat small chunk",
                png(&[chunk(b"gAMA", &[0; 2_000])], b""),
                "output.picture_hides",
            ),
            (
                "with a file after it",
                png(&[], b"##fileformat=VCF"),
                "output.picture_hides",
            ),
            ("cut", png(&[], b"")[..40].to_vec(), "output.picture_hides"),
        ];
        for (name, bytes, code) in cases {
            assert_eq!(judge(&bytes).code, code, "{name}");
        }
    }
}
