//! Grants of other issuers, as collected with a person's login, and the purposes that stand beside them.

use serde::Serialize;
use serde_json::Value;
use visa_verifier::seam::Timestamp;
use visa_verifier::token::{CompactToken, limits};

use crate::broker::Broker;
use crate::store::StoreError;
use crate::store::grants::AttestedPurpose;
use crate::store::people::PersonId;
use crate::store::visas;

/// A grant of another issuer, as collected with the person's login.
#[derive(Clone, Debug, Serialize)]
pub struct ForeignGrant {
    /// The dataset.
    pub dataset: String,
    /// Who gave it.
    pub source: String,
    /// When it was given.
    pub asserted: Timestamp,
    /// When its visa ends.
    pub until: Timestamp,
}

impl ForeignGrant {
    /// Whether the purpose was attested for this very grant: same dataset, source and moment (consent.md 2.9).
    fn is_of(&self, row: &AttestedPurpose) -> bool {
        (&self.dataset, &self.source, self.asserted) == (&row.dataset, &row.source, row.asserted)
    }
}

impl Broker {
    /// The purposes that a person attested, each as long as visas of its grant keep coming: `until` is the end of the
    /// one that lasts longest now, not of the one that was there when the purpose was attested.
    ///
    /// # Errors
    /// The database is down.
    pub async fn attested_of(&self, person: &PersonId) -> Result<Vec<AttestedPurpose>, StoreError> {
        let grants = foreign_grants(self, person).await?;
        let mut found: Vec<AttestedPurpose> = self.of_person(person.as_str()).await?;
        found.retain_mut(|row| {
            let ends = grants.iter().filter(|grant| grant.is_of(row)).map(|grant| grant.until);
            let Some(until) = ends.max() else { return false };
            row.until = until;
            true
        });
        Ok(found)
    }
}

/// What the collected visas say; whoever uses the data verifies them, this only names the grant that is meant.
pub(super) async fn foreign_grants(broker: &Broker, person: &PersonId) -> Result<Vec<ForeignGrant>, StoreError> {
    let collected = visas::collected(&mut broker.db(), person, broker.now()).await?;
    Ok(collected
        .iter()
        .filter_map(|visa| foreign_grant(&visa.visa, visa.expires))
        .collect())
}

fn foreign_grant(compact: &str, until: Timestamp) -> Option<ForeignGrant> {
    let token = CompactToken::parse(compact, limits::VISA_BYTES).ok()?;
    let object = token.claims().get("ga4gh_visa_v1")?;
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    if text("type")? != "ControlledAccessGrants" {
        return None;
    }
    let asserted = object
        .get("asserted")
        .and_then(Value::as_i64)
        .map(Timestamp::from_unix)?;
    Some(ForeignGrant {
        dataset: text("value")?,
        source: text("source")?,
        asserted,
        until,
    })
}
