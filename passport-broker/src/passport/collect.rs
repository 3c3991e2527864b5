//! Visas of other issuers: those that came with a login, and those that sources give for it, asked again in the background.
//!
//! What is collected is kept as it came and believed by nobody: whoever uses it verifies it anew. A source that is down
//! delays nothing: its visas serve until they expire.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;
use visa_verifier::token::{CompactToken, NumericDate, limits};

use super::source::{self, VISAS};
use crate::Broker;
use crate::store::StoreError;
use crate::store::collections::{self, Collection};
use crate::store::people::PersonId;
use crate::store::visas::{self, CollectedVisa};
use crate::upstream::{self, Upstream, UpstreamIdentity};

/// Collected visas are asked for anew after this long: theirs last about an hour.
const FRESH: Duration = Duration::from_secs(15 * 60);
/// Between two calls to a source for one person, whoever asks.
const REST: Duration = Duration::from_secs(60);
/// So long a person waits for a source of which nothing is kept.
const PATIENCE: Duration = Duration::from_secs(2);
/// The visas of somebody who was not here for a day are not asked for.
const AWAY: Duration = Duration::from_secs(24 * 3600);
/// Calls of one round of the chores, so many at once, for so long in all.
const ROUND: u32 = 100;
const AT_ONCE: usize = 8;
const ROUND_TIME: Duration = Duration::from_secs(20);

/// Where visas come from.
#[derive(Clone, Debug)]
enum Place {
    /// A visa issuer of an upstream.
    Issuer(upstream::VisaSource),
    /// The upstream's own UserInfo.
    UserInfo(String),
}

impl Place {
    fn name(&self) -> &str {
        match self {
            Self::Issuer(source) => source.endpoint.as_str(),
            Self::UserInfo(issuer) => issuer,
        }
    }
}

/// Keeps the visas of a login and what opens UserInfo, and asks the visa issuers that belong to its institution.
pub(crate) async fn collect_at_login(
    broker: &Broker,
    person: &PersonId,
    upstream: &Upstream,
    identity: &VisaIdentity,
    login: &UpstreamIdentity,
    now: Timestamp,
) {
    if let Err(error) = at_login(broker, person, upstream, identity, login, now).await {
        tracing::error!(error.code = error.code(), %error, "the visas of a login could not be kept");
    }
}

async fn at_login(
    broker: &Broker,
    person: &PersonId,
    upstream: &Upstream,
    identity: &VisaIdentity,
    login: &UpstreamIdentity,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (iss, sub) = (identity.iss.as_str(), identity.sub.as_str());
    let kept = unpacked(&login.visas, identity, now);
    keep(broker, person, identity, kept).await?;
    let mut db = broker.db();
    if login.visas.is_empty() {
        collections::forget(&mut db, person, iss, sub).await?;
    } else {
        // came just now; asked again only if the sign-in opened UserInfo
        collections::take(&mut db, person, iss, sub, Timestamp::MAX, now).await?;
        collections::went(&mut db, person, iss, sub, None, now).await?;
        if let Some(access) = &login.userinfo {
            source::keep_access(broker, person, identity, access, now).await?;
        }
    }
    let places = upstream.visa_sources.iter().cloned().map(Place::Issuer).collect();
    ask_all(broker, person, places, sub, true, now).await
}

