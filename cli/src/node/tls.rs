//! The node's certificates: for its listeners, and for backends that ask who calls. Read again when their files change.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio::signal::unix::{SignalKind, signal};
use visa_verifier::seam::CertificateFiles;

use crate::config::file::TlsTable;
use crate::error::CommandError;

/// How often the files are looked at; SIGHUP does it at once.
const LOOK: Duration = Duration::from_secs(60);

fn wrong(path: &Path, what: impl std::fmt::Display) -> CommandError {
    CommandError::refused("config.tls", format!("{}: {what}", path.display()))
}

/// The pair that a table names.
///
/// # Errors
/// `config.tls`: a file is missing or no use, or the two do not fit.
pub(crate) fn open(table: &TlsTable) -> Result<Arc<CertificateFiles>, CommandError> {
    CertificateFiles::open(&table.certificate_file, &table.key_file).map_err(|error| wrong(&error.path, &error.what))
}

/// TLS for a listener; with `authorities`, a client may show a certificate of theirs, and a wrong one is refused.
///
/// # Errors
/// `config.tls`
pub(crate) fn listener(
    files: &Arc<CertificateFiles>,
    authorities: Option<&Path>,
) -> Result<Arc<rustls::ServerConfig>, CommandError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| wrong(files.path(), source))?;
    let builder = match authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = rustls::RootCertStore::empty();
            for one in CertificateDer::pem_file_iter(path).map_err(|source| wrong(path, source))? {
                let one = one.map_err(|source| wrong(path, source))?;
                roots.add(one).map_err(|source| wrong(path, source))?;
            }
            let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .map_err(|source| wrong(path, source))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::clone(files) as _);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Looks at the files each minute, and at once on SIGHUP, for as long as the node serves. A pair that is no use is
/// logged and the last good one serves on; connections that are open keep theirs.
pub(crate) async fn watch(all: Vec<Arc<CertificateFiles>>) {
    // heard also without certificates: a service manager's reload must not end the node
    let mut reload = match signal(SignalKind::hangup()) {
        Ok(signal) => Some(signal),
        Err(source) => {
            tracing::warn!(error = %source, "SIGHUP can't be heard; certificates are looked at each minute");
            None
        }
    };
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let asked = async {
            match reload.as_mut() {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tick.tick() => {}
            _ = asked => tracing::info!("asked to read certificates again"),
        }
        for files in &all {
            let files = Arc::clone(files);
            let looked = tokio::task::spawn_blocking(move || (files.refresh(), files)).await;
            match looked {
                Ok((Ok(false), _)) => {}
                Ok((Ok(true), files)) => {
                    let ends = files.ends().map(|ends| ends.to_string()).unwrap_or_default();
                    tracing::info!(file = %files.path().display(), ends, "a new certificate is in use");
                }
                Ok((Err(error), _)) => {
                    tracing::error!(code = "config.tls", %error, "a certificate can't be read again; the last good one serves on");
                }
                Err(error) => tracing::error!(%error, "looking at a certificate was interrupted"),
            }
        }
    }
}
