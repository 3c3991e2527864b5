//! `GET /account`: who I am here, what I hold, what my work is for, my keys and sessions.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use policy_engine::snapshot::RoleGrant;
use visa_verifier::VisaType;
use visa_verifier::seam::Timestamp;

use super::account_forms::Done;
use super::account_news::{self, News};
use super::purpose_form::PurposeForm;
use super::refusal::store_problem;
use super::{LoginWish, begin_login};
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, Targets, show};
use crate::passport::{self, ATTESTED, Holding, stands_beside, visa_in_words};
use crate::person::services;
use crate::session::{self, Browser};
use crate::store::people::{self, FactKind};
use crate::store::{StoreError, clients, sessions};
use crate::upstream::Ask;

/// The account page.
#[derive(Debug, Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    csrf: String,
    done: Option<&'static str>,
    refused: Option<String>,
    subject: String,
    identities: Vec<ShownIdentity>,
    visas: Vec<ShownVisa>,
    attested: Vec<ShownPurpose>,
    attestable: Vec<Attestable>,
    default_purpose: Option<String>,
    default_form: PurposeForm,
    keys: Vec<ShownKey>,
    sessions: Vec<ShownSession>,
    services: Vec<ShownService>,
    consents: Vec<ShownConsent>,
    roles: Vec<String>,
    policies: bool,
    news: News,
}

#[derive(Debug)]
struct ShownIdentity {
    name: String,
    issuer: String,
    subject: String,
    affiliations: Vec<String>,
    seen: String,
    /// `sub,iss`, for the form that takes it off.
    id: String,
    until: String,
    counts: bool,
    soon: bool,
    here: bool,
}

#[derive(Debug)]
struct ShownVisa {
    kind: String,
    value: String,
    source: String,
    issuer: String,
    foreign: bool,
    until: String,
    counts: bool,
    code: String,
    words: String,
    /// How it differs from today's form.
    differences: Vec<&'static str>,
}

#[derive(Debug)]
struct ShownPurpose {
    dataset: String,
    words: String,
    project: String,
    since: String,
}

#[derive(Debug)]
struct Attestable {
    id: String,
    dataset: String,
    source: String,
    form: PurposeForm,
}

#[derive(Debug)]
struct ShownKey {
    id: String,
    since: String,
}

#[derive(Debug)]
struct ShownSession {
    id: String,
    since: String,
    until: String,
    strength: &'static str,
    here: bool,
}

#[derive(Debug)]
struct ShownService {
    client: String,
    name: String,
    scope: String,
    audience: String,
    since: String,
    until: String,
    told: bool,
}

#[derive(Debug)]
struct ShownConsent {
    client: String,
    name: String,
    scope: String,
}

/// `GET /account`
pub(crate) async fn account(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes()).unwrap_or_default();
    match session::current(&front.cookies, &mut front.broker.db(), &headers, front.broker.now()).await {
        Ok(Some(browser)) => {
            let done = fields.one("done").ok().flatten().and_then(Done::of).map(Done::sentence);
            answer(&front, &browser, StatusCode::OK, done, None).await
        }
        Ok(None) => {
            let ask = Ask {
                login_hint: fields.one("login_hint").ok().flatten().map(str::to_owned),
                ..Ask::default()
            };
            let institution = fields.one("idp_hint").ok().flatten().map(str::to_owned);
            let then = format!("{}/account", front.cookies.base);
            begin_login(
                &front,
                LoginWish {
                    ask,
                    institution,
                    client: None,
                    then,
                },
            )
            .await
        }
        Err(error) => store_problem(&front, &error),
    }
}

/// The page, with what the last form did or why it was refused.
pub(super) async fn answer(
    front: &Front,
    browser: &Browser,
    status: StatusCode,
    done: Option<&'static str>,
    refused: Option<String>,
) -> Response {
    match Box::pin(page(front, browser, done, refused)).await {
        Ok(page) => show(status, &page, &Targets::Own),
        Err(error) => store_problem(front, &error),
    }
}

