//! What this broker knows of a caller, as the policies want it: visas that we signed and verified ourselves.
//!
//! There is one way from facts to rights, and administration takes it too: the affiliations in our tables become
//! visas, the visas are verified under our own keys. Of other issuers one kind of visa counts here: membership of a
//! committee, where the issuer's trust entry names it.

use policy_engine::decide::Facts;
use policy_engine::snapshot::Snapshot;
use serde_json::{Value, json};
use visa_verifier::keys::KeySet;
use visa_verifier::seam::{Timestamp, token};
use visa_verifier::token::{CompactToken, limits as token_limits};
use visa_verifier::trust::{Keys, Role, TrustEntry, TrustPolicy};
use visa_verifier::{Passport, Verification, VerifiedPassport, VisaIdentity, VisaType};

use super::GovernError;
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::committee_type;
use crate::limits;
use crate::passport;
use crate::store::people::{self, FactKind};
use crate::store::visas;

/// The facts of a caller on one snapshot.
pub(super) async fn of(broker: &Broker, caller: &Caller, snapshot: &Snapshot) -> Result<Facts, GovernError> {
    // without it no affiliation of ours counts, and rules about conflicts of interest would see nobody's house
    let own = &broker.config().issuer;
    if snapshot.trust.entry(Role::VisaIssuer, own).is_none() {
        let why = format!("the trust entries of this node lack its own broker `{own}` as visa issuer");
        return Err(GovernError::Facts { why });
    }
    let passport = own_passport(broker, caller, snapshot).await?;
    let facts = Facts::of(&passport, &caller.session(), snapshot);
    // `admin` of the register: who came by another provider is a researcher here, whatever roles they have
    let upstreams = broker.upstreams().await?;
    let by = |login: &VisaIdentity| upstreams.iter().find(|row| row.issuer == login.iss.as_str());
    let governs = caller.login.as_ref().and_then(by).is_none_or(|row| row.admin);
    Ok(if governs { facts } else { facts.without_roles() })
}

async fn own_passport(broker: &Broker, caller: &Caller, snapshot: &Snapshot) -> Result<VerifiedPassport, GovernError> {
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
    let mut others: Vec<VisaIdentity> = linked
        .iter()
        .filter(|identity| **identity != caller.identity)
        .cloned()
        .collect();
    let trust = own_trust(broker, snapshot)?;
    let members = memberships(broker, caller, snapshot, &trust, &others, now).await?;
    for (identity, compact) in members {
        if !others.contains(&identity) {
            others.push(identity);
        }
        visas.push(compact);
    }
    if !others.is_empty() {
        let own = broker.config().issuer.as_str();
        let others: Vec<String> = others.iter().map(ToString::to_string).collect();
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
    let passport = verified(broker, caller, &visas, &trust, now).await?;
    for rejected in passport.rejected() {
        // an odd value that an institution asserted: it counts for nothing, and somebody should know
        tracing::warn!(code = %rejected.code(), "a visa of our own does not count");
    }
    Ok(passport)
}

async fn verified(
    broker: &Broker,
    caller: &Caller,
    visas: &[String],
    trust: &TrustPolicy,
    now: Timestamp,
) -> Result<VerifiedPassport, GovernError> {
    let failed = |why: &dyn std::fmt::Display| GovernError::Facts { why: why.to_string() };
    let passport = Passport::from_userinfo(&json!({
        "iss": caller.identity.iss,
        "sub": caller.identity.sub,
        "ga4gh_passport_v1": visas,
    }))
    .map_err(|rejected| failed(&rejected.code()))?;
    passport::verify(broker, Verification::begin(passport, trust, now))
        .await
        .map_err(|rejected| failed(&rejected.code()))
}

/// Kept visas that say that the caller sits in a committee, each verified, and speaking of an identity that logged in, or
/// of the same subject at an issuer that this broker may link. The one kind of visa of others that governs this node.
async fn memberships(
    broker: &Broker,
    caller: &Caller,
    snapshot: &Snapshot,
    trust: &TrustPolicy,
    linked: &[VisaIdentity],
    now: Timestamp,
) -> Result<Vec<(VisaIdentity, String)>, GovernError> {
    let kinds: Vec<String> = member_issuers(snapshot).map(committee_type).collect();
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let kept = visas::collected(&mut broker.db(), &caller.person, now).await?;
    let kept: Vec<String> = kept
        .into_iter()
        .map(|visa| visa.visa)
        .filter(|compact| kind_of(compact).is_some_and(|kind| kinds.contains(&kind)))
        .collect();
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let passport = verified(broker, caller, &kept, trust, now).await?;
    let own = &broker.config().issuer;
    let entry = snapshot.trust.entry(Role::VisaIssuer, own);
    let may_link = |iss: &str| entry.is_some_and(|entry| entry.may_link.iter().any(|may| may == "*" || may == iss));
    let theirs = |identity: &VisaIdentity| {
        linked.contains(identity)
            || (may_link(identity.iss.as_str()) && linked.iter().any(|linked| linked.sub == identity.sub))
    };
    let visas = passport.visas().iter().filter(|visa| theirs(visa.identity()));
    Ok(visas
        .filter_map(|visa| Some((visa.identity().clone(), kept.get(visa.index())?.clone())))
        .collect())
}

fn kind_of(compact: &str) -> Option<String> {
    let token = CompactToken::parse(compact, token_limits::VISA_BYTES).ok()?;
    let kind = token.claims().get("ga4gh_visa_v1")?.get("type")?;
    kind.as_str().map(str::to_owned)
}

/// The issuers whose trust entry names their visas of membership.
fn member_issuers(snapshot: &Snapshot) -> impl Iterator<Item = &TrustEntry> {
    let entries = snapshot.trust.entries();
    entries.filter(|entry| entry.role == Role::VisaIssuer && entry.visa_types.contains(&committee_type(entry)))
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
    let mut trust = TrustPolicy::new(audience, vec![entry(Role::Broker), entry(Role::VisaIssuer)])
        .map_err(|error| failed(&error))?;
    for issuer in member_issuers(snapshot).filter(|issuer| issuer.id != broker.config().issuer) {
        let kind = committee_type(issuer);
        trust.support(&VisaType::named(&kind));
        let only = TrustEntry {
            visa_types: vec![kind],
            ..issuer.clone()
        };
        trust.add(only).map_err(|error| failed(&error))?;
    }
    Ok(trust)
}
