//! `GET /authorize`: the authorization code flow with PKCE (OIDC Core section 3.1.2, RFC 7636, RFC 9207).
//!
//! There is no session: every request is a login of its own, by the page or by `login_hint`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use url::{Url, form_urlencoded};

use crate::{
    home::{
        page,
        provider::{Grant, Home},
    },
    world,
};

/// How long a code may lie before it is used.
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// Characters of a query, `state` and `nonce` included.
const QUERY: usize = 8 * 1024;

/// A request that was checked in full: where to send the person back to, and what was asked.
struct Asked {
    redirect_uri: Url,
    redirect_text: String,
    state: Option<String>,
    scope: String,
    nonce: Option<String>,
    challenge: String,
    login_hint: Option<String>,
    prompt_none: bool,
}

pub(crate) async fn authorize(State(home): State<Arc<Home>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let asked = match read(&home, &query) {
        Ok(asked) => asked,
        Err(Refused::Page(why)) => return page::refused(StatusCode::BAD_REQUEST, why),
        Err(Refused::Back(to)) => return Redirect::to(to.as_str()).into_response(),
    };
    let hint = asked.login_hint.as_deref();
    let Some(person) = hint.and_then(|hint| {
        home.people
            .iter()
            .find(|person| person.login == hint || person.email == hint)
    }) else {
        if asked.prompt_none {
            let to = back(
                &home,
                &asked.redirect_uri,
                asked.state.as_deref(),
                &[("error", "login_required")],
            );
            return Redirect::to(to.as_str()).into_response();
        }
        return page::choose(&home, &query);
    };
    let Ok(code) = world::token(32) else {
        return page::refused(StatusCode::INTERNAL_SERVER_ERROR, "The server could not make a code.");
    };
    let now = world::now();
    let grant = Grant {
        login: person.login,
        redirect_uri: asked.redirect_text,
        scope: asked.scope,
        nonce: asked.nonce,
        challenge: asked.challenge,
        authenticated: now,
        until: now.saturating_add(CODE_LIFE).unwrap_or(now),
        used: None,
    };
    home.codes().insert(code.clone(), grant);
    let to = back(&home, &asked.redirect_uri, asked.state.as_deref(), &[("code", &code)]);
    Redirect::to(to.as_str()).into_response()
}

/// Two ways to say no: on a page, as long as client and redirect are not known; else back to the client.
enum Refused {
    Page(&'static str),
    Back(Url),
}

fn read(home: &Home, query: &str) -> Result<Asked, Refused> {
    if query.len() > QUERY {
        return Err(Refused::Page("The request is too long."));
    }
    let mut fields = BTreeMap::new();
    let mut twice = false;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        twice |= fields.insert(name.into_owned(), value.into_owned()).is_some();
    }
    let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
    if take("client_id").as_deref() != Some(home.settings.client_id.as_str()) {
        return Err(Refused::Page("This client is not known here."));
    }
    let redirect_text = take("redirect_uri").unwrap_or_default();
    let redirect_uri = match Url::parse(&redirect_text) {
        Ok(url) if home.settings.redirect_uris.contains(&redirect_text) => url,
        _ => return Err(Refused::Page("This client did not register that redirect URI.")),
    };
    let state = take("state");
    let refuse = |error, why| {
        let fields = [("error", error), ("error_description", why)];
        Refused::Back(back(home, &redirect_uri, state.as_deref(), &fields))
    };
    if twice {
        return Err(refuse("invalid_request", "a parameter stands twice"));
    }
    if take("response_type").as_deref() != Some("code") {
        return Err(refuse("unsupported_response_type", "only code is supported"));
    }
    if take("request").is_some() || take("request_uri").is_some() {
        return Err(refuse("request_not_supported", "request objects are not supported"));
    }
    let scope = take("scope").unwrap_or_default();
    if !scope.split(' ').any(|word| word == "openid") {
        return Err(refuse("invalid_scope", "scope needs openid"));
    }
    let challenge = match (take("code_challenge"), take("code_challenge_method").as_deref()) {
        (Some(challenge), Some("S256")) if challenge.len() == 43 => challenge,
        _ => return Err(refuse("invalid_request", "PKCE with S256 is needed")),
    };
    let (nonce, login_hint) = (take("nonce"), take("login_hint"));
    let prompt_none = take("prompt").as_deref() == Some("none");
    Ok(Asked {
        redirect_text,
        state,
        scope,
        nonce,
        challenge,
        login_hint,
        prompt_none,
        redirect_uri,
    })
}

/// The redirect URI with an answer in its query, `iss` and `state` among it.
fn back(home: &Home, redirect_uri: &Url, state: Option<&str>, fields: &[(&str, &str)]) -> Url {
    let mut to = redirect_uri.clone();
    to.query_pairs_mut()
        .extend_pairs(fields)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", &home.issuer);
    to
}
