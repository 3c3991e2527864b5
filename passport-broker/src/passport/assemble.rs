//! What a person holds: visas of ours from facts, grants and purposes, and foreign ones that count.

use visa_verifier::seam::Timestamp;
use visa_verifier::trust::Role;
use visa_verifier::{VisaIdentity, VisaType};

use super::collect;
use super::foreign::{self, Foreign, Odd};
use super::sign::PassportProblem;
use crate::front::Front;
use crate::person::{record, terms};
use crate::store::StoreError;
use crate::store::grants::AttestedPurpose;
use crate::store::people::{self, PersonId};
use crate::store::visas;
use crate::visa::{self, VisaDraft, kind};

/// All that a person's Passport would say now.
#[derive(Debug)]
pub(crate) struct Holding {
    /// Of ours, not signed yet.
    pub(crate) own: Vec<VisaDraft>,
    /// Of other issuers, as they came.
    pub(crate) foreign: Vec<Foreign>,
    /// Of other issuers, left out, with the reason.
    pub(crate) odd: Vec<Odd>,
}

/// Gathers what a person holds; `login` says by which institution, so that its visa issuers are asked.
pub(crate) async fn holding(
    front: &Front,
    person: &PersonId,
    login: Option<&VisaIdentity>,
    now: Timestamp,
) -> Result<Holding, StoreError> {
    let broker = &front.broker;
    let counting: Vec<VisaIdentity> = broker
        .counting(person)
        .await?
        .into_iter()
        .map(|entry| entry.identity)
        .collect();
    if login.is_some() {
        // visas of all identities are one researcher's
        for identity in &counting {
            collect::freshen(broker, person, identity, now).await?;
        }
    }
    let mut own = Vec::new();
    for fact in people::facts(&mut broker.db(), person, now).await? {
        own.extend(kind::asserted::draft(front.issuer(), &fact));
    }
    own.extend(terms::visas(broker, person, now).await?);
    for said in broker.statements_of(person).await? {
        own.push(kind::statement::draft(&said));
    }
    for grant in broker.grants_of(person).await? {
        own.push(kind::controlled_access::draft(&grant));
        own.extend(kind::purpose::bound(front.issuer(), &grant));
    }
    let collected = visas::collected(&mut broker.db(), person, now).await?;
    // Those that were just fetched were signed a moment after `now`.
    let judged = broker.now().max(now);
    let texts = collected.into_iter().map(|collected| collected.visa).collect();
    // Judged without signatures of ours: a condition on a visa of ours is judged again by whoever reads the Passport.
    let (foreign, odd) = foreign::judge(front, person.as_str(), &[], texts, judged).await;
    for attested in broker.attested_of(person).await? {
        if foreign.iter().any(|foreign| stands_beside(&attested, foreign)) {
            own.extend(kind::purpose::attested(front.issuer(), &attested));
        }
    }
    own.extend(links(front, &foreign, &counting, now));
    Ok(Holding { own, foreign, odd })
}

/// Whether a foreign grant is the one that a purpose was attested for: same dataset, source and moment (consent 2.9).
pub(crate) fn stands_beside(attested: &AttestedPurpose, foreign: &Foreign) -> bool {
    let object = foreign.visa.object();
    *object.kind() == VisaType::ControlledAccessGrants
        && object.value() == attested.dataset
        && object.source() == attested.source
        && object.asserted() == attested.asserted
}

/// The visa that joins the identities of the foreign visas with ours, as far as our own trust entry lets us link.
///
/// Where a person added identities, the visa says so for those whose issuers the operator lets us link by name: `*` is
/// about visas that came along, no reason to tell every service where somebody else knows the person.
fn links(front: &Front, foreign: &[Foreign], counting: &[VisaIdentity], now: Timestamp) -> Option<VisaDraft> {
    let issuer = &front.broker.config().issuer;
    let engine = front.broker.current().load();
    let trust = &engine.snapshot().trust;
    let entry = trust
        .entry(Role::VisaIssuer, issuer)
        .or_else(|| trust.entry(Role::Broker, issuer))?;
    let mut others: Vec<VisaIdentity> = foreign.iter().map(|foreign| foreign.visa.identity().clone()).collect();
    if counting.len() > 1 {
        let by_name = |identity: &&VisaIdentity| entry.may_link.iter().any(|may| may == identity.iss.as_str());
        others.extend(counting.iter().filter(by_name).cloned());
    }
    kind::linked_identities::draft(issuer.as_str(), &others, &entry.may_link, now)
}

/// A person's visas, signed for a client, ready to hand out; on record before they leave.
pub(crate) async fn visas(
    front: &Front,
    person: &PersonId,
    login: Option<&VisaIdentity>,
    client: Option<&str>,
    now: Timestamp,
) -> Result<Vec<String>, PassportProblem> {
    let holding = holding(front, person, login, now).await?;
    let signed = visa::sign_all(&front.broker, person, &holding.own, now).await?;
    let mut datasets: Vec<String> = holding
        .own
        .iter()
        .filter(|draft| draft.kind == "ControlledAccessGrants")
        .map(|draft| draft.value.clone())
        .chain(
            holding
                .foreign
                .iter()
                .filter(|foreign| *foreign.visa.object().kind() == VisaType::ControlledAccessGrants)
                .map(|foreign| foreign.visa.object().value().to_owned()),
        )
        .collect();
    datasets.sort();
    datasets.dedup();
    let until = signed.iter().map(|signed| signed.expires).min().unwrap_or(now);
    record::issued(&front.broker, person, client, datasets, until.unix()).await?;
    Ok(signed
        .into_iter()
        .map(|signed| signed.compact)
        .chain(holding.foreign.into_iter().map(|foreign| foreign.compact))
        .collect())
}
