//! All that is held on a person here, as one JSON document (GDPR Art. 15, 20): no secret, no digest of one, and nothing
//! of other people but what the person's own pages show.

use serde_json::{Value, json};
use visa_verifier::token::CompactToken;

use super::record::Unrecorded;
use super::{history, services};
use crate::Broker;
use crate::mail;
use crate::store::applications::AccessApplication;
use crate::store::governed::Governed;
use crate::store::grants::{Application, Grant};
use crate::store::links::LinkRow;
use crate::store::people::{self, PersonId};
use crate::store::roles::RoleRow;
use crate::store::statements::StatementRow;
use crate::store::{StoreError, clients, notices, sessions, tried, visas};

/// Purposes tried that are told.
const TRIED: usize = 500;
/// Most bytes of a visa that is taken apart.
const VISA_BYTES: usize = 16 * 1024;

/// Puts it together.
///
/// # Errors
/// The database or the log is down.
pub(crate) async fn on(broker: &Broker, person: &PersonId) -> Result<Value, Unrecorded> {
    let (mut db, now) = (broker.db(), broker.now());
    let own = broker.identity_of(person)?;
    let account = people::by_id(&mut db, person).await?;
    let linked = people::identities(&mut db, person).await?;
    let facts = people::facts(&mut db, person, now).await?;
    let sessions = sessions::of_person(&mut db, person, now).await?;
    let keys = clients::keys_of(&mut db, person).await?;
    let consents = clients::consents(&mut db, person).await?;
    let told = notices::all(&mut db, person).await?;
    let collected = visas::collected(&mut db, person, now).await?;
    let issued = visas::of_person(&mut db, person, now).await?;
    let tried = tried::of_person(&mut db, &own.to_string(), TRIED).await?;
    let history = history::of(broker, person).await?;
    let mut names = vec![own.to_string()];
    names.extend(linked.iter().map(|entry| entry.identity.to_string()));
    let grants: Vec<Grant> = every(broker, &names).await?;
    let roles: Vec<RoleRow> = every(broker, &names).await?;
    let said: Vec<StatementRow> = every(broker, &names).await?;
    let single: Vec<Application> = every(broker, &names).await?;
    let links: Vec<LinkRow> = every(broker, &[person.as_str().to_owned()]).await?;
    let address = mail::address(broker, person).await?;
    Ok(json!({
        "made": now,
        "node": broker.config().issuer,
        "about": "All that this node's broker holds on you. Requests at its data services stand in `history`, as its audit log has them.",
        "account": { "id": person, "identity": own, "begun": account.as_ref().map(|row| row.created),
                     "suspended": account.and_then(|row| row.suspended) },
        "identities": linked.iter().map(|entry| json!({
            "identity": entry.identity, "unique": entry.unique, "first_seen": entry.first_seen,
            "last_login": entry.last_login, "taken_off": entry.unlinked })).collect::<Vec<_>>(),
        "links": links,
        "mail_address": address,
        "facts": facts.iter().map(|fact| json!({
            "kind": fact.kind.word(), "value": fact.value, "source": fact.source, "by": fact.by, "of": fact.identity,
            "asserted": fact.asserted, "until": fact.expires })).collect::<Vec<_>>(),
        "visas": {
            "of_other_issuers": collected.iter().map(|visa| json!({
                "says": claims(&visa.visa), "collected": visa.collected, "until": visa.expires })).collect::<Vec<_>>(),
            "signed_here": issued.iter().map(|visa| json!({
                "jti": visa.jti, "type": visa.kind, "value": visa.value, "grant": visa.grant, "issued": visa.issued,
                "until": visa.expires, "ended": visa.revoked })).collect::<Vec<_>>(),
        },
        "roles": roles,
        "visas_by_this_nodes_word": said,
        "grants": grants,
        "requests_for_grants": single,
        "applications": applications(broker, person).await?,
        "purposes": {
            "default": broker.default_purpose_of(person).await?,
            "attested": broker.attested_of(person).await?,
            "tried": tried.iter().map(|row| json!({
                "dataset": row.dataset, "purpose": serde_json::from_str::<Value>(&row.purpose).unwrap_or_default(),
                "at": row.door, "first": row.first, "last": row.last, "times": row.times })).collect::<Vec<_>>(),
        },
        "programs": services::of(broker, person).await?,
        "consents": consents.iter().map(|consent| json!({
            "client": consent.client, "scope": consent.scope, "given": consent.given })).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(|row| json!({
            "with": row.identity, "acr": row.acr, "amr": row.amr, "assurance": row.assurance,
            "signed_in": row.auth_time, "begun": row.created, "last_used": row.last_seen, "until": row.expires }))
            .collect::<Vec<_>>(),
        "keys": keys.iter().map(|key| json!({
            "kid": key.thumbprint, "client": key.client, "registered": key.created,
            "public_key": serde_json::from_str::<Value>(&key.jwk).unwrap_or_default() })).collect::<Vec<_>>(),
        "notices": told.iter().map(|notice| json!({ "at": notice.at, "words": notice.words })).collect::<Vec<_>>(),
        "history": history,
    }))
}

/// The live rows of a table under any of these names.
async fn every<T: Governed>(broker: &Broker, names: &[String]) -> Result<Vec<T>, StoreError> {
    let mut all = Vec::new();
    for name in names {
        all.extend(broker.of_person::<T>(name).await?);
    }
    Ok(all)
}

/// What a visa says, without its signature: what is shown here is no credential.
fn claims(visa: &str) -> Value {
    CompactToken::parse(visa, VISA_BYTES).map_or(Value::Null, |token| json!(token.claims()))
}

/// The person's own applications whole; of those of others their own part.
async fn applications(broker: &Broker, person: &PersonId) -> Result<Vec<Value>, StoreError> {
    let me = person.as_str();
    let mut told = Vec::new();
    for mut row in broker.live::<AccessApplication>().await? {
        if row.applicant == me {
            for member in &mut row.members {
                member.code = None;
            }
            told.push(json!(row));
        } else if let Some(member) = row.members.iter().find(|member| member.person.as_deref() == Some(me)) {
            told.push(
                json!({ "id": row.id, "project": row.project, "stage": row.stage, "title": row.terms.title,
                              "my_part": { "address": member.address, "institution": member.institution,
                                           "joined": member.joined, "left": member.left } }),
            );
        }
    }
    Ok(told)
}
