//! To a TRS: reads alone, bounded, and never off its own host.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{gate::Recorded, limits};

use super::{BackendError, Client};

/// What a TRS answered.
#[derive(Debug)]
pub(crate) struct Told {
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body.
    pub(crate) body: Bytes,
}

/// The TRS behind the gate.
#[derive(Clone, Debug)]
pub(crate) struct TrsBackend {
    client: Client,
}

impl TrsBackend {
    /// To this backend.
    pub(crate) const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Its address.
    pub(crate) const fn base(&self) -> &Url {
        self.client.base()
    }

    /// Reads what stands at an encoded path below the base.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn read(
        &self,
        _proof: &impl Recorded,
        path: &str,
        query: &[(&str, &str)],
        accept: &'static str,
    ) -> Result<Told, BackendError> {
        self.told(path, query, accept).await
    }

    /// The same for the node itself: descriptors of tools that its own settings name by digest.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn told(
        &self,
        path: &str,
        query: &[(&str, &str)],
        accept: &'static str,
    ) -> Result<Told, BackendError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        let (headers, body) = self.client.whole(Method::GET, path, query, headers).await?;
        Ok(Told { headers, body })
    }

    /// The text at an address that it named, if that is on its own host.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn text(&self, url: &str) -> Result<Bytes, BackendError> {
        let url = Url::parse(url).map_err(|_| self.unreadable("it names no URL for a text"))?;
        let response = self.client.open(url, &[], HeaderMap::new(), false).await?;
        self.client.collected(response, limits::TRS_TEXT_BYTES).await
    }

    /// An answer as JSON of this API.
    ///
    /// # Errors
    /// [`BackendError::Unreadable`].
    pub(crate) fn json<T: DeserializeOwned>(&self, told: &Told) -> Result<T, BackendError> {
        serde_json::from_slice(&told.body).map_err(|_| self.unreadable("it is not the JSON of this API"))
    }

    /// An answer that cannot be used.
    pub(crate) const fn unreadable(&self, why: &'static str) -> BackendError {
        BackendError::Unreadable {
            api: self.client.api(),
            why,
        }
    }
}
