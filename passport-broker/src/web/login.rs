//! Choose an institution, go there, come back (architecture section 4, "Broker login", hops 2 to 4).

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use openidconnect::RedirectUrl;
use serde::{Deserialize, Serialize};
use visa_verifier::seam::{Timestamp, token};

use super::refusal::{login_problem, store_problem};
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, Targets, show};
use crate::passport;
use crate::person::{self, record};
use crate::session::{self, address};
use crate::store::codes::{self, OnceKind};
use crate::store::sessions::{self, SessionRow};
use crate::throttle;
use crate::upstream::{self, Ask, LoginProblem, PENDING_SECONDS, PendingLogin, Upstream, UpstreamAnswer};

/// A login that something of ours needs before it can go on.
#[derive(Clone, Debug)]
pub(crate) struct LoginWish {
    /// What is asked of the institution.
    pub(crate) ask: Ask,
    /// Which institution, if the program knows.
    pub(crate) institution: Option<String>,
    /// The program's name, for the page.
    pub(crate) client: Option<String>,
    /// Where to go on: a path and query of ours.
    pub(crate) then: String,
}

/// The choice page.
#[derive(Debug, Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    client: Option<String>,
    choices: Vec<Choice>,
}

#[derive(Debug)]
struct Choice {
    name: String,
    host: String,
    initial: String,
    href: String,
}

/// What a link of the choice page carries, sealed: nobody else can begin a login here that goes on elsewhere.
#[derive(Serialize, Deserialize)]
struct Chosen {
    login_hint: Option<String>,
    acr_values: Vec<String>,
    fresh: bool,
    then: String,
}

/// Sends the browser to the only, or the hinted, institution; else shows the choice.
pub(crate) async fn begin_login(front: &Front, wish: LoginWish) -> Response {
    let upstreams = match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => upstreams,
        Err(error) => return store_problem(front, &error),
    };
    let hinted = wish.institution.as_deref().and_then(|hint| {
        upstreams
            .iter()
            .find(|upstream| upstream.id == hint || upstream.issuer == hint)
    });
    let only = match upstreams.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    if let Some(upstream) = hinted.or(only) {
        return leave(front, upstream, &wish.ask, wish.then).await;
    }
    let chosen = Chosen {
        login_hint: wish.ask.login_hint,
        acr_values: wish.ask.acr_values,
        fresh: wish.ask.fresh,
        then: wish.then,
    };
    let until = front.broker.now().plus(limits::PENDING);
    let Ok(sealed) = front.cookies.sealer.seal("choice", &chosen, until) else {
        return login_problem(front, &LoginProblem::Unavailable);
    };
    let choices = upstreams.iter().map(|upstream| Choice {
        name: upstream.name.clone(),
        host: upstream
            .issuer
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .to_owned(),
        initial: upstream
            .name
            .chars()
            .next()
            .map(|first| first.to_uppercase().to_string())
            .unwrap_or_default(),
        href: format!("{}/login/{}?choice={sealed}", front.cookies.base, upstream.id),
    });
    let page = LoginPage {
        frame: front.frame("Choose your institution", None),
        client: wish.client,
        choices: choices.collect(),
    };
    show(StatusCode::OK, &page, &Targets::Own)
}

/// `GET /login/{upstream}?choice=…`: a link of the choice page.
pub(crate) async fn chosen(State(front): State<Front>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes()).unwrap_or_default();
    let sealed = fields.one("choice").ok().flatten().unwrap_or_default();
    let chosen: Chosen = match front.cookies.sealer.open("choice", sealed, front.broker.now()) {
        Ok(chosen) => chosen,
        Err(_) => return login_problem(&front, &LoginProblem::NotPending),
    };
    match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => match upstreams.iter().find(|upstream| upstream.id == id) {
            Some(upstream) => {
                let ask = Ask {
                    login_hint: chosen.login_hint,
                    acr_values: chosen.acr_values,
                    fresh: chosen.fresh,
                };
                leave(&front, upstream, &ask, chosen.then).await
            }
            None => login_problem(&front, &LoginProblem::UnknownUpstream),
        },
        Err(error) => store_problem(&front, &error),
    }
}

/// Off to the institution, with the pending login in a cookie of this browser.
async fn leave(front: &Front, upstream: &std::sync::Arc<Upstream>, ask: &Ask, then: String) -> Response {
    match away(front, upstream, ask, then).await {
        Ok(response) => response,
        Err(problem) => login_problem(front, &problem),
    }
}