/// Asks those sources anew of which nothing fresh is kept; waits, for a moment, only for one of which nothing is kept.
pub(super) async fn freshen(
    broker: &Broker,
    person: &PersonId,
    login: &VisaIdentity,
    now: Timestamp,
) -> Result<(), StoreError> {
    let upstreams = upstream::upstreams(broker).await?;
    let Some(upstream) = upstreams.iter().find(|upstream| upstream.issuer == login.iss.as_str()) else {
        return Ok(());
    };
    let kept = visas::collected(&mut broker.db(), person, now).await?;
    let known = collections::of_person(&mut broker.db(), person).await?;
    let mut places: Vec<Place> = upstream.visa_sources.iter().cloned().map(Place::Issuer).collect();
    let own = Place::UserInfo(upstream.issuer.clone());
    let of = |place: &Place| {
        known
            .iter()
            .find(|one| one.source == place.name() && one.sub == login.sub.as_str())
    };
    if of(&own).is_some() {
        places.push(own);
    }
    places.retain(|place| {
        let answered = of(place).and_then(|one| one.answered);
        answered.is_none_or(|at| at.plus(FRESH) <= now)
    });
    let (there, missing): (Vec<Place>, Vec<Place>) = places.into_iter().partition(|place| {
        kept.iter()
            .any(|visa| visa.identity.iss.as_str() == place.name() && visa.identity.sub == login.sub)
    });
    ask_all(broker, person, there, login.sub.as_str(), false, now).await?;
    ask_all(broker, person, missing, login.sub.as_str(), true, now).await
}

/// Asks them all at once, in tasks of their own; `wait`: for as long as somebody is patient.
async fn ask_all(
    broker: &Broker,
    person: &PersonId,
    places: Vec<Place>,
    sub: &str,
    wait: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut asked = Vec::new();
    for place in places {
        if collections::take(&mut broker.db(), person, place.name(), sub, now.minus(REST), now).await? {
            let (broker, person, sub) = (broker.clone(), person.clone(), sub.to_owned());
            asked.push(tokio::spawn(async move {
                ask_and_keep(&broker, &person, &place, &sub).await;
            }));
        }
    }
    if wait {
        // those that take longer go on without anybody who waits
        let _ = tokio::time::timeout(PATIENCE, futures::future::join_all(asked)).await;
    }
    Ok(())
}

/// The chores' part: asks again for the visas of people who were here today. How many sources were asked.
pub(crate) async fn refresh(broker: &Broker) -> Result<usize, StoreError> {
    let now = broker.now();
    let due = collections::due(&mut broker.db(), now.minus(AWAY), now.minus(FRESH), ROUND).await?;
    let upstreams = upstream::upstreams(broker).await?;
    let mut calls = Vec::new();
    for one in due {
        let place = upstreams.iter().find_map(|upstream| {
            let issuers = upstream.visa_sources.iter();
            let issuer = issuers
                .into_iter()
                .find(|source| source.endpoint.as_str() == one.source);
            let own = (upstream.issuer == one.source).then(|| Place::UserInfo(one.source.clone()));
            issuer.cloned().map(Place::Issuer).or(own)
        });
        let Some(place) = place else {
            // ended since: what it gave serves until it expires
            collections::forget(&mut broker.db(), &one.person, &one.source, &one.sub).await?;
            continue;
        };
        if collections::take_due(&mut broker.db(), &one, now).await? {
            calls.push((one, place));
        }
    }
    let count = calls.len();
    let all = stream::iter(calls).for_each_concurrent(AT_ONCE, |(one, place): (Collection, Place)| async move {
        ask_and_keep(broker, &one.person, &place, &one.sub).await;
    });
    let _ = tokio::time::timeout(ROUND_TIME, all).await;
    collections::tidy(&mut broker.db(), now).await?;
    Ok(count)
}

async fn ask_and_keep(broker: &Broker, person: &PersonId, place: &Place, sub: &str) {
    let now = broker.now();
    let (answer, of_whom) = match place {
        Place::Issuer(source) => {
            let credential = source.credential.as_ref();
            let answer = source::issuer(&source.endpoint, credential, sub, broker.fetch().as_ref()).await;
            (answer, Some(sub))
        }
        Place::UserInfo(issuer) => (from_userinfo(broker, person, issuer, sub, now).await, None),
    };
    let noted = match answer {
        Ok(texts) => answered(broker, person, place, sub, of_whom, &texts, now).await,
        Err(why) => {
            tracing::warn!(source.name = place.name(), why, "a source of visas gave none");
            collections::went(&mut broker.db(), person, place.name(), sub, Some(&why), now).await
        }
    };
    if let Err(error) = noted {
        tracing::error!(error.code = error.code(), %error, "collected visas could not be kept");
    }
}

