//! `GET` and `POST /authorize`: a request is proven, then the person is logged in, then asked, then answered
//! (OpenID Connect Core §3.1.2; RFC 9207).

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use url::Url;
use url::form_urlencoded::Serializer;

use super::consent;
use super::redirect;
use super::request::{Allowed, AuthorizationRequest, Named, NotProven, Prompt, Refusal};
use super::scope::Scopes;
use crate::front::Front;
use crate::page::{Fields, ProblemPage, Targets, show};
use crate::session::{self, Browser};
use crate::store::StoreError;
use crate::store::clients::ClientRow;
use crate::upstream::Ask;
use crate::web::{LoginWish, begin_login, store_problem};

/// Mark in our own URL that the browser has just come back from a login: a request that is still not met by then is
/// refused instead of sent round again.
const RETURNED: &str = "visum_returned";

/// `GET /authorize`
pub(crate) async fn authorize(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    answer(&front, &headers, &query.unwrap_or_default()).await
}

/// `POST /authorize` (OpenID Connect Core §3.1.2.1). A form of the client's page: it has none of our tokens, and needs
/// none, since nothing happens before our own consent form.
pub(crate) async fn authorize_by_form(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    match std::str::from_utf8(&body) {
        Ok(text) => answer(&front, &headers, text).await,
        Err(_) => not_proven(&front, &NotProven::UnknownClient),
    }
}

async fn answer(front: &Front, headers: &HeaderMap, text: &str) -> Response {
    let named = match Named::read(text) {
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
    let scopes = Scopes::parse(&client.scopes.join(" "));
    let resource = |resource: &str| client.audiences.iter().any(|audience| audience == resource);
    let request = match named.check(
        target.clone(),
        &Allowed {
            scopes: &scopes,
            resource: &resource,
        },
    ) {
        Ok(request) => request,
        Err(refusal) => return refuse(&refusal),
    };
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), headers, now).await {
        Ok(browser) => browser,
        Err(error) => return store_problem(front, &error),
    };
    let old = |browser: &Browser| {
        request
            .max_age
            .is_some_and(|age| now.since(browser.row.auth_time).as_secs() > age)
    };
    let anew = matches!(request.prompt, Prompt::Login | Prompt::Choose);
    match browser {
        Some(browser) if !anew && !old(&browser) => match with_session(front, &client, request, &browser).await {
            Ok(response) => response,
            Err(error) => store_problem(front, &error),
        },
        found => {
            if request.prompt == Prompt::Never {
                return refuse(&Refusal::new("login_required", "the person is not signed in"));
            }
            let returned = Fields::parse(text.as_bytes())
                .is_ok_and(|fields| fields.one(RETURNED).is_ok_and(|mark| mark.is_some()));
            if returned && found.is_some() {
                return refuse(&Refusal::new(
                    "login_required",
                    "the institution did not sign the person in anew",
                ));
            }
            let wish = LoginWish {
                ask: Ask {
                    login_hint: request.login_hint.clone(),
                    acr_values: request.acr_values.clone(),
                    fresh: request.prompt == Prompt::Login || found.as_ref().is_some_and(old),
                },
                institution: request.institution.clone(),
                client: Some(client.name.clone()),
                then: again(front, text),
            };
            begin_login(front, wish).await
        }
    }
}

/// The same request, to be met after the login: its wish for a login is over.
fn again(front: &Front, text: &str) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let met = name == "prompt" && (value.contains("login") || value.contains("select_account"));
        if !met && name != RETURNED {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair(RETURNED, "1");
    format!("{}/authorize?{}", front.cookies.base, query.finish())
}

/// The person is logged in: ask for the release, unless they said that they need not be asked.
async fn with_session(
    front: &Front,
    client: &ClientRow,
    request: AuthorizationRequest,
    browser: &Browser,
) -> Result<Response, StoreError> {
    let remembered =
        request.prompt != Prompt::Consent && consent::is_remembered(front, client, &request, browser).await?;
    if remembered {
        let scopes = request.scopes.clone();
        return consent::release(front, client, &request, &scopes, browser).await;
    }
    if request.prompt == Prompt::Never {
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
