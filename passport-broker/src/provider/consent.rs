//! The release: what a client would get, asked for on a page, and given as a code (BRK-14 to BRK-17).

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use visa_verifier::seam::token;

use super::admission;
use super::authorize::{back_to, refused, with_answer};
use super::par::Pushed;
use super::redirect;
use super::refusal::Refusal;
use super::request::AuthorizationRequest;
use super::scope::{Scope, Scopes};
use super::token::authorization_code::CodeFacts;
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, LeavePage, Targets, can_be_a_source, same_origin, show};
use crate::passport;
use crate::person::record;
use crate::session::{self, Browser, digest_of};
use crate::store::StoreError;
use crate::store::clients::{self, ClientAuth, ClientRow};
use crate::store::codes::{self, OnceKind, Taken};
use crate::store::tokens::LoginFacts;
use crate::web::{self, forged, store_problem};

/// The release page.
#[derive(Debug, Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage {
    frame: Frame,
    client: ShownClient,
    person: ShownPerson,
    audiences: Vec<String>,
    scopes: Vec<ShownScope>,
    /// What the tokens would be narrowed to, a line each.
    purpose: Vec<String>,
    rememberable: bool,
    csrf: String,
    sealed: String,
}

#[derive(Debug)]
struct ShownClient {
    name: String,
    id: String,
    target: String,
    loopback: bool,
    unverified: bool,
}

#[derive(Debug)]
struct ShownPerson {
    name: String,
    home: Option<String>,
}

#[derive(Debug)]
struct ShownScope {
    word: &'static str,
    title: &'static str,
    words: &'static str,
    values: Vec<String>,
    required: bool,
}

/// The request that a release page was shown for, bound to the session that it was shown in.
#[derive(Serialize, Deserialize)]
struct Asked {
    sid: String,
    request: AuthorizationRequest,
}

/// Whether the person said before that this client need not ask again for these scopes.
///
/// A public client is asked for each time: anybody's program may carry its id (RFC 8252 §8.6).
pub(super) async fn is_remembered(
    front: &Front,
    client: &ClientRow,
    request: &AuthorizationRequest,
    browser: &Browser,
) -> Result<bool, StoreError> {
    // A purpose is agreed to each time: what was remembered was for no purpose.
    if !rememberable(client) || !request.details.is_empty() {
        return Ok(false);
    }
    let remembered = clients::consented(&mut front.broker.db(), &browser.row.person, &client.id).await?;
    Ok(remembered.is_some_and(|consent| request.scopes.within(&Scopes::parse(&consent.scope))))
}

fn rememberable(client: &ClientRow) -> bool {
    match client.auth {
        ClientAuth::ClientSecretBasic { .. } | ClientAuth::PrivateKeyJwt { .. } => true,
        ClientAuth::None | ClientAuth::PersonKeys => false,
    }
}

/// Shows what would be released to whom.
pub(super) async fn page(
    front: &Front,
    client: &ClientRow,
    request: &AuthorizationRequest,
    browser: &Browser,
) -> Result<Response, StoreError> {
    let now = front.broker.now();
    let home = front
        .broker
        .upstreams()
        .await?
        .into_iter()
        .find(|row| row.issuer == browser.row.identity.iss.as_str());
    let mut scopes = Vec::new();
    for scope in request.scopes.iter() {
        let values = match scope {
            Scope::Profile => browser.name.iter().cloned().collect(),
            Scope::Email => browser.email.iter().cloned().collect(),
            Scope::Passport => passport::in_words(front, &browser.row.person, &browser.row.identity, now).await?,
            Scope::OpenId | Scope::OfflineAccess | Scope::Own | Scope::Admin => Vec::new(),
        };
        let (word, title, words) = (scope.word(), scope.title(), scope.words());
        scopes.push(ShownScope {
            word,
            title,
            words,
            values,
            required: scope == Scope::OpenId,
        });
    }
    let asked = Asked {
        sid: browser.row.sid.clone(),
        request: request.clone(),
    };
    let Ok(sealed) = front.cookies.sealer.seal("consent", &asked, now.plus(limits::PENDING)) else {
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let page = ConsentPage {
        // No other form on this page: nothing to press by mistake.
        frame: front.frame("Release your details", None),
        client: ShownClient {
            name: client.name.clone(),
            id: client.id.clone(),
            target: request.redirect.origin().ascii_serialization(),
            loopback: redirect::is_loopback(&request.redirect),
            unverified: client.options.unverified.is_some(),
        },
        person: ShownPerson {
            name: browser.called(),
            home: home.map(|home| home.name),
        },
        audiences: audience(front, request),
        scopes,
        purpose: request.details.in_words(),
        rememberable: rememberable(client) && request.details.is_empty(),
        csrf: browser.csrf(&front.cookies, "consent"),
        sealed,
    };
    Ok(show(StatusCode::OK, &page, &Targets::OwnAnd(request.redirect.clone())))
}

/// `POST /consent`
pub(crate) async fn decide(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), &headers, now).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return web::signed_out(&front),
        Err(error) => return store_problem(&front, &error),
    };
    let Ok(fields) = Fields::parse(&body) else {
        return forged(&front);
    };
    let token = fields.one("csrf").ok().flatten();
    if same_origin(&headers, &front.cookies.origin).is_err()
        || !front.cookies.csrf.holds(&browser.row.sid, "consent", token)
    {
        return forged(&front);
    }
    let sealed = fields.one("request").ok().flatten().unwrap_or_default();
    let asked: Asked = match front.cookies.sealer.open("consent", sealed, now) {
        Ok(asked) => asked,
        Err(_) => return forged(&front),
    };
    if asked.sid != browser.row.sid {
        return forged(&front);
    }
    match decided(&front, &fields, &asked.request, &browser).await {
        Ok(response) => response,
        Err(error) => store_problem(&front, &error),
    }
}

