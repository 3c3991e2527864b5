//! An identity that nobody knows, and a reason to ask before a second account begins: the institution does not promise to
//! name a person the same way each time, or it named somebody in this browser differently before. Nobody is merged.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::arrive::{arrive, last_of, remembered};
use super::refusal::{forged, login_problem, store_problem};
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, Targets, same_origin, show};
use crate::person::offer::{self, Odd, Offer, Wish};
use crate::person::{self, Found};
use crate::session::digest_of;
use crate::upstream::{self, LoginProblem, Upstream, UpstreamIdentity};

/// The page that asks.
#[derive(Debug, Template)]
#[template(path = "newcomer.html")]
struct NewcomerPage {
    frame: Frame,
    csrf: String,
    institution: String,
    subject: String,
    another_name: bool,
    closed: bool,
}

/// Why this identity begins no account without a question, if there is a reason.
pub(super) fn odd(
    front: &Front,
    headers: &HeaderMap,
    upstream: &Upstream,
    login: &UpstreamIdentity,
    stranger: &VisaIdentity,
) -> Option<Odd> {
    let last = last_of(front, headers);
    if last.is_some_and(|last| last.upstream == upstream.id && last.identity != remembered(stranger)) {
        return Some(Odd::AnotherName);
    }
    (!login.unique).then_some(Odd::NotPersistent)
}

/// Asks. The proven identity waits in a row; its secret is in a cookie of this browser.
pub(super) async fn ask(
    front: &Front,
    upstream: &Upstream,
    login: UpstreamIdentity,
    then: String,
    odd: Odd,
    over: &str,
    now: Timestamp,
) -> Result<Response, LoginProblem> {
    let subject = login.subject.clone();
    let offer = Offer {
        login,
        upstream: upstream.id.clone(),
        wish: Wish::Begin { then, odd },
        proven: now,
    };
    let secret = offer::keep(front, offer, now).await?;
    let page = NewcomerPage {
        frame: front.frame("A new account?", None),
        csrf: front.cookies.csrf.token(&digest_of(&secret), "newcomer"),
        institution: upstream.name.clone(),
        subject,
        another_name: odd == Odd::AnotherName,
        closed: odd == Odd::Closed,
    };
    let mut response = show(StatusCode::OK, &page, &Targets::Own);
    let jar = &front.cookies.jar;
    let unavailable = |_| LoginProblem::Unavailable;
    let set: [HeaderValue; 2] = [
        jar.set("offer", &secret, limits::PENDING.as_secs())
            .map_err(unavailable)?,
        jar.clear(over).map_err(unavailable)?,
    ];
    for cookie in set {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /login/new`: yes, a new account.
pub(crate) async fn begin(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = Fields::parse(&body).unwrap_or_default();
    let secret = front.cookies.jar.read(&headers, "offer").unwrap_or_default();
    let csrf = fields.one("csrf").ok().flatten();
    if secret.is_empty()
        || same_origin(&headers, &front.cookies.origin).is_err()
        || !front.cookies.csrf.holds(&digest_of(secret), "newcomer", csrf)
    {
        return forged(&front);
    }
    let now = front.broker.now();
    let offer = match offer::take(&front, secret, now).await {
        Ok(Some(offer)) => offer,
        Ok(None) => return login_problem(&front, &LoginProblem::NotPending),
        Err(error) => return store_problem(&front, &error),
    };
    match Box::pin(enter(&front, offer, now)).await {
        Ok(response) => response,
        Err(problem) => login_problem(&front, &problem),
    }
}

async fn enter(front: &Front, offer: Offer, now: Timestamp) -> Result<Response, LoginProblem> {
    let Wish::Begin { then, odd } = offer.wish else {
        return Err(LoginProblem::NotPending);
    };
    let upstreams = upstream::upstreams(&front.broker).await?;
    let upstream = upstreams
        .iter()
        .find(|upstream| upstream.id == offer.upstream)
        .ok_or(LoginProblem::UnknownUpstream)?;
    let known = match person::recognise(&front.broker, &offer.login, now).await? {
        Found::Known(known) => known,
        Found::Stranger(_) => person::enter(&front.broker, &offer.login, now).await?,
        Found::Closed if odd == Odd::Closed => person::enter_again(&front.broker, &offer.login, now).await?,
        // closed while the page stood open: the page said something else
        Found::Closed => return Err(LoginProblem::NotPending),
    };
    arrive(front, upstream, &offer.login, known, &then, "offer", now).await
}
