//! `GET` and `POST /authorize`: a request is proven, then the person is logged in, then asked, then answered
//! (OpenID Connect Core §3.1.2; RFC 9207; RFC 9126 §4).

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use url::Url;
use url::form_urlencoded::Serializer;

use super::admission;
use super::consent;
use super::par::{self, Brought, NoFurther};
use super::redirect;
use super::refusal::{NotProven, Refusal};
use super::request::{Allowed, AuthorizationRequest, Named, PUSHED_BYTES, REQUEST_BYTES};
use super::returned::{self, RETURNED, Short};
use crate::front::Front;
use crate::page::{Fields, ProblemPage, Targets, show};
use crate::person::record;
use crate::session::{self, Browser};
use crate::store::StoreError;
use crate::store::clients::ClientRow;
use crate::upstream::Ask;
use crate::web::{LoginWish, begin_login, store_problem, terms};

/// `GET /authorize`. A `HEAD` is of a program that looks at the link, and would use up a pushed request: it is refused.
pub(crate) async fn authorize(
    State(front): State<Front>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if method == Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET,POST")]).into_response();
    }
    arrived(&front, &headers, &query.unwrap_or_default()).await
}

/// `POST /authorize` (OpenID Connect Core §3.1.2.1). A form of the client's page: it has none of our tokens, and needs
/// none, since nothing happens before our own consent form.
pub(crate) async fn authorize_by_form(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    match std::str::from_utf8(&body) {
        Ok(text) => arrived(&front, &headers, text).await,
        Err(_) => not_proven(&front, &NotProven::UnknownClient),
    }
}

/// A request as it goes on: its text, and the ticket that it waits under if it was pushed.
#[derive(Clone, Copy)]
struct Arrived<'t> {
    text: &'t str,
    ticket: Option<&'t str>,
    /// What stands in the browser's own URL.
    front: &'t Fields,
}

async fn arrived(front: &Front, headers: &HeaderMap, text: &str) -> Response {
    if text.len() > REQUEST_BYTES {
        return not_proven(front, &NotProven::TooLong);
    }
    let fields = match Fields::parse(text.as_bytes()) {
        Ok(fields) => fields,
        Err(problem) => return not_proven(front, &problem.into()),
    };
    match par::brought(front, &fields, front.broker.now()).await {
        Ok(Brought::Plain) => {
            let request = Arrived {
                text,
                ticket: None,
                front: &fields,
            };
            answer(front, headers, request).await
        }
        Ok(Brought::Waiting { pushed, ticket }) => {
            let request = Arrived {
                text: &pushed.text,
                ticket: Some(&ticket),
                front: &fields,
            };
            answer(front, headers, request).await
        }
        Ok(Brought::Taken(path)) => to_own(&path),
        Err(NoFurther::Unknown(problem)) => not_proven(front, &problem),
        Err(NoFurther::Store(error)) => store_problem(front, &error),
    }
}

async fn answer(front: &Front, headers: &HeaderMap, arrived: Arrived<'_>) -> Response {
    let most = if arrived.ticket.is_some() {
        PUSHED_BYTES
    } else {
        REQUEST_BYTES
    };
    let named = match Named::read(arrived.text, most) {
        Ok(named) => named,
        Err(problem) => return not_proven(front, &problem),
    };
    let client = match front.broker.client(&named.client).await {
        Ok(Some(client)) => client,
        Ok(None) => return not_proven(front, &NotProven::UnknownClient),
        Err(error) => return store_problem(front, &error),
    };
    let Some(target) = redirect::proven(&named.redirect, &client.redirect_uris) else {
        return not_proven(front, &NotProven::Redirect);
    };
    // From here on a fault is told to the client.
    let refuse = |refusal: &Refusal| back_to(front, &target, named.state.as_deref(), &refused(refusal));
    if client.options.require_pushed_authorization_requests && arrived.ticket.is_none() {
        return refuse(&Refusal::new(
            "invalid_request",
            "this client must send its requests to the pushed authorization request endpoint first",
        ));
    }
    let mut request = match named.check(target.clone(), &Allowed::of(&client)) {
        Ok(request) => request,
        Err(refusal) => return refuse(&refusal),
    };
    request.ticket = arrived.ticket.map(str::to_owned);
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), headers, now).await {
        Ok(browser) => browser,
        Err(error) => return store_problem(front, &error),
    };
    let since = returned::since(&front.cookies.csrf, arrived.front, now);
    let short = browser
        .as_ref()
        .map(|browser| returned::falls_short(&request, browser, since, now));
    match (browser, short) {
        (Some(browser), Some(None)) => {
            match terms::ask(front, &browser, &again(front, &client, arrived), true).await {
                Ok(None) => {}
                Ok(Some(_)) if request.prompt.never => {
                    let words = "the person has to accept the terms of this node first";
                    return refuse(&Refusal::new("interaction_required", words));
                }
                Ok(Some(page)) => return page,
                Err(error) => return store_problem(front, &error),
            }
            match with_session(front, &client, request, &browser).await {
                Ok(response) => response,
                Err(error) => store_problem(front, &error),
            }
        }
        (_, short) => {
            let short = short.flatten();
            if request.prompt.never {
                return refuse(&Refusal::new(
                    "login_required",
                    "the person is not signed in, or not so",
                ));
            }
            // Not sent round again: the institution was asked, and this is what it gave.
            match short.filter(|_| since.is_some()) {
                Some(Short::Old) => {
                    let words = "the institution did not sign the person in anew";
                    return refuse(&Refusal::new("login_required", words));
                }
                Some(Short::Weak) => {
                    let words = "the institution did not sign the person in as strongly as `acr_values` asks";
                    return refuse(&Refusal::new("unmet_authentication_requirements", words));
                }
                None => {}
            }
            begin_login(front, wish(front, &client, &request, arrived)).await
        }
    }
}