async fn decided(
    front: &Front,
    fields: &Fields,
    request: &AuthorizationRequest,
    browser: &Browser,
) -> Result<Response, StoreError> {
    let now = front.broker.now();
    // The registration may have changed while the page stood open.
    let client = front.broker.client(&request.client).await?;
    let client = client.filter(|client| redirect::proven(&request.redirect_text, &client.redirect_uris).is_some());
    let Some(client) = client else { return Ok(forged(front)) };
    if fields.one("decision").ok().flatten() != Some("allow") {
        let refusal = Refusal::new("access_denied", "the person refused");
        if let Some(ticket) = &request.ticket {
            codes::take::<Pushed>(&mut front.broker.db(), OnceKind::Authorization, &digest_of(ticket), now).await?;
        }
        return Ok(leave(front, &client, request, refused(&refusal)));
    }
    let ticked = |scope: Scope| fields.one(&format!("release-{}", scope.word())).ok().flatten() == Some("yes");
    let scopes: Scopes = request
        .scopes
        .iter()
        .filter(|scope| *scope == Scope::OpenId || ticked(*scope))
        .collect();
    if rememberable(&client) && request.details.is_empty() && fields.one("remember").ok().flatten() == Some("yes") {
        let mut db = front.broker.db();
        clients::consent(&mut db, &browser.row.person, &client.id, &scopes.to_string(), now).await?;
    }
    release(front, &client, request, &scopes, browser).await
}

/// Gives the client its code.
pub(super) async fn release(
    front: &Front,
    client: &ClientRow,
    request: &AuthorizationRequest,
    scopes: &Scopes,
    browser: &Browser,
) -> Result<Response, StoreError> {
    let now = front.broker.now();
    // asked again: the page may have stood open while a policy or a group changed
    let login = record::facts_of(&browser.row);
    if let Err(refusal) = admission::admitted(&front.broker, client, &browser.row.person, &login, now).await {
        return Ok(leave(front, client, request, refused(&refusal)));
    }
    let code = token(front.broker.random(), 32);
    let facts = CodeFacts {
        client: client.id.clone(),
        redirect: request.redirect_text.clone(),
        challenge: request.challenge.clone(),
        scopes: scopes.clone(),
        nonce: request.nonce.clone(),
        person: browser.row.person.clone(),
        sid: browser.row.sid.clone(),
        audience: audience(front, request),
        details: request.details.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        login: LoginFacts {
            identity: browser.row.identity.clone(),
            auth_time: browser.row.auth_time,
            acr: browser.row.acr.clone(),
            amr: browser.row.amr.clone(),
            assurance: browser.row.assurance,
            name: browser.name.clone().filter(|_| scopes.has(Scope::Profile)),
            email: browser.email.clone().filter(|_| scopes.has(Scope::Email)),
        },
    };
    if let Err(error) = record::released(&front.broker, browser, client).await {
        // What cannot be recorded is not released.
        tracing::error!(%error, "a release could not be recorded");
        let refusal = Refusal::new("temporarily_unavailable", "try again later");
        return Ok(leave(front, client, request, refused(&refusal)));
    }
    let mut tx = front.broker.db().begin().await?;
    if let Some(ticket) = &request.ticket {
        // One pushed request, one code: at whichever replica, however often the form is sent.
        match codes::take::<Pushed>(&mut tx, OnceKind::Authorization, &digest_of(ticket), now).await? {
            Taken::First(_) => {}
            Taken::Again(_) | Taken::Unknown => {
                let refusal = Refusal::new("invalid_request", "the pushed request was used before, or is over");
                return Ok(leave(front, client, request, refused(&refusal)));
            }
        }
    }
    codes::keep(
        &mut tx,
        OnceKind::Code,
        &digest_of(&code),
        &facts,
        now,
        now.plus(limits::CODE),
    )
    .await?;
    tx.commit().await?;
    Ok(leave(front, client, request, vec![("code", code)]))
}

/// Audiences of the tokens: what was asked for, or our own API and the proxy.
fn audience(front: &Front, request: &AuthorizationRequest) -> Vec<String> {
    if !request.resources.is_empty() {
        return request.resources.clone();
    }
    let mut all = vec![front.issuer().to_owned()];
    all.extend(front.broker.config().proxy_audience.clone());
    all
}

/// Back to the client: by a redirect, or by a page with a link where our page's policy could not name the target.
fn leave(
    front: &Front,
    client: &ClientRow,
    request: &AuthorizationRequest,
    parameters: Vec<(&str, String)>,
) -> Response {
    let state = request.state.as_deref();
    if can_be_a_source(&request.redirect) {
        return back_to(front, &request.redirect, state, &parameters);
    }
    let url = with_answer(&request.redirect, front.issuer(), state, &parameters);
    let page = LeavePage {
        frame: front.frame("Almost done", None),
        client: client.name.clone(),
        target: url.into(),
    };
    show(StatusCode::OK, &page, &Targets::Own)
}
