//! Everybody of whom this node knows something, each with the facts that their Passport would give a clearinghouse now.
//!
//! Their visas are put together as for a Passport and verified as by this node's own doors. None of them leaves: nothing
//! is noted as issued, and each ends with what it says, so that a review tells how long access lasts.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use policy_engine::decide::{Client, ClientKind, Facts, Session};
use policy_engine::snapshot::Snapshot;
use serde_json::json;
use visa_verifier::seam::{Timestamp, token};
use visa_verifier::trust::{Role, TrustPolicy};
use visa_verifier::{Passport, Verification, VerifiedPassport, VisaIdentity};

use crate::broker::Broker;
use crate::committee::GovernError;
use crate::passport;
use crate::person::terms;
use crate::store::StoreError;
use crate::store::grants::Grant;
use crate::store::people::{self, PersonId};
use crate::store::roles::RoleRow;
use crate::store::visas;
use crate::visa::{VisaDraft, kind};

/// More people than this are not reviewed at once; the answer says so.
pub(super) const PEOPLE: usize = 10_000;
/// Visas that no Passport of ours outlives: for what never ends by itself.
const LONG: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// Somebody of whom something is known.
#[derive(Clone, Debug)]
pub(super) struct Someone {
    /// As our own tokens name them; whoever has never logged in, as grants and roles do.
    pub(super) who: VisaIdentity,
    /// Their id, if they have logged in.
    pub(super) id: Option<PersonId>,
    /// All identities that name them at present.
    pub(super) named: Vec<VisaIdentity>,
}

/// Everybody who has logged in, or is named in a grant or a role; and whether that is all of them.
pub(super) async fn everybody(broker: &Broker) -> Result<(Vec<Someone>, bool), StoreError> {
    let mut all = Vec::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for person in people::everybody(&mut broker.db()).await? {
        if all.len() >= PEOPLE {
            return Ok((all, false));
        }
        let someone = logged_in(broker, &person.id).await?;
        taken.extend(someone.named.iter().map(ToString::to_string));
        all.push(someone);
    }
    let grants: Vec<Grant> = broker.live().await?;
    let roles: Vec<RoleRow> = broker.live().await?;
    let named = grants.into_iter().map(|grant| grant.to);
    for who in named.chain(roles.into_iter().map(|row| row.person)) {
        // an identity that was unlinked is nobody's any more: what it carried is over
        if !taken.insert(who.to_string()) || broker.person_of(&who).await?.is_some() {
            continue;
        }
        if all.len() >= PEOPLE {
            return Ok((all, false));
        }
        all.push(never_seen(who));
    }
    Ok((all, true))
}

/// The person of an identity, or of a person's id.
pub(super) async fn find(broker: &Broker, name: &str) -> Result<Option<Someone>, StoreError> {
    if let Ok(identity) = name.parse::<VisaIdentity>() {
        if let Some(id) = broker.person_of(&identity).await? {
            return logged_in(broker, &id).await.map(Some);
        }
        let grants: Vec<Grant> = broker.of_person(&identity.to_string()).await?;
        let roles: Vec<RoleRow> = broker.of_person(&identity.to_string()).await?;
        let known = !(grants.is_empty() && roles.is_empty());
        return Ok(known.then(|| never_seen(identity)));
    }
    let id = PersonId::from_text(name);
    match people::by_id(&mut broker.db(), &id).await? {
        Some(person) => logged_in(broker, &person.id).await.map(Some),
        None => Ok(None),
    }
}

/// The person of an identity, also of one that nobody here has heard of.
pub(super) async fn of_identity(broker: &Broker, who: &VisaIdentity) -> Result<Someone, StoreError> {
    let found = find(broker, &who.to_string()).await?;
    Ok(found.unwrap_or_else(|| never_seen(who.clone())))
}

async fn logged_in(broker: &Broker, id: &PersonId) -> Result<Someone, StoreError> {
    Ok(Someone {
        who: broker.identity_of(id)?,
        id: Some(id.clone()),
        named: broker.identities(id).await?,
    })
}

fn never_seen(who: VisaIdentity) -> Someone {
    Someone {
        named: vec![who.clone()],
        who,
        id: None,
    }
}

impl Someone {
    /// Their roles and memberships by rows of this node, in force or over.
    pub(super) async fn roles(&self, broker: &Broker) -> Result<Vec<RoleRow>, StoreError> {
        let mut rows = Vec::new();
        for identity in &self.named {
            rows.extend(broker.of_person::<RoleRow>(&identity.to_string()).await?);
        }
        Ok(rows)
    }

    /// Their facts on a snapshot, as if they asked now after a good login.
    pub(super) async fn facts(&self, broker: &Broker, snapshot: &Snapshot) -> Result<Facts, GovernError> {
        self.facts_with(broker, snapshot, None).await
    }

