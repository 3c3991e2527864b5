//! Refusals as S3 clients read them.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};

use crate::problem::Problem;

use super::xml::Xml;

/// A refusal: S3's own word for it, and ours.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The status of the answer.
    pub(crate) status: StatusCode,
    /// S3's code.
    pub(crate) word: &'static str,
    /// Ours, its sentence, its receipt.
    pub(crate) problem: Box<Problem>,
}

/// A refusal of a request that is understood and not permitted.
pub(crate) fn denied(code: &'static str, sentence: &'static str) -> Fault {
    Fault::new(StatusCode::FORBIDDEN, "AccessDenied", code, sentence)
}

/// A verb that is not on the list (E64, E68).
pub(crate) fn not_served(sentence: &'static str) -> Fault {
    Fault::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", "door.verb", sentence)
}

/// A request that says something it must not.
pub(crate) fn invalid(code: &'static str, sentence: &'static str) -> Fault {
    Fault::new(StatusCode::BAD_REQUEST, "InvalidRequest", code, sentence)
}

impl Fault {
    /// With both words.
    pub(crate) fn new(status: StatusCode, word: &'static str, code: &'static str, sentence: &'static str) -> Self {
        Self {
            status,
            word,
            problem: Box::new(Problem::new(status, code, sentence)),
        }
    }

    /// Is it on record already?
    pub(crate) fn is_recorded(&self) -> bool {
        self.problem.denial.receipt.is_some()
    }

    /// The answer.
    pub(crate) fn answer(&self, resource: &str, request_id: &str) -> Response {
        let mut xml = Xml::new();
        xml.open("Error");
        xml.text("Code", self.word);
        xml.text("Message", &format!("{} ({})", self.problem.sentence, self.problem.code));
        xml.text("VisumCode", &self.problem.code);
        xml.text("Resource", resource);
        xml.text("RequestId", request_id);
        if let Some(decision) = &self.problem.denial.decision {
            xml.text("DecisionId", decision);
        }
        xml.close("Error");
        let mut response = Response::new(Body::from(xml.done()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        for (name, value) in [
            ("visum-code", Some(self.problem.code.as_ref())),
            ("visum-audit", self.problem.denial.receipt.as_deref()),
        ] {
            if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, value);
            }
        }
        if let Some(seconds) = self.problem.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        let word = match problem.status {
            StatusCode::FORBIDDEN => "AccessDenied",
            StatusCode::NOT_FOUND => "NoSuchKey",
            StatusCode::METHOD_NOT_ALLOWED => "MethodNotAllowed",
            StatusCode::NOT_IMPLEMENTED => "NotImplemented",
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "SlowDown",
            status if status.is_client_error() => "InvalidRequest",
            _ => "InternalError",
        };
        Self {
            status: problem.status,
            word,
            problem: Box::new(problem),
        }
    }
}

impl From<crate::store::StoreError> for Fault {
    fn from(error: crate::store::StoreError) -> Self {
        Problem::from(error).into()
    }
}
