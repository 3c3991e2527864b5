//! One way to seal bytes: JWE compact, `dir` with A256GCM. `zip` is refused, since it has no bound, and so is a
//! shortened tag, which is easier to forge.

use josekit::jwe::{self, Dir, JweContext, JweDecrypter, JweHeader};

/// 16 bytes in base64url: the library would take a tag of any length.
const TAG_CHARS: usize = 22;

/// Seals `plain` under `key`; `kid` stands in the header. `None` if the library fails.
pub(crate) fn seal(key: &[u8; 32], kid: &str, plain: &[u8]) -> Option<String> {
    let mut header = JweHeader::new();
    header.set_content_encryption("A256GCM");
    header.set_key_id(kid);
    let encrypter = Dir.encrypter_from_bytes(key).ok()?;
    jwe::serialize_compact(plain, &header, &encrypter).ok()
}

/// Opens what [`seal`] made under the same key and `kid`; `None` for anything else. The caller bounds the text.
pub(crate) fn open(key: &[u8; 32], kid: &str, text: &str) -> Option<Vec<u8>> {
    if text.rsplit('.').next()?.len() != TAG_CHARS {
        return None;
    }
    let mut decrypter = Dir.decrypter_from_bytes(key).ok()?;
    decrypter.set_key_id(kid);
    let (plain, _) = JweContext::new()
        .deserialize_compact_with_selector(text, |header| {
            // not authenticated yet: only the one shape that we make goes on
            let ours = header.algorithm() == Some("dir")
                && header.content_encryption() == Some("A256GCM")
                && header.compression().is_none()
                && header.key_id() == Some(kid);
            Ok(ours.then_some(&decrypter as &dyn JweDecrypter))
        })
        .ok()?;
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [1; 32];

    #[test]
    fn what_was_sealed_opens_under_its_own_key_and_name_only() {
        let text = seal(&KEY, "k", b"plain").unwrap();
        assert_eq!(open(&KEY, "k", &text).as_deref(), Some(b"plain".as_slice()));
        assert_eq!(open(&[2; 32], "k", &text), None, "another key");
        assert_eq!(open(&KEY, "l", &text), None, "another name");
        assert_eq!(open(&KEY, "k", "plain"), None, "no JWE");
    }

    #[test]
    fn a_tag_of_any_other_length_is_refused() {
        let text = seal(&KEY, "k", b"plain").unwrap();
        let (rest, tag) = text.rsplit_once('.').unwrap();
        assert_eq!(tag.len(), TAG_CHARS);
        for chars in (0..TAG_CHARS).chain([TAG_CHARS + 1]) {
            let tag: String = tag.chars().chain(['A']).take(chars).collect();
            assert_eq!(open(&KEY, "k", &format!("{rest}.{tag}")), None, "{chars} characters");
        }
    }

    #[test]
    fn a_compressed_text_is_refused_before_it_is_opened() {
        let mut header = JweHeader::new();
        header.set_content_encryption("A256GCM");
        header.set_key_id("k");
        header.set_compression("DEF");
        let text = jwe::serialize_compact(b"plain", &header, &Dir.encrypter_from_bytes(KEY).unwrap()).unwrap();
        assert_eq!(open(&KEY, "k", &text), None);
    }
}
