//! `GET` and `POST /userinfo`: claims by scope and, with the Passport scope, the visas (OpenID Connect Core §5.3; rows UI).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::NO_STORE;
use super::dpop;
use super::problem::BearerProblem;
use super::resource::{self, Resource};
use super::scope::Scope;
use crate::front::Front;
use crate::passport;

/// `GET /userinfo`, `POST /userinfo`
pub(crate) async fn userinfo(State(front): State<Front>, method: Method, headers: HeaderMap) -> Response {
    let mut response = match answer(&front, &method, &headers).await {
        Ok(claims) => (NO_STORE, Json(claims)).into_response(),
        Err(problem) => problem.into_response(),
    };
    resource::point(Resource::UserInfo, front.issuer(), response.headers_mut());
    dpop::with_nonce(&front, &headers, response.headers_mut());
    response
}

async fn answer(front: &Front, method: &Method, headers: &HeaderMap) -> Result<Value, BearerProblem> {
    let now = front.broker.now();
    let live = dpop::shown(front, headers, method.as_str(), "/userinfo", now).await?;
    if !live.claims.aud.iter().any(|audience| audience == front.issuer()) {
        return Err(BearerProblem::Invalid);
    }
    if !live.scopes.has(Scope::OpenId) {
        return Err(BearerProblem::Scope("openid"));
    }
    let mut claims = json!({ "iss": front.issuer(), "sub": live.row.person.as_str() });
    let Some(members) = claims.as_object_mut() else {
        return Err(BearerProblem::Server);
    };
    let login = live.family.as_ref().map(|family| &family.login);
    if let Some(name) = login
        .and_then(|login| login.name.as_ref())
        .filter(|_| live.scopes.has(Scope::Profile))
    {
        members.insert("name".into(), json!(name));
    }
    if let Some(email) = login
        .and_then(|login| login.email.as_ref())
        .filter(|_| live.scopes.has(Scope::Email))
    {
        members.insert("email".into(), json!(email));
        members.insert("email_verified".into(), json!(true));
    }
    if live.scopes.has(Scope::Passport) {
        let identity = login.map(|login| &login.identity);
        let visas = passport::visas(front, &live.row.person, identity, Some(&live.claims.client_id), now)
            .await
            .map_err(|problem| {
                tracing::error!(error.code = problem.code(), error = %problem, "visas could not be made");
                BearerProblem::Server
            })?;
        // Present and empty for a person without visas.
        members.insert("ga4gh_passport_v1".into(), json!(visas));
    }
    Ok(claims)
}