async fn away(
    front: &Front,
    upstream: &std::sync::Arc<Upstream>,
    ask: &Ask,
    then: String,
) -> Result<Response, LoginProblem> {
    let now = front.broker.now();
    let at = front
        .discoveries
        .discover(upstream, front.broker.fetch().as_ref(), now)
        .await?;
    let (url, pending) = upstream::start(
        &at,
        callback_url(front, &upstream.id)?,
        ask,
        then,
        front.broker.random(),
    );
    let until = Timestamp::from_unix(now.unix().saturating_add(PENDING_SECONDS.cast_signed()));
    let unavailable = |_| LoginProblem::Unavailable;
    let sealed = front
        .cookies
        .sealer
        .seal("login", &pending, until)
        .map_err(unavailable)?;
    let cookie = PendingLogin::cookie(&pending.state);
    let cookie = front
        .cookies
        .jar
        .set(&cookie, &sealed, PENDING_SECONDS)
        .map_err(|_| LoginProblem::TooLong)?;
    see_other(url.as_str(), vec![cookie]).ok_or(LoginProblem::Unavailable)
}

/// `GET /login/callback/{upstream}`: back from the institution.
pub(crate) async fn callback(
    State(front): State<Front>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
    RawQuery(query): RawQuery,
) -> Response {
    if let Some(address) = address(&extensions) {
        match throttle::LOGIN.hit(&front.broker, &address.to_string()).await {
            Ok(None) => {}
            Ok(Some(_)) => return login_problem(&front, &LoginProblem::Throttled),
            Err(error) => return store_problem(&front, &error),
        }
    }
    match Box::pin(returned(&front, &id, &headers, &query.unwrap_or_default())).await {
        Ok(response) => response,
        Err(problem) => login_problem(&front, &problem),
    }
}

async fn returned(front: &Front, id: &str, headers: &HeaderMap, query: &str) -> Result<Response, LoginProblem> {
    let (broker, now) = (&front.broker, front.broker.now());
    let fields = Fields::parse(query.as_bytes()).map_err(|_| LoginProblem::Unreadable)?;
    let answer = UpstreamAnswer::read(&fields)?;
    let cookie = PendingLogin::cookie(&answer.state);
    let sealed = front
        .cookies
        .jar
        .read(headers, &cookie)
        .ok_or(LoginProblem::NotPending)?;
    let pending: PendingLogin = front
        .cookies
        .sealer
        .open("login", sealed, now)
        .map_err(|_| LoginProblem::NotPending)?;
    answer.answers(&pending, id)?;
    let until = Timestamp::from_unix(now.unix().saturating_add(PENDING_SECONDS.cast_signed()));
    let used = session::digest_of(&pending.state);
    if !codes::first_use(&mut broker.db(), OnceKind::Login, &used, now, until).await? {
        return Err(LoginProblem::NotPending);
    }
    let upstreams = upstream::upstreams(broker).await?;
    let upstream = upstreams
        .iter()
        .find(|upstream| upstream.id == id)
        .ok_or(LoginProblem::UnknownUpstream)?;
    let redirect = callback_url(front, id)?;
    let fetch = broker.fetch().as_ref();
    let identity = upstream::redeem(upstream, &front.discoveries, answer, &pending, redirect, fetch, now).await?;

    let recognised = person::recognise(broker, &identity, now).await?;
    let expires = now.plus(limits::SESSION);
    let begun = session::begin(
        broker,
        &front.cookies,
        identity.name.as_deref(),
        identity.email.as_deref(),
        expires,
    );
    let (digest, set) = begun.map_err(|_| LoginProblem::Unavailable)?;
    let row = SessionRow {
        digest,
        sid: token(broker.random(), 16),
        person: recognised.person,
        identity: recognised.identity,
        acr: identity.acr.clone(),
        amr: identity.amr.clone(),
        assurance: identity.assurance,
        auth_time: identity.auth_time,
        created: now,
        last_seen: now,
        expires,
    };
    record::logged_in(broker, &row)
        .await
        .map_err(|error| LoginProblem::unrecorded(&error))?;
    sessions::begin(&mut broker.db(), &row).await?;
    passport::collect_at_login(front, &row.person, upstream, &row.identity, &identity.visas, now).await;
    let over = front
        .cookies
        .jar
        .clear(&cookie)
        .map_err(|_| LoginProblem::Unavailable)?;
    see_other(&pending.then, vec![set, over]).ok_or(LoginProblem::Unavailable)
}

/// One redirect URI for each institution, so that an answer of one is never taken for another's (BRK-40).
fn callback_url(front: &Front, id: &str) -> Result<RedirectUrl, LoginProblem> {
    RedirectUrl::new(front.url(&format!("/login/callback/{id}"))).map_err(|_| LoginProblem::UnknownUpstream)
}

/// A 303 with cookies; never kept by a cache, no referrer.
pub(super) fn see_other(to: &str, cookies: Vec<HeaderValue>) -> Option<Response> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::try_from(to).ok()?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    Some(response)
}
