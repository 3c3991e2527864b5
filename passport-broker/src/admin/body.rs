//! Who calls and what they send: the extractors of this API. Strict JSON, bounded, unknown members refused.

use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use visa_verifier::token::json;

use super::ApiProblem;
use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::ServiceCaller;
use crate::limits;
use crate::provider::CONSENT;
use crate::provider::access_token::{self, BearerProblem};
use crate::throttle;

/// A caller with scope `visum:self`: asks for and changes what is their own.
#[derive(Debug)]
pub(super) struct Own(pub(super) Caller);

/// A caller with scope `visum:admin`. What they may do, the policies say.
#[derive(Debug)]
pub(super) struct Admin(pub(super) Caller);

/// A body, read strictly; `BYTES` is the most that is taken.
#[derive(Debug)]
pub(super) struct Strict<T, const BYTES: usize = { limits::ADMIN_BODY_BYTES }>(pub(super) T);

/// A body that another reader takes as it was sent, `BYTES` at most.
#[derive(Debug)]
pub(super) struct Raw<const BYTES: usize>(pub(super) Bytes);

/// A consent service, by a token of its own with scope `visum:consent`. What it may do, the policies say.
#[derive(Debug)]
pub(super) struct ConsentService(pub(super) ServiceCaller);

fn address(parts: &Parts) -> Option<IpAddr> {
    let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    connection.map(|ConnectInfo(address)| address.ip())
}

fn refused(problem: BearerProblem) -> ApiProblem {
    match problem {
        BearerProblem::Missing => ApiProblem::bearer(None),
        BearerProblem::Server => ApiProblem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store.down",
            "Tokens cannot be checked at present. Try again.",
        ),
        BearerProblem::Invalid | BearerProblem::Scope(_) | BearerProblem::Proof(_) => {
            ApiProblem::bearer(Some("invalid_token"))
        }
    }
}

async fn caller(parts: &Parts, broker: &Broker, scope: &str) -> Result<Caller, ApiProblem> {
    let caller = match access_token::caller(broker, &parts.headers, address(parts)).await {
        Ok(caller) => caller,
        Err(problem) => {
            broker.writer().count_unauthenticated();
            return Err(refused(problem));
        }
    };
    if !caller.has(scope) {
        return Err(ApiProblem::scope(scope));
    }
    if let Some(wait) = throttle::ADMIN.hit(broker, caller.person.as_str()).await? {
        return Err(ApiProblem::throttled(wait));
    }
    Ok(caller)
}

/// A JSON body as it was sent, `most` bytes at most.
async fn json_bytes(request: Request, most: usize) -> Result<Bytes, ApiProblem> {
    let is_json = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(ApiProblem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "admin.media_type",
            "Send JSON with `Content-Type: application/json`.",
        ));
    }
    axum::body::to_bytes(request.into_body(), most).await.map_err(|_| {
        ApiProblem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "admin.too_large",
            format!("The body is cut short, or longer than {most} bytes."),
        )
    })
}

/// Does a document begin as an object does? What follows is the reader's to judge.
fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

impl FromRequestParts<Broker> for ConsentService {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, broker: &Broker) -> Result<Self, ApiProblem> {
        let service = match access_token::service(broker, &parts.headers, CONSENT).await {
            Ok((id, expires)) => ServiceCaller {
                id,
                expires,
                address: address(parts),
            },
            Err(problem) => {
                broker.writer().count_unauthenticated();
                return Err(refused(problem));
            }
        };
        match throttle::CONSENT.hit(broker, &service.id).await? {
            Some(wait) => Err(ApiProblem::throttled(wait)),
            None => Ok(Self(service)),
        }
    }
}

impl FromRequestParts<Broker> for Own {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, broker: &Broker) -> Result<Self, ApiProblem> {
        caller(parts, broker, "visum:self").await.map(Self)
    }
}

impl FromRequestParts<Broker> for Admin {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, broker: &Broker) -> Result<Self, ApiProblem> {
        caller(parts, broker, "visum:admin").await.map(Self)
    }
}

impl<T: DeserializeOwned, const BYTES: usize> FromRequest<Broker> for Strict<T, BYTES> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, _: &Broker) -> Result<Self, ApiProblem> {
        let body = json_bytes(request, BYTES).await?;
        // a derived reader would take a list of the members in order, for which no rule on names holds
        if !is_object(&body) {
            return Err(ApiProblem::input("admin.input_invalid", "The body is no JSON object."));
        }
        json::parse(&body, BYTES, limits::API_DEPTH)
            .map(Self)
            .map_err(|error| ApiProblem::input("admin.input_invalid", format!("The body cannot be read: {error}.")))
    }
}

impl<const BYTES: usize> FromRequest<Broker> for Raw<BYTES> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, _: &Broker) -> Result<Self, ApiProblem> {
        json_bytes(request, BYTES).await.map(Self)
    }
}
