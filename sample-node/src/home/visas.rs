//! The visa issuer: another house's grants, as Visa Document Tokens (AAI 1.2 "Visa Document Token Format",
//! Passport 1.2 "ControlledAccessGrants"), without a purpose.
//!
//! It has its own `iss`, key and `jku`, and knows people by the subject of the home institution: the visas' `sub` is
//! the `sub` asked for, under the issuer's own `iss`. Linking the two is the broker's affair.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    home::provider::Home,
    problem::{Problem, bearer},
    world,
};

/// How long a visa counts, in seconds.
const VISA_LIFE: i64 = 3600;
/// When the grants were given: so long before the start.
const GRANTED: SignedDuration = SignedDuration::from_hours(24);

/// The query of [`visas`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    sub: String,
}

pub(crate) async fn jwks(State(home): State<Arc<Home>>) -> Json<Value> {
    Json(home.visa_key.jwks())
}

/// All visas of one person, signed anew; an empty list for one who has none. Only for the collector.
pub(crate) async fn visas(
    State(home): State<Arc<Home>>,
    headers: HeaderMap,
    whose: Result<Query<Whose>, axum::extract::rejection::QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    if !bearer(&headers).is_some_and(|shown| home.settings.collector.is(shown)) {
        let why = "visas are given to the registered collector only";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "sample.credential", why));
    }
    let Query(whose) = whose.map_err(|_| Problem::bad("sample.query", "the query is sub=SUB, once"))?;
    let holder = home
        .people
        .iter()
        .find(|person| person.login == "ada" && person.sub == whose.sub);
    let datasets = home.settings.grants.datasets.iter().filter(|_| holder.is_some());
    let signed = datasets
        .map(|dataset| visa(&home, &whose.sub, dataset))
        .collect::<Result<Vec<_>, _>>();
    let signed = signed.map_err(|problem| {
        tracing::warn!(error = %problem, "a visa could not be signed");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            problem.code(),
            "the visas could not be signed",
        )
    })?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({ "visas": signed }))))
}

fn visa(home: &Home, sub: &str, dataset: &str) -> Result<String, crate::SampleError> {
    let now = world::now().as_second();
    let asserted = home
        .started
        .saturating_sub(GRANTED)
        .map_or(0, |granted| granted.as_second());
    let claims = json!({
        "iss": home.visa_issuer, "sub": sub, "iat": now, "exp": now + VISA_LIFE, "jti": world::token(16)?,
        "ga4gh_visa_v1": {
            "type": "ControlledAccessGrants", "asserted": asserted, "value": dataset,
            "source": home.settings.grants.source, "by": "dac",
        },
    });
    home.visa_key
        .sign("vnd.ga4gh.visa+jwt", Some(&home.visa_jku()), &claims)
}
