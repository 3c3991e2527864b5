//! The broker of a node that does not run: log and database of its folder, no listener, no call to anybody.

use std::{path::Path, sync::Arc};

use audit_log::Writer;
use passport_broker::Broker;
use visa_verifier::seam::{FetchSettings, HttpsFetch, SystemClock, SystemRandom};

use super::{
    folder::Folder,
    parts::{advice, chain, log},
};
use crate::{commands::up, config::file::File, error::CommandError};

/// A broker that serves nobody; it holds its folder to the end.
#[derive(Debug)]
pub(crate) struct Still {
    /// The broker.
    pub(crate) broker: Broker,
    writer: Writer,
    _folder: Folder,
}

impl Still {
    /// Opens log and database of the node in `path`, by its `visum.toml`.
    ///
    /// # Errors
    /// `node.locked` (exit 3) while a server runs on it, and what could not be opened.
    pub(crate) async fn open(path: &Path) -> Result<Self, CommandError> {
        let file = File::read(&path.join("visum.toml"))?;
        let folder = Folder::open(path)?;
        let (config, host) = up::broker(&file, &folder)?;
        let (writer, keystore) = log(&folder, &file.node.name, &file.node.log_name(), &host)?;
        let fetch = HttpsFetch::new(FetchSettings::default())
            .map_err(|source| CommandError::unknown(source.code(), source.to_string()))?;
        let seams = passport_broker::Seams {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom::new()),
            fetch: Arc::new(fetch),
        };
        let audit = passport_broker::Audit {
            writer: writer.clone(),
            keystore,
        };
        let broker = Broker::open(config, seams, audit)
            .await
            .map_err(|wrong| CommandError::unknown(wrong.code(), chain(&wrong)).hint(advice(wrong.code())))?;
        Ok(Self {
            broker,
            writer,
            _folder: folder,
        })
    }

    /// Closes the log with a last checkpoint.
    pub(crate) async fn close(self) {
        let _ = self.writer.checkpoint().await;
        let _ = self.writer.close().await;
    }
}
