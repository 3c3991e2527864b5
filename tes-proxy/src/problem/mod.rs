//! A refusal or failure in the words of the API that was called (`apis.md` 1.5). Code decides with [`Problem`];
//! only the edge shapes it.

mod bearer;
mod shape;

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use crate::tries::Aim;

pub(crate) use bearer::{Challenge, resource_metadata};
pub(crate) use shape::{Edge, respond};

/// Whose error shape an answer takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Api {
    /// `{"msg", "status_code"}`
    Drs,
    /// `{"msg", "status_code"}`
    Wes,
    /// `{"error", "message", "status"}`
    Tes,
    /// `{"code": 404, "message"}`; the stable code is `error_code`
    Trs,
    /// `{"status", "title", "detail"}`
    Registry,
    /// Ours: `{"error", "code", "message"}`
    Own,
}

/// One reason of a denial, for people.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Why {
    /// Stable code.
    pub(crate) code: String,
    /// A plain sentence.
    pub(crate) sentence: String,
    /// What would help, where something would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
    /// The dataset that it speaks of, where the caller may know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dataset: Option<String>,
    /// The term of the consent label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) term: Option<String>,
    /// What in the request it speaks of, in the caller's own words: `inputs[2]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<String>,
}

/// What the client is told. Built from our own words alone: no byte of a backend's answer, no secret.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// The status of the answer.
    pub(crate) status: StatusCode,
    /// Stable code `area.fact`.
    pub(crate) code: Cow<'static, str>,
    /// A sentence that stands alone.
    pub(crate) sentence: String,
    /// Seconds after which the client may try again.
    pub(crate) retry_after: Option<u32>,
    /// What a 401 asks for.
    pub(crate) challenge: Option<Challenge>,
    /// The methods of a 405.
    pub(crate) allow: Option<&'static str>,
    /// What a denial adds.
    pub(crate) denial: Box<Denial>,
}

/// What a denial tells beside its code and sentence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Denial {
    /// Why.
    pub(crate) reasons: Vec<Why>,
    /// The decision that it rests on.
    pub(crate) decision: Option<String>,
    /// Short name of the dataset that decided, for the reason phrase.
    pub(crate) dataset: Option<String>,
    /// The nonce that the next DPoP proof shall repeat.
    pub(crate) nonce: Option<String>,
    /// The receipt of the entry that it left in the audit log.
    pub(crate) receipt: Option<String>,
    /// The purpose that was judged, to be counted where somebody could try one after the other (E82). Never told.
    pub(crate) aim: Option<Aim>,
}

impl Problem {
    /// A problem with nothing but status, code and sentence.
    pub(crate) fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, sentence: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            sentence: sentence.into(),
            retry_after: None,
            challenge: None,
            allow: None,
            denial: Box::default(),
        }
    }

    /// 400: the request is not understood.
    pub(crate) fn refused(code: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, sentence)
    }

    /// 404 in the same words whether the thing is unknown or another's.
    pub(crate) fn unknown(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "request.not_found", format!("{what} not found"))
    }

    /// 401 with the pointers of RFC 6750 and 9728.
    pub(crate) fn unauthenticated(challenge: Challenge, code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, code, sentence)
        }
    }

    /// 503 with a time to try again.
    pub(crate) fn unavailable(code: &'static str, sentence: impl Into<String>, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, sentence)
        }
    }
}

impl From<crate::api::PathFault> for Problem {
    fn from(fault: crate::api::PathFault) -> Self {
        Self::refused("request.path", fault.to_string())
    }
}

impl From<crate::api::QueryFault> for Problem {
    fn from(fault: crate::api::QueryFault) -> Self {
        Self::refused("request.query", fault.to_string())
    }
}

impl From<crate::api::JsonFault> for Problem {
    fn from(fault: crate::api::JsonFault) -> Self {
        Self::refused("request.body", fault.to_string())
    }
}
