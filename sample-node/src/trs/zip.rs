//! A zip file of stored entries (APPNOTE 6.3.10 §4.3): names, bytes, their CRC-32, and the directory at the end.

/// CRC-32 of ISO 3309, bit by bit: the files are small.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let odd = crc & 1 == 1;
            crc >>= 1;
            if odd {
                crc ^= 0xedb8_8320;
            }
        }
    }
    !crc
}

fn short(value: usize) -> [u8; 2] {
    u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes()
}

fn long(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

/// The files as one.
pub(super) fn of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut whole, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let at = whole.len();
        // version 1.0, UTF-8 names, stored, 1 January 1980
        let mut common = vec![10, 0, 0, 8, 0, 0, 0, 0, 33, 0];
        common.extend(crc(bytes).to_le_bytes());
        common.extend(long(bytes.len()));
        common.extend(long(bytes.len()));
        common.extend(short(name.len()));
        common.extend([0, 0]);
        whole.extend(b"PK\x03\x04");
        whole.extend(&common);
        whole.extend(name.as_bytes());
        whole.extend(*bytes);
        directory.extend(b"PK\x01\x02\x0a\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(long(at));
        directory.extend(name.as_bytes());
    }
    let (start, size) = (whole.len(), directory.len());
    whole.extend(directory);
    whole.extend(b"PK\x05\x06\x00\x00\x00\x00");
    whole.extend(short(files.len()));
    whole.extend(short(files.len()));
    whole.extend(long(size));
    whole.extend(long(start));
    whole.extend([0, 0]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_the_standard_and_the_directory_leads_to_the_file() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        let zip = of(&[("a.txt", b"abc")]);
        assert!(zip.starts_with(b"PK\x03\x04"));
        assert_eq!(&zip[30..38], b"a.txtabc");
        let end = zip.len() - 22;
        assert_eq!(&zip[end..end + 4], b"PK\x05\x06");
        assert_eq!(&zip[38..42], b"PK\x01\x02");
        assert_eq!(zip[end + 16], 38, "the directory's place");
    }
}
