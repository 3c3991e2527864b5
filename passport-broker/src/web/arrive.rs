//! Somebody is back from an institution and known: the session begins, on record; what they have to be told comes first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{Timestamp, token};

use super::account::minute;
use super::account_forms::{Posted, posted};
use super::login::see_other;
use super::refusal::{forged, store_problem, unavailable};
use super::terms;
use crate::front::Front;
use crate::limits;
use crate::mail;
use crate::page::{Frame, Targets, show};
use crate::passport;
use crate::person::{Recognised, endings, record};
use crate::session::{self, Browser, digest_of};
use crate::store::notices::{self, Notice};
use crate::store::sessions::{self, SessionRow};
use crate::tongue::Tongue;
use crate::upstream::{LoginProblem, Upstream, UpstreamIdentity};
use crate::webhook;

/// The browser remembers its last institution for half a year.
const LAST_SECONDS: u64 = 180 * 24 * 3600;

/// What the browser remembers of the last sign-in.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Last {
    /// The institution's id here.
    pub(super) upstream: String,
    /// A digest of the identity: whether it is the same, and nothing else.
    pub(super) identity: String,
}

/// The digest of an identity that the browser may keep.
pub(super) fn remembered(identity: &VisaIdentity) -> String {
    digest_of(&format!("last {identity}"))
}

/// What this browser remembers.
pub(super) fn last_of(front: &Front, headers: &HeaderMap) -> Option<Last> {
    let text = front.cookies.jar.read(headers, "last")?;
    front.cookies.sealer.open("last", text, front.broker.now()).ok()
}

/// Begins the session and goes on; `over` is the cookie of the sign-in that is done.
pub(super) async fn arrive(
    front: &Front,
    upstream: &Upstream,
    login: &UpstreamIdentity,
    known: Recognised,
    then: &str,
    over: &str,
    now: Timestamp,
) -> Result<Response, LoginProblem> {
    let broker = &front.broker;
    let expires = now.plus(limits::SESSION);
    let begun = session::begin(
        broker,
        &front.cookies,
        login.name.as_deref(),
        login.email.as_deref(),
        expires,
    );
    let (digest, set) = begun.map_err(|_| LoginProblem::Unavailable)?;
    let row = SessionRow {
        digest,
        sid: token(broker.random(), 16),
        person: known.person,
        identity: known.identity,
        acr: login.acr.clone(),
        amr: login.amr.clone(),
        assurance: login.assurance,
        auth_time: login.auth_time,
        created: now,
        last_seen: now,
        expires,
    };
    record::logged_in(broker, &row)
        .await
        .map_err(|error| LoginProblem::unrecorded(&error))?;
    sessions::begin(&mut broker.db(), &row).await?;
    mail::remember(broker, &row.person, login.email.as_deref()).await?;
    passport::collect_at_login(broker, &row.person, upstream, &row.identity, login, now).await;
    let jar = &front.cookies.jar;
    let mut cookies = vec![set, jar.clear(over).map_err(|_| LoginProblem::Unavailable)?];
    let last = Last {
        upstream: upstream.id.clone(),
        identity: remembered(&row.identity),
    };
    // A browser that forgets its institution is asked again: no reason to fail.
    let until = Timestamp::from_unix(now.unix().saturating_add(LAST_SECONDS.cast_signed()));
    if let Ok(sealed) = front.cookies.sealer.seal("last", &last, until)
        && let Ok(cookie) = jar.set("last", &sealed, LAST_SECONDS)
    {
        cookies.push(cookie);
    }
    let ending = endings::announce_to(broker, &row.person, now).await?;
    webhook::tell_endings(broker, &ending).await?;
    let told = notices::unseen(&mut broker.db(), &row.person).await?;
    let browser = Browser {
        row,
        name: login.name.clone(),
        email: login.email.clone(),
        tongue: Tongue::default(),
    };
    let mut response = if !told.is_empty() {
        page(front, &browser, &told, then)?
    } else if let Some(asks) = terms::ask(front, &browser, then, false).await? {
        asks
    } else {
        return see_other(then, cookies).ok_or(LoginProblem::Unavailable);
    };
    for cookie in cookies {
        response.headers_mut().append(http::header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[derive(Debug, Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    frame: Frame,
    csrf: String,
    told: Vec<(String, String)>,
    next: String,
}

/// Where the page goes on, sealed, and up to which moment it has told everything.
#[derive(Deserialize, Serialize)]
struct Next {
    then: String,
    until: Timestamp,
}

fn page(front: &Front, browser: &Browser, told: &[Notice], then: &str) -> Result<Response, LoginProblem> {
    let now = front.broker.now();
    let next = Next {
        then: then.to_owned(),
        until: told.last().map_or(now, |last| last.at),
    };
    let next = front
        .cookies
        .sealer
        .seal("notices", &next, now.plus(limits::PENDING))
        .map_err(|_| LoginProblem::TooLong)?;
    let page = NoticesPage {
        frame: front.frame("News of your account", Some(browser)),
        csrf: browser.csrf(&front.cookies, "notices"),
        told: told
            .iter()
            .map(|notice| (minute(notice.at), notice.words.clone()))
            .collect(),
        next,
    };
    Ok(show(StatusCode::OK, &page, &Targets::Own))
}

/// `POST /notices`: read; on to where the sign-in led.
pub(crate) async fn read(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "notices").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let now = front.broker.now();
    let sealed = fields.one("next").ok().flatten().unwrap_or_default();
    let Ok(next) = front.cookies.sealer.open::<Next>("notices", sealed, now) else {
        return forged(&front);
    };
    if let Err(error) = notices::seen(&mut front.broker.db(), &browser.row.person, next.until, now).await {
        return store_problem(&front, &error);
    }
    match terms::ask(&front, &browser, &next.then, false).await {
        Ok(Some(page)) => page,
        Ok(None) => see_other(&next.then, Vec::new()).unwrap_or_else(|| unavailable(&front, "page.location")),
        Err(error) => store_problem(&front, &error),
    }
}
