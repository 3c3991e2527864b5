//! To a TES: what creates or cancels takes a permit.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::{
    api::{
        encode,
        tes::{BackendPage, BackendTask, Created, Task},
    },
    gate::{Permit, Recorded},
};

use super::{BackendError, Client};

/// Most pages looked through at adoption.
const PAGES: usize = 100;

/// The TES behind the gate.
#[derive(Clone, Debug)]
pub(crate) struct TesBackend {
    client: Client,
}

impl TesBackend {
    /// To this backend.
    pub(crate) const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Is it left alone at this moment?
    pub(crate) fn is_open(&self) -> bool {
        self.client.is_open()
    }

    /// Creates a task.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn create(&self, _permit: &Permit, task: &Task) -> Result<Created, BackendError> {
        let body = serde_json::to_vec(task).map_err(|_| BackendError::Setup {
            api: "TES",
            why: "a task cannot be written",
        })?;
        let created: Created = self
            .client
            .json(
                Method::POST,
                "/tasks",
                &[],
                Some(("application/json".to_owned(), Bytes::from(body))),
            )
            .await?;
        if created.id.is_empty() || created.id.contains([':', '/']) {
            return Err(BackendError::Unreadable {
                api: "TES",
                why: "its task id cannot be used",
            });
        }
        Ok(created)
    }

    /// One task, in full: what the caller may see of it we prune ourselves.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn task(&self, _proof: &impl Recorded, id: &str) -> Result<BackendTask, BackendError> {
        self.get(id, "FULL").await
    }

    /// The state of one task, for the index.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn state(&self, id: &str) -> Result<BackendTask, BackendError> {
        self.get(id, "MINIMAL").await
    }

    async fn get(&self, id: &str, view: &str) -> Result<BackendTask, BackendError> {
        self.client
            .json(Method::GET, &format!("/tasks/{}", encode(id)), &[("view", view)], None)
            .await
    }

    /// Cancels a task. Cancelling a finished one is no error.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn cancel(&self, id: &str) -> Result<(), BackendError> {
        let answer: Result<Value, BackendError> = self
            .client
            .stop(
                &format!("/tasks/{}:cancel", encode(id)),
                Some(("application/json".to_owned(), Bytes::from_static(b"{}"))),
            )
            .await;
        match answer {
            // older servers answer 400 for a finished task
            Ok(_) | Err(BackendError::Refused { status: 400 | 409, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The tasks that carry our tag of this decision (adoption after a restart).
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn by_decision(&self, decision: &str) -> Result<Vec<BackendTask>, BackendError> {
        let mut found = Vec::new();
        let mut token = String::new();
        for _ in 0..PAGES {
            let mut query = vec![
                ("view", "BASIC"),
                ("tag_key", "visum.decision"),
                ("tag_value", decision),
                ("page_size", "256"),
            ];
            if !token.is_empty() {
                query.push(("page_token", &token));
            }
            let page: BackendPage = self.client.json(Method::GET, "/tasks", &query, None).await?;
            // not every server knows the filter: compare again
            found.extend(
                page.tasks
                    .into_iter()
                    .filter(|task| task.tags.get("visum.decision").is_some_and(|tag| tag == decision)),
            );
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = next,
                None => break,
            }
        }
        Ok(found)
    }
}
