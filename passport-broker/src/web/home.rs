//! The front page, and signing out.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::login::see_other;
use super::refusal::{forged, store_problem, unavailable};
use crate::front::Front;
use crate::page::{Fields, Frame, Targets, same_origin, show};
use crate::person::record;
use crate::provider;
use crate::session;
use crate::store::StoreError;

#[derive(Debug, Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    issuer: String,
    closed: bool,
}

/// `GET /`
pub(crate) async fn home(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let browser = session::current(&front.cookies, &mut front.broker.db(), &headers, front.broker.now()).await;
    match browser {
        Ok(browser) => {
            let page = HomePage {
                frame: front.frame("Welcome", browser.as_ref()),
                issuer: front.issuer().to_owned(),
                closed: query.as_deref() == Some("done=closed"),
            };
            show(StatusCode::OK, &page, &Targets::Own)
        }
        Err(error) => store_problem(&front, &error),
    }
}

/// `POST /logout`: ends the session here and the tokens that came of it (`specs/trust.md` C.15).
pub(crate) async fn logout(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), &headers, now).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return gone(&front),
        Err(error) => return store_problem(&front, &error),
    };
    let fields = Fields::parse(&body).unwrap_or_default();
    let token = fields.one("csrf").ok().flatten();
    if same_origin(&headers, &front.cookies.origin).is_err()
        || !front.cookies.csrf.holds(&browser.row.sid, "logout", token)
    {
        return forged(&front);
    }
    match end(&front, &browser.row.sid).await {
        Ok(()) => {}
        Err(error) => return store_problem(&front, &error),
    }
    if let Err(error) = record::logged_out(&front.broker, &browser.row).await {
        tracing::error!(%error, "a logout could not be recorded");
        return unavailable(&front, error.code());
    }
    gone(&front)
}

/// Ends a session with its tokens, and tells the clients that have any.
pub(super) async fn end(front: &Front, sid: &str) -> Result<(), StoreError> {
    provider::logout::end(front, sid).await
}

fn gone(front: &Front) -> Response {
    let cookie = front.cookies.jar.clear("session").into_iter().collect();
    see_other(&format!("{}/", front.cookies.base), cookie).unwrap_or_else(|| unavailable(front, "page.location"))
}
