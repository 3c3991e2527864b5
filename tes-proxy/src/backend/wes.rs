//! To a WES: what runs or cancels takes a permit.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::{
    api::{
        encode,
        multipart::{Part, write},
        wes::{BackendRun, BackendRuns, BackendSummary, RunId},
    },
    gate::{Permit, Recorded},
};

use super::{BackendError, Client};

/// Most pages looked through at adoption.
const PAGES: usize = 100;

/// The WES behind the gate.
#[derive(Clone, Debug)]
pub(crate) struct WesBackend {
    client: Client,
}

impl WesBackend {
    /// To this backend.
    pub(crate) const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Is it left alone at this moment?
    pub(crate) fn is_open(&self) -> bool {
        self.client.is_open()
    }

    /// Submits a run: parts written anew with this boundary.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn run(&self, _permit: &Permit, parts: &[Part], boundary: &str) -> Result<RunId, BackendError> {
        let body = write(parts, boundary).ok_or(BackendError::Setup {
            api: "WES",
            why: "the boundary occurs in a part",
        })?;
        let kind = format!("multipart/form-data; boundary={boundary}");
        let run: RunId = self
            .client
            .json(Method::POST, "/runs", &[], Some((kind, Bytes::from(body))))
            .await?;
        if run.run_id.is_empty() || run.run_id.contains('/') {
            return Err(BackendError::Unreadable {
                api: "WES",
                why: "its run id cannot be used",
            });
        }
        Ok(run)
    }

    /// One run with its logs.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn log(&self, _proof: &impl Recorded, id: &str) -> Result<BackendRun, BackendError> {
        self.client
            .json(Method::GET, &format!("/runs/{}", encode(id)), &[], None)
            .await
    }

    /// The state of one run, for the index.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn state(&self, id: &str) -> Result<BackendRun, BackendError> {
        self.client
            .json(Method::GET, &format!("/runs/{}/status", encode(id)), &[], None)
            .await
    }

    /// Cancels a run. Cancelling a finished one is no error, whatever the server says of it.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn cancel(&self, id: &str) -> Result<(), BackendError> {
        let answer: Result<Value, BackendError> = self.client.stop(&format!("/runs/{}/cancel", encode(id)), None).await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match self.state(id).await {
                Ok(run) if run.state.is_final() => Ok(()),
                Ok(_) | Err(_) => Err(error),
            },
        }
    }

    /// The runs that carry our tag of this decision (adoption after a restart).
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn by_decision(&self, decision: &str) -> Result<Vec<BackendSummary>, BackendError> {
        let mut found = Vec::new();
        let mut token = String::new();
        for _ in 0..PAGES {
            let mut query = vec![("page_size", "256")];
            if !token.is_empty() {
                query.push(("page_token", &token));
            }
            let page: BackendRuns = self.client.json(Method::GET, "/runs", &query, None).await?;
            found.extend(
                page.runs
                    .into_iter()
                    .filter(|run| run.tags.get("visum.decision").is_some_and(|tag| tag == decision)),
            );
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = next,
                None => break,
            }
        }
        Ok(found)
    }
}
