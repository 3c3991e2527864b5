//! Clock, randomness and network: the only file of this crate that touches the real ones.
//!
//! The crate uses nothing of ours, so it can't use the seams of `visa_verifier::seam`; this is its own, and as small.

use std::{fs, io::BufReader, path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::SampleError;

/// How long an outgoing call may take to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an outgoing call may go without a byte.
const SILENCE: Duration = Duration::from_secs(30);

/// The time, in whole seconds (which is what every format here writes).
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The system's random source, for keys and signatures.
#[expect(clippy::disallowed_methods, reason = "this file is the seam of this crate")]
pub(crate) fn random() -> SystemRandom {
    SystemRandom::new()
}

/// So many random bytes, base64url.
pub(crate) fn token(bytes: usize) -> Result<String, SampleError> {
    let mut buffer = vec![0; bytes];
    random().fill(&mut buffer).map_err(|_| SampleError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(buffer))
}

/// The client for staging and for calling the own TES: no redirects, no proxy of the environment, time limits; the
/// system's roots and, if given, those of `ca_file` (PEM).
#[expect(clippy::disallowed_methods, reason = "this file is the seam of this crate")]
pub(crate) fn client(ca_file: Option<&Path>) -> Result<reqwest::Client, SampleError> {
    let client = |source: Box<dyn std::error::Error + Send + Sync>| SampleError::Client { source };
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let file = fs::File::open(path).map_err(|source| SampleError::File {
            path: path.to_owned(),
            source,
        })?;
        for certificate in CertificateDer::pem_reader_iter(BufReader::new(file)) {
            let certificate = certificate.map_err(|problem| client(problem.to_string().into()))?;
            roots.add(certificate).map_err(|problem| client(problem.into()))?;
        }
    }
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|problem| client(problem.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .user_agent("visum-sample-node")
        .build()
        .map_err(|problem| client(problem.into()))
}
