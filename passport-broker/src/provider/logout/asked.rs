//! `GET` and `POST /end_session`: a client asks to sign its person out here.
//!
//! With an ID Token of this very session it is done at once: who holds that token is the client that the session is
//! for. Without one the person is asked: a link on any page could lead here.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use url::Url;

use super::end::end;
use super::hint::{self, Hint};
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, ProblemPage, Targets, same_origin, show};
use crate::session::{self, Browser};
use crate::store::StoreError;
use crate::store::clients::ClientRow;
use crate::web::{forged, signed_out, store_problem, unavailable};

/// Most bytes of `state`: it comes back in a URL.
const STATE_BYTES: usize = 1024;

/// The page that asks.
#[derive(Debug, Template)]
#[template(path = "logout.html")]
struct AskPage {
    frame: Frame,
    client: Option<String>,
    person: String,
    csrf: String,
    sealed: String,
}

/// Where the browser goes afterwards, proven.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Then {
    /// The session that is meant.
    sid: String,
    to: Option<Url>,
}

/// What is wrong with such a request: shown here, and nothing is ended.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Unreadable,
    Hint,
    Client,
    Redirect,
}

impl Wrong {
    const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("logout.unreadable", "The program's request could not be read."),
            Self::Hint => (
                "logout.hint",
                "The program showed a sign-in token that is not one of ours, or not its own.",
            ),
            Self::Client => ("logout.client", "No program is registered under this client id."),
            Self::Redirect => (
                "logout.redirect_uri",
                "The program did not register the address to which it wants you sent back.",
            ),
        }
    }
}

/// `GET /end_session`, `POST /end_session`
pub(crate) async fn ask(
    State(front): State<Front>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let text = if body.is_empty() {
        query.unwrap_or_default().into_bytes()
    } else {
        body.to_vec()
    };
    let Ok(fields) = Fields::parse(&text) else {
        return refused(&front, Wrong::Unreadable);
    };
    match answer(&front, &headers, &fields).await {
        Ok(Ok(response)) => response,
        Ok(Err(wrong)) => refused(&front, wrong),
        Err(error) => store_problem(&front, &error),
    }
}

async fn answer(front: &Front, headers: &HeaderMap, fields: &Fields) -> Result<Result<Response, Wrong>, StoreError> {
    let (hint, client, to) = match proven(front, fields).await? {
        Ok(proven) => proven,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let now = front.broker.now();
    let browser = session::current(&front.cookies, &mut front.broker.db(), headers, now).await?;
    let Some(browser) = browser else {
        // Nobody is signed in here: what was asked for is so.
        return Ok(Ok(gone(front, to.as_ref())));
    };
    let row = &browser.row;
    let is_own = |hint: &Hint| hint.sid.as_ref() == Some(&row.sid) && hint.subject == row.person.as_str();
    if hint.as_ref().is_some_and(is_own) {
        return Ok(Ok(ended(front, &browser, to.as_ref()).await));
    }
    let then = Then {
        sid: row.sid.clone(),
        to,
    };
    let Ok(sealed) = front.cookies.sealer.seal("logout", &then, now.plus(limits::PENDING)) else {
        return Ok(Err(Wrong::Unreadable));
    };
    let page = AskPage {
        frame: front.frame("Sign out?", None),
        client: client.map(|client| client.name),
        person: browser.called(),
        csrf: browser.csrf(&front.cookies, "end-session"),
        sealed,
    };
    let targets = then.to.map_or(Targets::Own, Targets::OwnAnd);
    Ok(Ok(show(StatusCode::OK, &page, &targets)))
}

type Proven = (Option<Hint>, Option<ClientRow>, Option<Url>);

/// What the request proves: by a hint or its name a client, and of that client an address.
async fn proven(front: &Front, fields: &Fields) -> Result<Result<Proven, Wrong>, StoreError> {
    let read = |name: &str| fields.one(name).map_err(|_| Wrong::Unreadable);
    let (hint, named, to, state) = match (
        read("id_token_hint"),
        read("client_id"),
        read("post_logout_redirect_uri"),
        read("state"),
    ) {
        (Ok(hint), Ok(named), Ok(to), Ok(state)) => (hint, named, to, state),
        _ => return Ok(Err(Wrong::Unreadable)),
    };
    let hint = match hint.map(|text| hint::read(front, text)) {
        Some(None) => return Ok(Err(Wrong::Hint)),
        Some(Some(hint)) if named.is_some_and(|named| named != hint.client) => return Ok(Err(Wrong::Hint)),
        Some(hint) => hint,
        None => None,
    };
    let id = hint.as_ref().map(|hint| hint.client.as_str()).or(named);
    let client = match id {
        Some(id) => front.broker.client(id).await?,
        None => None,
    };
    if id.is_some() && client.is_none() {
        return Ok(Err(Wrong::Client));
    }
    let to = match to {
        None => None,
        Some(to) => {
            // Byte for byte as registered, and only of a client that said who it is.
            let registered = client
                .as_ref()
                .is_some_and(|client| client.post_logout_redirect_uris.iter().any(|known| known == to));
            let url = Url::parse(to)
                .ok()
                .filter(|_| registered && state.is_none_or(|state| state.len() <= STATE_BYTES));
            let Some(mut url) = url else {
                return Ok(Err(Wrong::Redirect));
            };
            if let Some(state) = state {
                url.query_pairs_mut().append_pair("state", state);
            }
            Some(url)
        }
    };
    Ok(Ok((hint, client, to)))
}

/// `POST /end_session/confirm`
pub(crate) async fn confirm(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), &headers, now).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return signed_out(&front),
        Err(error) => return store_problem(&front, &error),
    };
    let fields = Fields::parse(&body).unwrap_or_default();
    let token = fields.one("csrf").ok().flatten();
    if same_origin(&headers, &front.cookies.origin).is_err()
        || !front.cookies.csrf.holds(&browser.row.sid, "end-session", token)
    {
        return forged(&front);
    }
    let sealed = fields.one("request").ok().flatten().unwrap_or_default();
    match front.cookies.sealer.open::<Then>("logout", sealed, now) {
        Ok(then) if then.sid == browser.row.sid => ended(&front, &browser, then.to.as_ref()).await,
        Ok(_) | Err(_) => forged(&front),
    }
}

async fn ended(front: &Front, browser: &Browser, to: Option<&Url>) -> Response {
    if let Err(error) = end(front, &browser.row.sid).await {
        return store_problem(front, &error);
    }
    if let Err(error) = crate::person::record::logged_out(&front.broker, &browser.row).await {
        tracing::error!(%error, "a logout could not be recorded");
        return unavailable(front, error.code());
    }
    gone(front, to)
}

/// Off, without the session's cookie.
fn gone(front: &Front, to: Option<&Url>) -> Response {
    let own = format!("{}/", front.cookies.base);
    let target = to.map_or(own.as_str(), Url::as_str);
    let mut response = crate::provider::authorize::to_own(target);
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(cookie) = front.cookies.jar.clear("session") {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

fn refused(front: &Front, wrong: Wrong) -> Response {
    let (code, sentence) = wrong.told();
    let page = ProblemPage {
        frame: front.frame("Not signed out", None),
        heading: "You were not signed out".into(),
        sentence: sentence.into(),
        remedy: Some("To sign out here, open the front page and press Sign out.".into()),
        code,
        again: None,
    };
    show(StatusCode::BAD_REQUEST, &page, &Targets::Own)
}
