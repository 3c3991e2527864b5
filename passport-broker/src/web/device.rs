//! `/device`: the person types the code of another device, sees who would get what, and allows it or not (RFC 8628 §3.3).

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::refusal::{forged, store_problem};
use super::{LoginWish, begin_login, terms};
use crate::front::Front;
use crate::page::{Fields, Frame, Targets, same_origin, show};
use crate::person::record;
use crate::provider::{Scope, Scopes, admitted, typed};
use crate::session::{self, Browser, digest_of};
use crate::store::StoreError;
use crate::store::clients::ClientRow;
use crate::store::devices::{self, Allowed, DeviceRow};
use crate::store::tokens::LoginFacts;
use crate::throttle;
use crate::upstream::Ask;

/// The page, in one of its three states.
#[derive(Debug, Template)]
#[template(path = "device.html")]
struct DevicePage {
    frame: Frame,
    heading: &'static str,
    sentence: String,
    ask: bool,
    asked: Option<Asked>,
    csrf: String,
}

#[derive(Debug)]
struct Asked {
    client: String,
    code: String,
    scopes: Vec<Shown>,
}

#[derive(Debug)]
struct Shown {
    word: &'static str,
    title: &'static str,
    words: &'static str,
    required: bool,
}

/// `GET /device`
pub(crate) async fn page(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes()).unwrap_or_default();
    let code = fields.one("user_code").ok().flatten().unwrap_or_default().to_owned();
    match opened(&front, &headers, &code).await {
        Ok(response) => response,
        Err(error) => store_problem(&front, &error),
    }
}

async fn opened(front: &Front, headers: &HeaderMap, code: &str) -> Result<Response, StoreError> {
    let now = front.broker.now();
    let Some(browser) = session::current(&front.cookies, &mut front.broker.db(), headers, now).await? else {
        let typed = typed(code).map(|code| format!("?user_code={code}")).unwrap_or_default();
        let wish = LoginWish {
            ask: Ask::default(),
            institution: None,
            client: None,
            then: format!("{}/device{typed}", front.cookies.base),
        };
        return Ok(begin_login(front, wish).await);
    };
    let typed = typed(code).map(|code| format!("?user_code={code}")).unwrap_or_default();
    let here = format!("{}/device{typed}", front.cookies.base);
    if let Some(asks) = terms::ask(front, &browser, &here, true).await? {
        return Ok(asks);
    }
    if code.is_empty() {
        return Ok(words(
            front,
            &browser,
            "Sign in on another device",
            "Type the code that it shows.",
            true,
        ));
    }
    match waiting(front, &browser, code).await? {
        Found::Waiting(found) => {
            let (row, client, code) = *found;
            let shown = |scope: Scope| Shown {
                word: scope.word(),
                title: scope.title(),
                words: scope.words(),
                required: scope == Scope::OpenId,
            };
            let asked = Asked {
                client: client.name,
                code: format!(
                    "{}-{}",
                    code.get(..4).unwrap_or_default(),
                    code.get(4..).unwrap_or_default()
                ),
                scopes: Scopes::parse(&row.scope).iter().map(shown).collect(),
            };
            let page = DevicePage {
                // No other form on this page: nothing to press by mistake.
                frame: front.frame("Another device", None),
                heading: "",
                sentence: String::new(),
                ask: false,
                asked: Some(asked),
                csrf: browser.csrf(&front.cookies, "device"),
            };
            Ok(show(StatusCode::OK, &page, &Targets::Own))
        }
        Found::Nothing => Ok(unknown(front, &browser)),
        Found::TooMany => Ok(too_many(front, &browser)),
    }
}

/// `POST /device`
pub(crate) async fn decide(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), &headers, now).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return forged(&front),
        Err(error) => return store_problem(&front, &error),
    };
    let Ok(fields) = Fields::parse(&body) else {
        return forged(&front);
    };
    let token = fields.one("csrf").ok().flatten();
    let own = same_origin(&headers, &front.cookies.origin).is_ok();
    if !own || !front.cookies.csrf.holds(&browser.row.sid, "device", token) {
        return forged(&front);
    }
    match decided(&front, &fields, &browser).await {
        Ok(response) => response,
        Err(error) => store_problem(&front, &error),
    }
}