async fn from_userinfo(
    broker: &Broker,
    person: &PersonId,
    issuer: &str,
    sub: &str,
    now: Timestamp,
) -> Result<Vec<String>, String> {
    let upstreams = upstream::upstreams(broker).await.map_err(|error| error.to_string())?;
    let upstream = upstreams
        .iter()
        .find(|upstream| upstream.issuer == issuer)
        .ok_or("it is no login provider of this node any more")?;
    source::userinfo(broker, person, (issuer, sub), &upstream.claims.visas, now).await
}

async fn answered(
    broker: &Broker,
    person: &PersonId,
    place: &Place,
    sub: &str,
    of_whom: Option<&str>,
    texts: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    let bad = StoreError::Inconsistent {
        table: "collections",
        column: "source",
    };
    let (Ok(issuer), Ok(subject)) = (place.name().parse(), sub.parse()) else {
        return Err(bad);
    };
    // Kept under the source, so that a visa that it no longer gives goes.
    let under = VisaIdentity::new(issuer, subject);
    let kept = match of_whom {
        Some(sub) => texts.iter().filter_map(|visa| read(visa, Some(sub), now)).collect(),
        None => unpacked(texts, &under, now),
    };
    keep(broker, person, &under, kept).await?;
    collections::went(&mut broker.db(), person, place.name(), sub, None, now).await
}

/// Visas, and those inside of a whole Passport that names this person (RAS gives one as `passport_jwt_v11`).
fn unpacked(texts: &[String], login: &VisaIdentity, now: Timestamp) -> Vec<CollectedVisa> {
    let mut visas = Vec::new();
    for text in texts {
        match inside(text, login) {
            Some(inner) => visas.extend(inner.iter().filter_map(|visa| read(visa, None, now))),
            None => visas.extend(read(text, None, now)),
        }
    }
    visas
}

/// The visas of a Passport. Each carries its own signature; the Passport came from whom it names, by a connection of ours.
fn inside(text: &str, login: &VisaIdentity) -> Option<Vec<String>> {
    let token = CompactToken::parse(text, limits::PASSPORT_BYTES).ok()?;
    let visas = token.claims().get("ga4gh_passport_v1")?.as_array()?;
    let says = |name: &str| token.claims().get(name).and_then(serde_json::Value::as_str);
    if says("iss") != Some(login.iss.as_str()) || says("sub") != Some(login.sub.as_str()) {
        return Some(Vec::new());
    }
    let visas = visas.iter().filter_map(serde_json::Value::as_str);
    Some(visas.take(VISAS).map(str::to_owned).collect())
}

/// A visa's shape: enough to keep it and to know when it is over. `subject`: of whom it must speak.
fn read(visa: &str, subject: Option<&str>, now: Timestamp) -> Option<CollectedVisa> {
    let token = CompactToken::parse(visa, limits::VISA_BYTES).ok()?;
    let text = |name: &str| token.claims().get(name).and_then(serde_json::Value::as_str);
    let identity = VisaIdentity::new(text("iss")?.parse().ok()?, text("sub")?.parse().ok()?);
    if subject.is_some_and(|subject| identity.sub.as_str() != subject) {
        return None;
    }
    let expires = NumericDate::read(token.claims().get("exp")?, "exp").ok()?.floor();
    (now < expires).then(|| CollectedVisa {
        digest: token.digest().to_string(),
        identity,
        visa: visa.to_owned(),
        collected: now,
        expires,
    })
}

async fn keep(
    broker: &Broker,
    person: &PersonId,
    under: &VisaIdentity,
    mut kept: Vec<CollectedVisa>,
) -> Result<(), StoreError> {
    kept.truncate(VISAS);
    let mut tx = broker.db().begin().await?;
    visas::collect(&mut tx, person, under, &kept).await?;
    tx.commit().await
}