/// The login that the request needs before it can go on.
fn wish(front: &Front, client: &ClientRow, request: &AuthorizationRequest, arrived: Arrived<'_>) -> LoginWish {
    LoginWish {
        ask: Ask {
            login_hint: request.login_hint.clone(),
            acr_values: request.acr_values.clone(),
            // With a `max_age` a login that the institution remembers may be too old: it is asked for a new one.
            fresh: request.prompt.login || request.max_age.is_some(),
        },
        institution: request.institution.clone().filter(|_| !request.prompt.choose),
        client: Some(client.name.clone()),
        then: again(front, client, arrived),
    }
}

/// The same request, to be met after the login, marked as having been there.
fn again(front: &Front, client: &ClientRow, arrived: Arrived<'_>) -> String {
    let mut query = match arrived.ticket {
        Some(ticket) => par::query(&client.id, ticket),
        None => {
            let mut query = Serializer::new(String::new());
            let all = url::form_urlencoded::parse(arrived.text.as_bytes());
            query.extend_pairs(all.filter(|(name, _)| name != RETURNED));
            query
        }
    };
    query.append_pair(RETURNED, &returned::mark(&front.cookies.csrf, front.broker.now()));
    format!("{}/authorize?{}", front.cookies.base, query.finish())
}

/// On to a place that is proven: one of this broker, or one that a client registered.
pub(super) fn to_own(path: &str) -> Response {
    let mut response = (StatusCode::SEE_OTHER, super::NO_STORE).into_response();
    if let Ok(location) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The person is logged in: ask for the release, unless they said that they need not be asked.
async fn with_session(
    front: &Front,
    client: &ClientRow,
    request: AuthorizationRequest,
    browser: &Browser,
) -> Result<Response, StoreError> {
    let remembered = !request.prompt.consent && consent::is_remembered(front, client, &request, browser).await?;
    if remembered {
        let scopes = request.scopes.clone();
        return consent::release(front, client, &request, &scopes, browser).await;
    }
    let (broker, login) = (&front.broker, record::facts_of(&browser.row));
    if let Err(refusal) = admission::admitted(broker, client, &browser.row.person, &login, broker.now()).await {
        let state = request.state.as_deref();
        return Ok(back_to(front, &request.redirect, state, &refused(&refusal)));
    }
    if request.prompt.never {
        let refusal = Refusal::new("consent_required", "the person has to agree first");
        return Ok(back_to(
            front,
            &request.redirect,
            request.state.as_deref(),
            &refused(&refusal),
        ));
    }
    consent::page(front, client, &request, browser).await
}

/// The parameters of a refusal.
pub(super) fn refused(refusal: &Refusal) -> Vec<(&'static str, String)> {
    vec![
        ("error", refusal.error.to_owned()),
        ("error_description", refusal.description.clone()),
    ]
}

/// Back to the client, by a 303, with `state` and always with `iss`.
pub(crate) fn back_to(front: &Front, target: &Url, state: Option<&str>, parameters: &[(&str, String)]) -> Response {
    let url = with_answer(target, front.issuer(), state, parameters);
    let mut response = (StatusCode::SEE_OTHER, super::NO_STORE).into_response();
    if let Ok(location) = HeaderValue::try_from(url.as_str()) {
        response.headers_mut().insert(header::LOCATION, location);
        response
            .headers_mut()
            .insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    response
}

/// The URL of an answer.
pub(super) fn with_answer(target: &Url, issuer: &str, state: Option<&str>, parameters: &[(&str, String)]) -> Url {
    let mut url = target.clone();
    {
        let mut query = url.query_pairs_mut();
        for (name, value) in parameters {
            query.append_pair(name, value);
        }
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", issuer);
    }
    url
}

/// A page of our own: nothing may be sent to where the request points.
fn not_proven(front: &Front, problem: &NotProven) -> Response {
    let page = ProblemPage {
        frame: front.frame("Sign-in refused", None),
        heading: "This sign-in cannot go on".into(),
        sentence: format!("It was refused because {problem}."),
        remedy: Some("Nothing was released. Tell whoever runs the program that sent you here.".into()),
        code: problem.code(),
        again: None,
    };
    show(StatusCode::BAD_REQUEST, &page, &Targets::Own)
}