    /// The same with one more grant, which nobody has issued yet.
    pub(super) async fn facts_with(
        &self,
        broker: &Broker,
        snapshot: &Snapshot,
        further: Option<&Grant>,
    ) -> Result<Facts, GovernError> {
        let now = broker.now();
        let trust = passport::with_ourselves(broker, snapshot.trust.clone());
        let (mut own, foreign) = self.visas(broker, now).await?;
        if let Some(grant) = further {
            own.push(kind::controlled_access::draft(grant));
            own.extend(kind::purpose::bound(broker.config().issuer.as_str(), grant));
        }
        let mut verified = self.verified(broker, &trust, &own, &foreign, now).await?;
        if !foreign.is_empty() {
            let issuer = &broker.config().issuer;
            let others: Vec<VisaIdentity> = verified
                .visas()
                .iter()
                .map(|visa| visa.identity().clone())
                .filter(|identity| identity.iss != *issuer)
                .collect();
            let entry = trust
                .entry(Role::VisaIssuer, issuer)
                .or_else(|| trust.entry(Role::Broker, issuer));
            let link =
                entry.and_then(|entry| kind::linked_identities::draft(issuer.as_str(), &others, &entry.may_link, now));
            if let Some(link) = link {
                own.push(link);
                verified = self.verified(broker, &trust, &own, &foreign, now).await?;
            }
        }
        let default_purpose = match &self.id {
            Some(id) => broker.default_purpose_of(id).await?,
            None => None,
        };
        Ok(Facts::of(&verified, &session(now, default_purpose), snapshot))
    }

    /// Visas of ours, not signed, and those of others, as kept.
    async fn visas(&self, broker: &Broker, now: Timestamp) -> Result<(Vec<VisaDraft>, Vec<String>), StoreError> {
        let issuer = broker.config().issuer.as_str();
        let mut own = Vec::new();
        let grants = match &self.id {
            Some(id) => broker.grants_of(id).await?,
            None => {
                let mut rows: Vec<Grant> = broker.of_person(&self.who.to_string()).await?;
                rows.retain(|grant| grant.starts <= now && now < grant.until);
                rows
            }
        };
        for grant in &grants {
            own.push(kind::controlled_access::draft(grant));
            own.extend(kind::purpose::bound(issuer, grant));
        }
        let Some(id) = &self.id else {
            return Ok((own, Vec::new()));
        };
        for said in broker.statements_of(id).await? {
            own.push(kind::statement::draft(&said));
        }
        for fact in people::facts(&mut broker.db(), id, now).await? {
            own.extend(kind::asserted::draft(issuer, &fact));
        }
        own.extend(terms::visas(broker, id, now).await?);
        // one whose grant does not count makes no approval: it stands beside nothing
        for attested in broker.attested_of(id).await? {
            own.extend(kind::purpose::attested(issuer, &attested));
        }
        let collected = visas::collected(&mut broker.db(), id, now).await?;
        Ok((own, collected.into_iter().map(|visa| visa.visa).collect()))
    }

    async fn verified(
        &self,
        broker: &Broker,
        trust: &TrustPolicy,
        own: &[VisaDraft],
        foreign: &[String],
        now: Timestamp,
    ) -> Result<VerifiedPassport, GovernError> {
        let failed = |why: &dyn std::fmt::Display| GovernError::Facts { why: why.to_string() };
        let issuer = broker.config().issuer.as_str();
        let subject = self.id.as_ref().map_or("never-logged-in", PersonId::as_str);
        let mut compact = Vec::with_capacity(own.len() + foreign.len());
        for draft in own.iter().filter(|draft| now < draft.ends) {
            let jti = token(broker.random(), 16);
            let mut claims = draft.claims(issuer, subject, &jti, LONG, now);
            if let Some(members) = claims.as_object_mut() {
                members.insert("exp".to_owned(), json!(draft.ends.min(now.plus(LONG)).unix()));
            }
            let signed = broker.signer().sign_visa("vnd.ga4gh.visa+jwt", &claims);
            compact.push(signed.map_err(|error| failed(&error))?);
        }
        compact.extend_from_slice(foreign);
        let answer = json!({ "iss": issuer, "sub": subject, "ga4gh_passport_v1": compact });
        let passport = Passport::from_userinfo(&answer).map_err(|rejected| failed(&rejected.code()))?;
        passport::verify(broker, Verification::begin(passport, trust, now))
            .await
            .map_err(|rejected| failed(&rejected.code()))
    }
}

/// What a review assumes of a login, in words.
pub(in crate::committee) const ASSUMED: &str = "A login of just now with a second factor and a well proven identity, from a client \
                                  whose token is bound to its key, and work on this node.";

fn session(now: Timestamp, default_purpose: Option<policy_engine::consent::ResearchPurpose>) -> Session {
    Session {
        authn: 2,
        identity: 3,
        authenticated: Some(now),
        client: Client {
            id: "access-review".to_owned(),
            kind: ClientKind::Cli,
            sender_constrained: true,
        },
        default_purpose,
        affiliation_fresh: true,
        ..Session::unknown(IpAddr::V4(Ipv4Addr::UNSPECIFIED), Timestamp::MAX)
    }
}
