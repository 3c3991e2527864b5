//! The end of a TLS certificate, read from its DER: nothing else of it is looked at, since rustls judged it already.

use super::clock::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// `notAfter` of an X.509 certificate (RFC 5280 4.1.2.5); `None` if it is not where it belongs.
pub(super) fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        (_, rest) = element(rest, VERSION)?;
    }
    (_, rest) = element(rest, INTEGER)?; // serial number
    (_, rest) = element(rest, SEQUENCE)?; // signature algorithm
    (_, rest) = element(rest, SEQUENCE)?; // issuer
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, end) = time(validity)?;
    time(end)?.0
}

/// The instant at the head of `der`, if it is one that we can write, and what follows it.
fn time(der: &[u8]) -> Option<(Option<Timestamp>, &[u8])> {
    let tag = *der.first()?;
    if tag != UTC_TIME && tag != GENERALIZED_TIME {
        return None;
    }
    let (text, rest) = element(der, tag)?;
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let written = match (tag, text.len()) {
        // two digits: 1950 to 2049
        (UTC_TIME, 13) => format!("{}{text}", if text < "5" { "20" } else { "19" }),
        (GENERALIZED_TIME, 15) => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| written.get(from..to);
    let instant = format!(
        "{}-{}-{}T{}:{}:{}{}",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?,
        part(14, 15)?
    );
    Some((instant.parse().ok(), rest))
}

/// The content of the element at the head of `der`, which must be of this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let length = bytes.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        match u8::try_from(content.len()) {
            Ok(short) if short < 0x80 => out.push(short),
            Ok(long) => out.extend([0x81, long]),
            Err(_) => {
                out.push(0x82);
                out.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
            }
        }
        out.extend(content);
        out
    }

    fn certificate(version: bool, not_after: &[u8], padding: usize) -> Vec<u8> {
        let version = if version {
            der(VERSION, &der(INTEGER, &[2]))
        } else {
            Vec::new()
        };
        let validity = der(
            SEQUENCE,
            &[der(UTC_TIME, b"240101000000Z"), not_after.to_vec()].concat(),
        );
        let rest = der(SEQUENCE, &vec![0; padding]);
        let parts = [
            version,
            der(INTEGER, &[1]),
            der(SEQUENCE, &[]),
            rest.clone(),
            validity,
            rest,
        ];
        der(SEQUENCE, &der(SEQUENCE, &parts.concat()))
    }

    #[test]
    fn the_end_of_a_certificate_is_read_and_nothing_else_is_believed() {
        for (name, cert, end) in [
            (
                "utc time",
                certificate(true, &der(UTC_TIME, b"301122120000Z"), 10),
                Some("2030-11-22T12:00:00Z"),
            ),
            (
                "long lengths",
                certificate(true, &der(UTC_TIME, b"301122120000Z"), 300),
                Some("2030-11-22T12:00:00Z"),
            ),
            (
                "of the last century, version 1",
                certificate(false, &der(UTC_TIME, b"991231235959Z"), 0),
                Some("1999-12-31T23:59:59Z"),
            ),
            (
                "far away",
                certificate(true, &der(GENERALIZED_TIME, b"99991231235959Z"), 0),
                Some("9999-12-31T23:59:59Z"),
            ),
            (
                "no such day",
                certificate(true, &der(UTC_TIME, b"300230120000Z"), 0),
                None,
            ),
            ("no time", certificate(true, &der(INTEGER, b"301122120000Z"), 0), None),
            ("short", certificate(true, &der(UTC_TIME, b"3011221200Z"), 0), None),
        ] {
            let end = end.map(|end| end.parse().unwrap());
            assert_eq!(not_after(&cert), end, "{name}");
        }
    }

    #[test]
    fn a_cut_or_bent_certificate_is_no_certificate_and_no_panic() {
        let good = certificate(true, &der(UTC_TIME, b"301122120000Z"), 300);
        for at in 0..good.len() {
            let _ = not_after(good.get(..at).unwrap());
            let mut bent = good.clone();
            for byte in [0x00, 0x7f, 0x80, 0x84, 0xff] {
                *bent.get_mut(at).unwrap() = byte;
                let _ = not_after(&bent);
            }
        }
        assert_eq!(not_after(&[]), None);
    }
}
