//! A trust file on disk, with the key files that it names beside it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::file::{FILE_BYTES, TrustFileError, TrustFormat, document, located};
use super::policy::TrustPolicy;
use crate::keys::KeySet;

/// A key file, bytes.
const KEY_FILE_BYTES: u64 = 256 * 1024;

impl TrustPolicy {
    /// Reads the trust file at `path`, TOML or JSON by its name. A `jwks_file` is read relative to it, once: its keys are
    /// pinned from then on.
    pub fn load(path: &Path) -> Result<Self, TrustFileError> {
        let name = path.display().to_string();
        let text = text(path, FILE_BYTES as u64).map_err(|why| TrustFileError {
            file: name.clone(),
            line: 1,
            why,
            hint: None,
        })?;
        let beside = path.parent().unwrap_or_else(|| Path::new("."));
        Self::from_file_text_in(&text, TrustFormat::of_name(&name), &name, beside)
    }

    /// Reads a trust file's text, and every `jwks_file` that it names in `folder`.
    pub fn from_file_text_in(
        text: &str,
        format: TrustFormat,
        file: &str,
        folder: &Path,
    ) -> Result<Self, TrustFileError> {
        let mut document = document(text, format, file)?;
        let keys = |name: &str| {
            let wrong = |why: String| format!("`{name}`: {why}");
            let text = self::text(&folder.join(name), KEY_FILE_BYTES).map_err(wrong)?;
            KeySet::from_slice(text.as_bytes()).map_err(|e| wrong(e.to_string()))
        };
        document.pin_files(keys).map_err(|e| located(&e, text, file))?;
        Self::try_from(document).map_err(|e| located(&e, text, file))
    }
}

/// A file's text, read to its end unless it is longer than `limit`.
fn text(path: &Path, limit: u64) -> Result<String, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("longer than {limit} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Keys;

    #[test]
    fn a_key_file_beside_the_trust_file_is_pinned_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trust.toml");
        let entry = "[[trusted_brokers]]\niss = \"https://b.example\"\njwks_file = \"keys/b.json\"\n";
        std::fs::write(&path, entry).unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        let keys = folder.path().join("keys/b.json");
        let number = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
        let good = format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"k","x":"{number}","y":"{number}"}}]}}"#);
        for (name, text, wrong) in [
            ("one key", good.clone(), None),
            ("no key", r#"{"keys":[]}"#.to_owned(), Some("holds no key")),
            ("no key set", "[]".to_owned(), Some("not a JWK Set")),
            ("too long", " ".repeat(300 * 1024), Some("longer than")),
        ] {
            std::fs::write(&keys, text).unwrap();
            let loaded = TrustPolicy::load(&path);
            match wrong {
                None => assert!(
                    matches!(loaded.unwrap().entries().next().unwrap().keys, Keys::Pinned(_)),
                    "{name}"
                ),
                Some(word) => {
                    let error = loaded.unwrap_err();
                    assert!(error.to_string().contains(word) && error.line == 3, "{name}: {error}");
                }
            }
        }
        std::fs::remove_file(&keys).unwrap();
        assert_eq!(TrustPolicy::load(&path).unwrap_err().line, 3);
        std::fs::write(&keys, good).unwrap();
        std::fs::write(&path, format!("{entry}jwks = {{keys = []}}\n")).unwrap();
        assert!(
            TrustPolicy::load(&path)
                .unwrap_err()
                .to_string()
                .contains("one of both")
        );
    }
}