async fn page(
    front: &Front,
    browser: &Browser,
    done: Option<&'static str>,
    refused: Option<String>,
) -> Result<AccountPage, StoreError> {
    let (broker, now, person) = (&front.broker, front.broker.now(), &browser.row.person);
    let mut db = broker.db();
    let holding = passport::holding(front, person, Some(&browser.row.identity), now).await?;
    let attested = broker.attested_of(person).await?;
    let default = broker.default_purpose_of(person).await?;
    let open = holding.foreign.iter().filter(|foreign| {
        *foreign.visa.object().kind() == VisaType::ControlledAccessGrants
            && !attested.iter().any(|attested| stands_beside(attested, foreign))
    });
    let attestable = open.enumerate().map(|(at, foreign)| {
        let object = foreign.visa.object();
        let id = format!("attest-{at}");
        let (dataset, source) = (object.value().to_owned(), object.source().to_owned());
        Attestable {
            form: PurposeForm::new(id.clone(), default.as_ref()),
            id,
            dataset,
            source,
        }
    });
    let attestable = attestable.collect();
    let mut consents = Vec::new();
    for consent in clients::consents(&mut db, person).await? {
        let name = broker
            .client(&consent.client)
            .await?
            .map_or_else(|| consent.client.clone(), |client| client.name);
        consents.push(ShownConsent {
            client: consent.client,
            name,
            scope: consent.scope,
        });
    }
    let services = services::of(broker, person)
        .await?
        .into_iter()
        .map(|service| ShownService {
            scope: service.scope.join(" "),
            audience: service.audience.join(" "),
            since: minute(service.since),
            until: day(service.until),
            told: service.told,
            client: service.client,
            name: service.name,
        });
    let keys = clients::keys_of(&mut db, person)
        .await?
        .into_iter()
        .map(|key| ShownKey {
            id: key.thumbprint,
            since: day(key.created),
        });
    let sessions = sessions::of_person(&mut db, person, now)
        .await?
        .into_iter()
        .map(|row| ShownSession {
            here: row.sid == browser.row.sid,
            since: minute(row.created),
            until: minute(row.expires),
            strength: if row.acr.as_deref() == Some(crate::caller::REFEDS_MFA) {
                "more than one factor"
            } else {
                "one factor"
            },
            id: row.sid,
        });
    let roles = broker.roles_of(person).await?;
    Ok(AccountPage {
        news: account_news::of(front, person, now).await?,
        frame: front.frame("Your account", Some(browser)),
        csrf: browser.csrf(&front.cookies, "account"),
        done,
        refused,
        subject: person.as_str().to_owned(),
        identities: identities(front, browser, now).await?,
        visas: shown_visas(front, &holding, now),
        attested: attested
            .iter()
            .map(|row| ShownPurpose {
                dataset: row.dataset.clone(),
                words: crate::tongue::purpose(&row.purpose),
                project: row.project.clone().unwrap_or_default(),
                since: day(row.attested),
            })
            .collect(),
        attestable,
        default_form: PurposeForm::new("default", default.as_ref()),
        default_purpose: default.as_ref().map(crate::tongue::purpose),
        keys: keys.collect(),
        sessions: sessions.collect(),
        services: services.collect(),
        consents,
        policies: roles.iter().any(reads_policies),
        roles: roles.into_iter().map(role_in_words).collect(),
    })
}

/// Who finds something at `/policies`: those who write or approve bundles, and auditors.
fn reads_policies(role: &RoleGrant) -> bool {
    match role {
        RoleGrant::Role(name) => matches!(name.as_str(), "administrator" | "auditor"),
        RoleGrant::Committee(_) => true,
    }
}

fn role_in_words(role: RoleGrant) -> String {
    match role {
        RoleGrant::Role(name) => name,
        RoleGrant::Committee(id) => format!("member of the committee {id}"),
    }
}

