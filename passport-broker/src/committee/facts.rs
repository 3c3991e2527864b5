//! What this broker knows of a caller, as the policies want it: visas that we signed and verified ourselves.
//!
//! There is one way from facts to rights, and administration takes it too: the affiliations in our tables become
//! visas, the visas are verified under our own keys, and nothing else is believed here. Visas of other issuers do not
//! govern this node.

use policy_engine::decide::Facts;
use policy_engine::snapshot::Snapshot;
use serde_json::{Value, json};
use visa_verifier::keys::KeySet;
use visa_verifier::seam::{Timestamp, token};
use visa_verifier::trust::{Keys, Role, TrustEntry, TrustPolicy};
use visa_verifier::verify::Step;
use visa_verifier::{Passport, Verification, VerifiedPassport};

use super::GovernError;
use crate::broker::Broker;
use crate::caller::Caller;
use crate::limits;
use crate::store::people::{self, FactKind};

/// The facts of a caller on one snapshot.
pub(super) async fn of(broker: &Broker, caller: &Caller, snapshot: &Snapshot) -> Result<Facts, GovernError> {
    // without it no affiliation of ours counts, and rules about conflicts of interest would see nobody's house
    let own = &broker.config().issuer;
    if snapshot.trust.entry(Role::VisaIssuer, own).is_none() {
        let why = format!("the trust entries of this node lack its own broker `{own}` as visa issuer");
        return Err(GovernError::Facts { why });
    }
    let passport = own_passport(broker, caller, snapshot).await?;
    Ok(Facts::of(&passport, &caller.session(), snapshot))
}

async fn own_passport(broker: &Broker, caller: &Caller, snapshot: &Snapshot) -> Result<VerifiedPassport, GovernError> {
    let failed = |why: &dyn std::fmt::Display| GovernError::Facts { why: why.to_string() };
    let now = broker.now();
    let mut db = broker.db();
    let mut visas = Vec::new();
    for fact in people::facts(&mut db, &caller.person, now).await? {
        if fact.kind == FactKind::Affiliation {
            visas.push(visa(
                broker,
                caller,
                now,
                "AffiliationAndRole",
                &fact.value,
                &fact.source,
                &fact.by,
            )?);
        }
    }
    let linked = broker.identities(&caller.person).await?;
    let others: Vec<String> = linked
        .iter()
        .filter(|identity| **identity != caller.identity)
        .map(ToString::to_string)
        .collect();
    if !others.is_empty() {
        let own = broker.config().issuer.as_str();
        visas.push(visa(
            broker,
            caller,
            now,
            "LinkedIdentities",
            &others.join(";"),
            own,
            "system",
        )?);
    }
    let passport = Passport::from_userinfo(&json!({
        "iss": caller.identity.iss,
        "sub": caller.identity.sub,
        "ga4gh_passport_v1": visas,
    }))
    .map_err(|rejected| failed(&rejected.code()))?;
    let trust = own_trust(broker, snapshot)?;
    let mut verification = Verification::begin(passport, &trust, now);
    match verification.step() {
        Step::Done(result) => {
            let passport = (*result).map_err(|rejected| failed(&rejected.code()))?;
            for rejected in passport.rejected() {
                // an odd value that an institution asserted: it counts for nothing, and somebody should know
                tracing::warn!(code = %rejected.code(), "a visa of our own does not count");
            }
            Ok(passport)
        }
        Step::Need(_) => Err(failed(&"our own keys were not at hand")),
    }
}

/// Signed at the moment of its verification: a later reading of the clock would make it a visa of the future.
fn visa(
    broker: &Broker,
    caller: &Caller,
    now: Timestamp,
    kind: &str,
    value: &str,
    source: &str,
    by: &str,
) -> Result<String, GovernError> {
    let claims: Value = json!({
        "iss": caller.identity.iss,
        "sub": caller.identity.sub,
        "iat": now.unix(),
        "exp": now.plus(limits::ACCESS_TOKEN).unix(),
        "jti": token(broker.random(), 16),
        "ga4gh_visa_v1": { "type": kind, "asserted": now.unix(), "value": value, "source": source, "by": by },
    });
    broker
        .signer()
        .sign_visa("vnd.ga4gh.visa+jwt", &claims)
        .map_err(|error| GovernError::Facts { why: error.to_string() })
}

/// Ourselves, by the keys that we hold: as broker and as issuer of affiliations and links.
fn own_trust(broker: &Broker, snapshot: &Snapshot) -> Result<TrustPolicy, GovernError> {
    let failed = |why: &dyn std::fmt::Display| GovernError::Facts { why: why.to_string() };
    let keys = KeySet::from_value(broker.signer().jwks()).map_err(|error| failed(&error))?;
    let entry = |role| TrustEntry {
        keys: Keys::Pinned(keys.clone()),
        visa_types: vec!["AffiliationAndRole".to_owned(), "LinkedIdentities".to_owned()],
        sources: vec!["*".to_owned()],
        speaks_for: snapshot.institutions.iter().map(|house| house.id.clone()).collect(),
        scopes: snapshot
            .institutions
            .iter()
            .flat_map(|house| house.scopes.iter().cloned())
            .collect(),
        may_link: vec!["*".to_owned()],
        ..TrustEntry::new(role, broker.config().issuer.clone())
    };
    let audience = vec![broker.config().issuer.as_str().to_owned()];
    TrustPolicy::new(audience, vec![entry(Role::Broker), entry(Role::VisaIssuer)]).map_err(|error| failed(&error))
}
