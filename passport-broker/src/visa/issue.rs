//! Drafts signed and noted, so that a grant's end finds its visas.

use visa_verifier::seam::{Timestamp, token};

use super::VisaDraft;
use crate::Broker;
use crate::keys::KeyError;
use crate::store::StoreError;
use crate::store::people::PersonId;
use crate::store::visas::{self, IssuedVisa};

/// A visa that could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VisaProblem {
    /// The signing key.
    #[error("a visa could not be signed")]
    Key(#[from] KeyError),
    /// The database.
    #[error("a visa could not be noted")]
    Store(#[from] StoreError),
}

impl VisaProblem {
    /// Stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// A visa of ours.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// The compact JWS.
    pub(crate) compact: String,
    /// Its `exp`.
    pub(crate) expires: Timestamp,
}

/// Signs the drafts for a person. What has ended already is left out.
pub(crate) async fn sign_all(
    broker: &Broker,
    person: &PersonId,
    drafts: &[VisaDraft],
    now: Timestamp,
) -> Result<Vec<Signed>, VisaProblem> {
    let issuer = broker.config().issuer.as_str();
    let life = broker.config().visa;
    let mut signed = Vec::with_capacity(drafts.len());
    let mut tx = broker.db().begin().await?;
    for draft in drafts.iter().filter(|draft| now < draft.ends) {
        let jti = token(broker.random(), 16);
        let claims = draft.claims(issuer, person.as_str(), &jti, life, now);
        let compact = broker.signer().sign_visa("vnd.ga4gh.visa+jwt", &claims)?;
        let row = IssuedVisa {
            jti,
            person: person.clone(),
            kind: draft.kind.clone(),
            value: draft.value.clone(),
            grant: draft.grant.clone(),
            issued: now,
            expires: draft.expires(life, now),
            revoked: None,
        };
        visas::issued(&mut tx, &row).await?;
        signed.push(Signed {
            compact,
            expires: row.expires,
        });
    }
    tx.commit().await?;
    Ok(signed)
}
