//! A certificate and its key in two files, for our listeners and for servers that ask who calls. They are read again when
//! asked to, so that a renewed certificate needs no restart.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::certificate::not_after;
use super::clock::Timestamp;

/// Most bytes of one of the files.
const MOST: u64 = 1 << 20;
/// Most certificates of a chain.
const CHAIN: usize = 20;

/// A certificate file or key file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}")]
pub struct CertificateError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// The chain and key of two PEM files, as last read and found to fit each other.
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Current>,
}

#[derive(Clone)]
struct Current {
    pair: Arc<CertifiedKey>,
    ends: Option<Timestamp>,
    digest: Vec<u8>,
}

impl CertificateFiles {
    /// Reads both.
    ///
    /// # Errors
    /// [`CertificateError`]: a file cannot be read, is too large, holds something else, or the key is of another certificate.
    pub fn open(certificate: &Path, key: &Path) -> Result<Arc<Self>, CertificateError> {
        Ok(Arc::new(Self {
            current: RwLock::new(read(certificate, key)?),
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }))
    }

    /// Reads both again; whether they are others now. What cannot be used leaves the last good pair in its place.
    ///
    /// # Errors
    /// As [`CertificateFiles::open`].
    pub fn refresh(&self) -> Result<bool, CertificateError> {
        let fresh = read(&self.certificate, &self.key)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let other = current.digest != fresh.digest;
        if other {
            *current = fresh;
        }
        Ok(other)
    }

    /// When the certificate in use ends, if it says so in a form that we read.
    pub fn ends(&self) -> Option<Timestamp> {
        self.current().ends
    }

    /// The file of the certificate.
    pub fn path(&self) -> &Path {
        &self.certificate
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for CertificateFiles {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CertificateFiles({})", self.certificate.display())
    }
}

impl ResolvesServerCert for CertificateFiles {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current().pair)
    }
}

impl ResolvesClientCert for CertificateFiles {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let pair = self.current().pair;
        pair.key.choose_scheme(schemes).is_some().then_some(pair)
    }

    fn only_raw_public_keys(&self) -> bool {
        false
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Current, CertificateError> {
    let wrong = |path: &Path, what: String| CertificateError {
        path: path.to_owned(),
        what,
    };
    let (chain_text, key_text) = (bytes(certificate)?, zeroize::Zeroizing::new(bytes(key)?));
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain_text).take(CHAIN + 1).collect();
    let chain: Vec<CertificateDer<'static>> = chain
        .map_err(|source| wrong(certificate, source.to_string()))?
        .into_iter()
        .map(CertificateDer::into_owned)
        .collect();
    let Some(first) = chain.first() else {
        return Err(wrong(certificate, "it holds no certificate in PEM".to_owned()));
    };
    if chain.len() > CHAIN {
        return Err(wrong(certificate, format!("it holds more than {CHAIN} certificates")));
    }
    let ends = not_after(first);
    let private = PrivateKeyDer::from_pem_slice(&key_text).map_err(|source| wrong(key, source.to_string()))?;
    let pair = CertifiedKey::from_der(chain, private, &rustls::crypto::ring::default_provider())
        .map_err(|source| wrong(key, format!("with {}: {source}", certificate.display())))?;
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    digest.update(&chain_text);
    digest.update(&key_text);
    Ok(Current {
        pair: Arc::new(pair),
        ends,
        digest: digest.finish().as_ref().to_vec(),
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let wrong = |what: String| CertificateError {
        path: path.to_owned(),
        what,
    };
    let file = std::fs::File::open(path).map_err(|source| wrong(source.to_string()))?;
    let mut text = Vec::new();
    let read = file
        .take(MOST + 1)
        .read_to_end(&mut text)
        .map_err(|source| wrong(source.to_string()))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MOST {
        return Err(wrong(format!("it is larger than {MOST} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lay(folder: &Path, name: &str, certificate: &str, key: &str) -> (PathBuf, PathBuf) {
        let (first, second) = (folder.join(format!("{name}.crt")), folder.join(format!("{name}.key")));
        std::fs::write(&first, certificate).unwrap();
        std::fs::write(&second, key).unwrap();
        (first, second)
    }

    fn made() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(vec!["node.example.org".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn what_is_no_pair_is_refused_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let ((one, one_key), (_, other_key)) = (made(), made());
        let large = "x".repeat((1 << 20) + 1);
        let cases = [
            ("good", one.as_str(), one_key.as_str(), None),
            ("key of another", &one, &other_key, Some("key.key")),
            ("empty", "", &one_key, Some("holds no certificate")),
            ("no key", &one, "", Some(".key")),
            ("large", &large, &one_key, Some("larger than")),
            ("a key as certificate", &one_key, &one_key, Some("holds no certificate")),
        ];
        for (name, certificate, key, wrong) in cases {
            let (first, second) = lay(folder.path(), "key", certificate, key);
            match (CertificateFiles::open(&first, &second), wrong) {
                (Ok(files), None) => assert!(files.ends().is_some()),
                (Err(error), Some(says)) => assert!(error.to_string().contains(says), "{name}: {error}"),
                (got, _) => panic!("{name}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_renewed_pair_takes_the_place_of_the_old_and_half_of_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let ((old, old_key), (new, new_key)) = (made(), made());
        let (certificate, key) = lay(folder.path(), "node", &old, &old_key);
        let files = CertificateFiles::open(&certificate, &key).unwrap();
        let first = files.current().pair;
        assert!(!files.refresh().unwrap(), "nothing changed");
        // a renewal writes one file after the other
        std::fs::write(&certificate, &new).unwrap();
        assert!(files.refresh().is_err());
        assert!(
            Arc::ptr_eq(&first, &files.current().pair),
            "the last good pair serves on"
        );
        std::fs::write(&key, &new_key).unwrap();
        assert!(files.refresh().unwrap());
        assert_ne!(first.cert, files.current().pair.cert);
        std::fs::remove_file(&key).unwrap();
        assert!(files.refresh().is_err());
        assert!(!format!("{files:?}").contains("BEGIN"));
    }
}