async fn decided(front: &Front, fields: &Fields, browser: &Browser) -> Result<Response, StoreError> {
    let code = fields.one("user_code").ok().flatten().unwrap_or_default();
    let (row, client, _) = match waiting(front, browser, code).await? {
        Found::Waiting(found) => *found,
        Found::Nothing => return Ok(unknown(front, browser)),
        Found::TooMany => return Ok(too_many(front, browser)),
    };
    let now = front.broker.now();
    let mut db = front.broker.db();
    if fields.one("decision").ok().flatten() != Some("allow") {
        devices::decide(&mut db, &row.digest, None, now).await?;
        let sentence = "The other device was told that you refused. You can close this page.";
        return Ok(words(front, browser, "Refused", sentence, false));
    }
    let ticked = |scope: Scope| fields.one(&format!("release-{}", scope.word())).ok().flatten() == Some("yes");
    let scopes: Scopes = Scopes::parse(&row.scope)
        .iter()
        .filter(|scope| *scope == Scope::OpenId || ticked(*scope))
        .collect();
    let allowed = Allowed {
        person: browser.row.person.clone(),
        sid: browser.row.sid.clone(),
        login: LoginFacts {
            identity: browser.row.identity.clone(),
            auth_time: browser.row.auth_time,
            acr: browser.row.acr.clone(),
            amr: browser.row.amr.clone(),
            assurance: browser.row.assurance,
            name: browser.name.clone().filter(|_| scopes.has(Scope::Profile)),
            email: browser.email.clone().filter(|_| scopes.has(Scope::Email)),
        },
        scope: scopes.to_string(),
    };
    let facts = record::facts_of(&browser.row);
    if let Err(refusal) = admitted(&front.broker, &client, &browser.row.person, &facts, now).await {
        devices::decide(&mut db, &row.digest, None, now).await?;
        let sentence = format!("{} was told that you may not: {}.", client.name, refusal.description);
        return Ok(words(front, browser, "Not for you", &sentence, false));
    }
    if let Err(error) = record::released(&front.broker, browser, &client).await {
        // what cannot be recorded is not released
        tracing::error!(%error, "a release could not be recorded");
        let sentence = "This could not be recorded, so nothing was released. Try again later.";
        return Ok(words(front, browser, "Not now", sentence, false));
    }
    if !devices::decide(&mut db, &row.digest, Some(&allowed), now).await? {
        return Ok(unknown(front, browser));
    }
    let sentence = format!(
        "{} is signed in as you on the other device. You can close this page.",
        client.name
    );
    Ok(words(front, browser, "Done", &sentence, false))
}

enum Found {
    Waiting(Box<(DeviceRow, ClientRow, String)>),
    Nothing,
    TooMany,
}

/// The login that waits under a code. Guesses are counted by session: a code is short.
async fn waiting(front: &Front, browser: &Browser, code: &str) -> Result<Found, StoreError> {
    if throttle::DEVICE_CODE
        .hit(&front.broker, &browser.row.sid)
        .await?
        .is_some()
    {
        return Ok(Found::TooMany);
    }
    let Some(code) = typed(code) else {
        return Ok(Found::Nothing);
    };
    let now = front.broker.now();
    let Some(row) = devices::waiting(&mut front.broker.db(), &digest_of(&code), now).await? else {
        return Ok(Found::Nothing);
    };
    let client = front.broker.client(&row.client).await?;
    Ok(client.map_or(Found::Nothing, |client| Found::Waiting(Box::new((row, client, code)))))
}

fn unknown(front: &Front, browser: &Browser) -> Response {
    let sentence = "Nothing waits under this code. It may be mistyped, used, or older than ten minutes: look at the other device again.";
    words(front, browser, "Not a code that waits", sentence, true)
}

fn too_many(front: &Front, browser: &Browser) -> Response {
    let sentence = "Too many codes were tried in this minute. Wait a little, then type the code again.";
    words(front, browser, "Too many tries", sentence, true)
}

fn words(front: &Front, browser: &Browser, heading: &'static str, sentence: &str, ask: bool) -> Response {
    let page = DevicePage {
        frame: front.frame(heading, Some(browser)),
        heading,
        sentence: sentence.to_owned(),
        ask,
        asked: None,
        csrf: String::new(),
    };
    show(StatusCode::OK, &page, &Targets::Own)
}