async fn identities(front: &Front, browser: &Browser, now: Timestamp) -> Result<Vec<ShownIdentity>, StoreError> {
    let mut db = front.broker.db();
    let person = &browser.row.person;
    let upstreams = front.broker.upstreams().await?;
    let facts = people::facts(&mut db, person, now).await?;
    let counting = front.broker.counting(person).await?;
    let all = people::identities(&mut db, person)
        .await?
        .into_iter()
        .filter(|entry| entry.unlinked.is_none())
        .map(|entry| {
            let issuer = entry.identity.iss.as_str().to_owned();
            let own = facts.iter().filter(|fact| fact.identity == entry.identity);
            let stated = own.filter_map(|fact| match fact.kind {
                FactKind::Affiliation => Some(fact.value.clone()),
                FactKind::Group | FactKind::GroupVisa => Some(format!("group {}", fact.value)),
                FactKind::Assurance | FactKind::Terms | FactKind::ResearcherStatus => None,
            });
            ShownIdentity {
                name: upstreams
                    .iter()
                    .find(|row| row.issuer == issuer)
                    .map_or_else(|| issuer.clone(), |row| row.name.clone()),
                subject: entry.identity.sub.as_str().to_owned(),
                affiliations: stated.collect(),
                seen: minute(entry.last_login),
                id: entry.identity.to_string(),
                until: day(entry.proven_until()),
                counts: counting.iter().any(|one| one.identity == entry.identity),
                soon: entry.proven_until() <= now.plus(limits::SOON),
                here: entry.identity == browser.row.identity,
                issuer,
            }
        });
    Ok(all.collect())
}

fn shown_visas(front: &Front, holding: &Holding, now: Timestamp) -> Vec<ShownVisa> {
    let own = holding.own.iter().map(|draft| {
        let (mut kind, value) = visa_in_words(&draft.kind, &draft.value);
        // No committee approved what the person stated.
        if draft.by == "self" && draft.claim.is_some() {
            ATTESTED.clone_into(&mut kind);
        }
        ShownVisa {
            kind,
            value,
            source: draft.source.clone(),
            issuer: front.issuer().to_owned(),
            foreign: false,
            // The visa itself is made anew each hour; what it says lasts so long.
            until: if draft.ends == Timestamp::MAX {
                "no end".to_owned()
            } else {
                day(draft.ends)
            },
            counts: now < draft.ends,
            code: String::new(),
            words: String::new(),
            differences: Vec::new(),
        }
    });
    let foreign = holding.foreign.iter().map(|foreign| {
        let object = foreign.visa.object();
        let (kind, value) = visa_in_words(object.kind().as_str(), object.value());
        ShownVisa {
            kind,
            value,
            source: object.source().to_owned(),
            issuer: foreign.visa.identity().iss.as_str().to_owned(),
            foreign: true,
            until: minute(foreign.visa.expires()),
            counts: true,
            code: String::new(),
            words: String::new(),
            differences: passport::differences(&foreign.visa, &foreign.compact),
        }
    });
    let odd = holding.odd.iter().map(|odd| {
        let said = |member: &str| odd.rejected.said_of_object(member).unwrap_or("unreadable").to_owned();
        let (kind, value) = visa_in_words(&said("type"), &said("value"));
        ShownVisa {
            kind,
            value,
            source: said("source"),
            issuer: odd.rejected.said("iss").unwrap_or("nobody known").to_owned(),
            foreign: true,
            until: odd.rejected.said_expires().map_or_else(String::new, minute),
            counts: false,
            code: odd.rejected.code().to_string(),
            words: odd.rejected.sentence().to_owned(),
            differences: Vec::new(),
        }
    });
    own.chain(foreign).chain(odd).collect()
}

/// `2026-11-22`
pub(super) fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// `2026-11-22 21:40 UTC`
pub(super) fn minute(at: Timestamp) -> String {
    let text: String = at.to_string().chars().take(16).collect();
    format!("{} UTC", text.replace('T', " "))
}
