//! Off to an institution, and back from it (architecture section 4, "Broker login", hops 2 to 4).

//! Choose an institution, go there, come back (architecture section 4, "Broker login", hops 2 to 4).

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use openidconnect::RedirectUrl;
use visa_verifier::seam::Timestamp;

use super::arrive::arrive;
use super::refusal::{already_signed_in, login_problem, store_problem};
use super::{link, newcomer};
use crate::front::Front;
use crate::page::Fields;
use crate::person::offer::Odd;
use crate::person::{self, Found};
use crate::session::{self, address};
use crate::store::codes::{self, OnceKind};
use crate::throttle;
use crate::upstream::{self, Ask, LoginProblem, PENDING_SECONDS, PendingLogin, Upstream, UpstreamAnswer};

/// Off to the institution, with the pending login in a cookie of this browser.
pub(super) async fn leave(front: &Front, upstream: &std::sync::Arc<Upstream>, ask: &Ask, then: String) -> Response {
    leave_for(front, upstream, ask, then, None).await
}

/// The same, to add an identity to the account of the session `link`.
pub(super) async fn leave_for(
    front: &Front,
    upstream: &std::sync::Arc<Upstream>,
    ask: &Ask,
    then: String,
    link: Option<String>,
) -> Response {
    match away(front, upstream, ask, then, link).await {
        Ok(response) => response,
        Err(problem) => login_problem(front, &problem),
    }
}

async fn away(
    front: &Front,
    upstream: &std::sync::Arc<Upstream>,
    ask: &Ask,
    then: String,
    link: Option<String>,
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
        link,
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
        Err(LoginProblem::NotPending) => over(&front, &headers).await,
        Err(problem) => login_problem(&front, &problem),
    }
}

/// The back button, a page loaded twice, a link that somebody sent: if the browser is signed in, it is told so.
async fn over(front: &Front, headers: &HeaderMap) -> Response {
    let now = front.broker.now();
    match session::current(&front.cookies, &mut front.broker.db(), headers, now).await {
        Ok(Some(browser)) => already_signed_in(front, &browser),
        Ok(None) => login_problem(front, &LoginProblem::NotPending),
        Err(error) => store_problem(front, &error),
    }
}

async fn returned(front: &Front, id: &str, headers: &HeaderMap, query: &str) -> Result<Response, LoginProblem> {
    let (broker, now) = (&front.broker, front.broker.now());
    let fields = Fields::parse(query.as_bytes()).map_err(|_| LoginProblem::Unreadable)?;
    let answer = UpstreamAnswer::read(&fields)?;
    let cookie = PendingLogin::cookie(&answer.state);
    let Some(sealed) = front.cookies.jar.read(headers, &cookie) else {
        // A browser that keeps our cookies sends one of them at least: the one of this sign-in.
        return Err(if headers.contains_key(header::COOKIE) {
            LoginProblem::NotPending
        } else {
            LoginProblem::NoCookies
        });
    };
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

    if let Some(sid) = pending.link {
        return link::proven(front, headers, upstream, identity, sid, &cookie, now).await;
    }
    let known = match person::recognise(broker, &identity, now).await? {
        Found::Known(known) => known,
        Found::Stranger(stranger) => {
            if let Some(odd) = newcomer::odd(front, headers, upstream, &identity, &stranger) {
                return newcomer::ask(front, upstream, identity, pending.then, odd, &cookie, now).await;
            }
            person::enter(broker, &identity, now).await?
        }
        Found::Closed => {
            return newcomer::ask(front, upstream, identity, pending.then, Odd::Closed, &cookie, now).await;
        }
    };
    arrive(front, upstream, &identity, known, &pending.then, &cookie, now).await
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
