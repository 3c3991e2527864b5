//! A session for whoever sent their token to the broker of this node: its token endpoint answers with the session's token
//! (RFC 8693; `specs/trust.md` C.17). Decided, recorded and ended like one that its person asked for here.

use std::{fmt, net::IpAddr};

use serde_json::{Value, json};

use crate::{
    gate::{Caller, Presented},
    problem::Problem,
    proxy::Proxy,
};

use super::start::{Asked, begin};

/// The life of a session that names none.
const HOURS: u32 = 12;

/// What the broker passes on, after it has checked client and token.
#[derive(Clone)]
pub struct SessionOrder {
    /// The person's access token, for this node.
    pub access_token: String,
    /// The thumbprint of the key that was proven at the broker.
    pub proven: Option<String>,
    /// What the session is asked for with: as the body of `POST /visum/v1/sessions`, without `dry_run`.
    pub declaration: Value,
    /// From where.
    pub address: Option<IpAddr>,
    /// The client's own word for itself.
    pub agent: Option<String>,
}

impl fmt::Debug for SessionOrder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SessionOrder")
    }
}

/// A session's token.
#[derive(Clone)]
pub struct SessionToken {
    /// The token: for TES and WES of this node, and for nothing else.
    pub token: String,
    /// Seconds until it ends, unless its person ends it earlier.
    pub seconds: u64,
    /// The session, and what it was granted.
    pub granted: Value,
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SessionToken")
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}

/// Why there is none.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {sentence}")]
pub struct NoSession {
    /// The status that the person would have got here.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// What was wrong.
    pub sentence: String,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
}

impl From<Problem> for NoSession {
    fn from(problem: Problem) -> Self {
        Self {
            status: problem.status.as_u16(),
            code: problem.code.into_owned(),
            sentence: problem.sentence,
            retry_after: problem.retry_after,
        }
    }
}

impl Proxy {
    /// The audience of the tokens that are taken here.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.0.config.audience
    }

    /// Starts a session for the person of a token.
    ///
    /// # Errors
    /// [`NoSession`], with the status and code that they would have got at `POST /visum/v1/sessions`.
    pub async fn session_for(&self, order: SessionOrder) -> Result<SessionToken, NoSession> {
        let parts = &*self.0;
        let mut asked: Asked = serde_json::from_value(order.declaration)
            .map_err(|fault| Problem::refused("request.body", format!("the session cannot be read: {fault}")))?;
        if asked.dry_run {
            return Err(Problem::refused("request.body", "`dry_run` gives no token; ask the node itself").into());
        }
        asked.hours = Some(asked.hours.unwrap_or(HOURS));
        let person = match parts.identify.person(&Presented::Token(order.access_token)).await? {
            Some(person) => person,
            None => return Err(Problem::refused("token.missing", "an access token is needed").into()),
        };
        crate::gate::held(person.bound.as_deref(), order.proven.as_deref())?;
        let address = order.address.unwrap_or_else(|| std::net::Ipv4Addr::UNSPECIFIED.into());
        let caller = Caller::new(
            person,
            address,
            parts.is_internal(address),
            None,
            &parts.gate.id(),
            order.agent,
        );
        let new = begin(parts, &caller, asked).await?;
        let left = new.cap().saturating_sub(parts.gate.now().unix());
        Ok(SessionToken {
            token: new.token(parts),
            seconds: u64::try_from(left).unwrap_or(0),
            granted: json!({
                "session": new.work.id,
                "datasets": new.spec.datasets,
                "actions": new.spec.actions,
                "images": new.spec.images,
                "out": new.spec.sinks,
                "project": new.spec.project,
                "purpose": new.spec.purpose,
            }),
        })
    }
}
