//! `POST /objects` and `POST /objects/access`: many at once, each decided and recorded by itself (DRS 1.4, 1.5).
//!
//! The answer is partial: what is denied is told beside what is not. A backend is asked one object at a time, so it may
//! speak DRS 1.2.

use std::collections::BTreeSet;

use audit_log::EventType;
use axum::{body::Body, response::Response};
use futures::{StreamExt as _, stream};
use http::{HeaderValue, StatusCode, header};
use policy_engine::intent::DrsId;
use serde::Serialize;

use crate::{
    api::{
        Incoming,
        drs::{Authorizations, BulkAccessBody, BulkAccessUrl, BulkBody, DrsObject, MAX_BULK},
        wire_body,
    },
    backend::BackendError,
    problem::{Api, Problem},
    proxy::Proxy,
    router::json,
};

use super::{access, authorizations, backend, bundle::Allowance, objects};

/// Objects that the backend is asked for at once.
const AT_ONCE: usize = 8;

/// How many were asked for, and what became of them.
#[derive(Debug, Serialize)]
struct Summary {
    requested: usize,
    resolved: usize,
    unresolved: usize,
}

/// Objects that were refused for one reason.
#[derive(Debug, Serialize)]
struct Unresolved {
    error_code: u16,
    object_ids: Vec<String>,
    /// Ours: the stable code, and its sentence.
    code: String,
    msg: String,
}

#[derive(Debug, Serialize)]
struct Objects {
    summary: Summary,
    unresolved_drs_objects: Vec<Unresolved>,
    resolved_drs_object: Vec<DrsObject>,
}

#[derive(Debug, Serialize)]
struct Ways {
    summary: Summary,
    unresolved_drs_objects: Vec<Unresolved>,
    resolved_drs_object: Vec<Authorizations>,
}

#[derive(Debug, Serialize)]
struct Urls {
    summary: Summary,
    unresolved_drs_objects: Vec<Unresolved>,
    resolved_drs_object_access_urls: Vec<BulkAccessUrl>,
}

/// `POST /objects`
pub(crate) async fn describe(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let expand = incoming.query(&["expand"], &[])?.boolean("expand")?;
    let body: BulkBody = wire_body(&incoming.headers, body).await?;
    let caller = parts.required(incoming, Api::Drs, body.passports).await?;
    backend(parts)?;
    let ids = once(body.bulk_object_ids)?;
    let (caller, allowance) = (&caller, &Allowance::whole());
    let found: Vec<_> = stream::iter(ids)
        .map(|id| async move {
            let describe = async |name| {
                let shown = objects::describe(parts, caller, EventType::DrsGetBulkObjects, name, expand, allowance);
                let late = |_| Problem::from(BackendError::Slow { api: "DRS" });
                tokio::time::timeout_at(allowance.until(), shown).await.map_err(late)?
            };
            let shown = match named(&id) {
                Ok(name) => describe(name).await,
                Err(refused) => Err(refused),
            };
            (id, shown)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let Told {
        resolved,
        unresolved,
        summary,
        retry,
    } = told(found)?;
    let (resolved_drs_object, receipts): (Vec<_>, Vec<_>) = resolved.into_iter().unzip();
    let answer = Objects {
        summary,
        unresolved_drs_objects: unresolved,
        resolved_drs_object,
    };
    whole(&answer, receipts.into_iter().next_back(), retry)
}

/// `POST /objects/access`
pub(crate) async fn access_urls(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let body: BulkAccessBody = wire_body(&incoming.headers, body).await?;
    let caller = parts.required(incoming, Api::Drs, body.passports).await?;
    backend(parts)?;
    let mut seen = BTreeSet::new();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for asked in body.bulk_object_access_ids {
        if asked.bulk_access_ids.is_empty() {
            return Err(Problem::refused(
                "request.body",
                "an entry of `bulk_object_access_ids` names no access id; name at least one in `bulk_access_ids`",
            ));
        }
        for access in asked.bulk_access_ids {
            let pair = (asked.bulk_object_id.clone(), access);
            if seen.insert(pair.clone()) {
                pairs.push(pair);
            }
        }
    }
    bounded(pairs.len())?;
    let caller = &caller;
    let found: Vec<_> = stream::iter(pairs)
        .map(|(id, access)| async move {
            let url = match named(&id) {
                Ok(name) => access::url(parts, caller, EventType::DrsGetBulkAccessUrl, name, &access).await,
                Err(refused) => Err(refused),
            };
            let url = url.map(|(url, receipt)| {
                let found = BulkAccessUrl {
                    drs_object_id: id.clone(),
                    drs_access_id: access,
                    url,
                };
                (found, receipt)
            });
            (id, url)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let Told {
        resolved,
        unresolved,
        summary,
        retry,
    } = told(found)?;
    let (resolved_drs_object_access_urls, receipts): (Vec<_>, Vec<_>) = resolved.into_iter().unzip();
    let answer = Urls {
        summary,
        unresolved_drs_objects: unresolved,
        resolved_drs_object_access_urls,
    };
    whole(&answer, receipts.into_iter().next_back(), retry)
}

/// `OPTIONS /objects`: what each object's caller must bring; public, from the catalogue alone (`apis.md` 2.4).
pub(crate) async fn options(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    if let Some(preflight) = authorizations::preflight(incoming) {
        return Ok(preflight);
    }
    incoming.query(&[], &[])?;
    let body: BulkBody = wire_body(&incoming.headers, body).await?;
    backend(parts)?;
    let engine = parts.gate.current.load();
    let found = once(body.bulk_object_ids)?
        .into_iter()
        .map(|id| {
            let way = authorizations::of_discoverable(parts, &engine, &id).ok_or_else(|| Problem::unknown("object"));
            (id, way)
        })
        .collect();
    let found = told(found)?;
    let answer = Ways {
        summary: found.summary,
        unresolved_drs_objects: found.unresolved,
        resolved_drs_object: found.resolved,
    };
    json(&answer, None)
}

/// Each id once, in the order of the request.
fn once(ids: Vec<String>) -> Result<Vec<String>, Problem> {
    bounded(ids.len())?;
    let mut seen = BTreeSet::new();
    Ok(ids.into_iter().filter(|id| seen.insert(id.clone())).collect())
}

fn bounded(count: usize) -> Result<(), Problem> {
    if count > MAX_BULK {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "request.too_many",
            format!("a bulk request may name {MAX_BULK} things, and this one names {count}; split it"),
        ));
    }
    Ok(())
}

/// An id of a body: as it is, nothing decoded. What is none is unknown, as an object that is not there.
fn named(id: &str) -> Result<DrsId, Problem> {
    DrsId::decoded(id).map_err(|_| Problem::unknown("object"))
}

/// The answer, with the time after which what is not ready may be asked for again.
fn whole<T: Serialize>(answer: &T, receipt: Option<String>, retry: Option<u32>) -> Result<Response, Problem> {
    let mut response = json(answer, receipt)?;
    if let Some(seconds) = retry {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// Answers, sorted.
struct Told<T> {
    resolved: Vec<T>,
    unresolved: Vec<Unresolved>,
    summary: Summary,
    /// Seconds after which all that is not ready, or was too much at once, may be asked for again.
    retry: Option<u32>,
}

/// Sorts answers. What a backend or the bounds of one object say is said of that object alone; a credential that does not
/// count, and a log that takes no record, fail the whole.
fn told<T>(found: Vec<(String, Result<T, Problem>)>) -> Result<Told<T>, Problem> {
    let requested = found.len();
    let mut resolved = Vec::new();
    let mut unresolved: Vec<Unresolved> = Vec::new();
    let mut retry = None;
    for (id, outcome) in found {
        let problem = match outcome {
            Ok(one) => {
                resolved.push(one);
                continue;
            }
            Err(problem) => problem,
        };
        if problem.status == StatusCode::UNAUTHORIZED || problem.code == "gate.audit_unavailable" {
            return Err(problem);
        }
        retry = retry.max(problem.retry_after);
        let (status, code) = (problem.status.as_u16(), problem.code.as_ref());
        match unresolved
            .iter_mut()
            .find(|group| group.error_code == status && group.code == code)
        {
            Some(group) if group.object_ids.contains(&id) => {}
            Some(group) => group.object_ids.push(id),
            None => unresolved.push(Unresolved {
                error_code: status,
                object_ids: vec![id],
                code: code.to_owned(),
                msg: problem.sentence,
            }),
        }
    }
    let summary = Summary {
        requested,
        resolved: resolved.len(),
        unresolved: requested.saturating_sub(resolved.len()),
    };
    Ok(Told {
        resolved,
        unresolved,
        summary,
        retry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_sorted_by_reason_in_the_order_of_the_request() {
        let denied = || Problem::new(StatusCode::FORBIDDEN, "consent.hold", "held");
        let found = vec![
            ("a".to_owned(), Ok(1)),
            ("b".to_owned(), Err(denied())),
            ("c".to_owned(), Err(Problem::unknown("object"))),
            ("d".to_owned(), Err(denied())),
            ("e".to_owned(), Ok(2)),
        ];
        let Told {
            resolved,
            unresolved,
            summary,
            retry,
        } = told(found).unwrap();
        assert_eq!((resolved, retry), (vec![1, 2], None));
        let groups: Vec<_> = unresolved
            .iter()
            .map(|group| (group.error_code, group.object_ids.join(",")))
            .collect();
        assert_eq!(groups, [(403, "b,d".to_owned()), (404, "c".to_owned())]);
        assert_eq!((summary.requested, summary.resolved, summary.unresolved), (5, 2, 3));
    }

    #[test]
    fn one_object_that_is_not_ready_does_not_fail_the_others_and_a_log_that_is_down_does() {
        let later = |seconds| Problem::from(BackendError::Later { api: "DRS", seconds });
        let preparing = Problem::from(BackendError::Preparing {
            api: "DRS",
            seconds: 30,
        });
        let found = vec![
            ("a".to_owned(), Err(later(5))),
            ("b".to_owned(), Ok(1)),
            ("c".to_owned(), Err(preparing)),
            ("d".to_owned(), Err(later(5))),
        ];
        let told_of = told(found).unwrap();
        assert_eq!((told_of.resolved, told_of.retry), (vec![1], Some(30)));
        let codes: Vec<_> = told_of
            .unresolved
            .iter()
            .map(|group| (group.error_code, group.object_ids.len()))
            .collect();
        assert_eq!(codes, [(503, 2), (202, 1)]);
        let down = Problem::unavailable("gate.audit_unavailable", "full", 5);
        let found = vec![("a".to_owned(), Ok(1)), ("b".to_owned(), Err(down))];
        assert_eq!(told(found).map(|_| ()).unwrap_err().code, "gate.audit_unavailable");
    }

    #[test]
    fn ids_come_once_and_only_so_many() {
        let ids = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(once(ids(&["b", "a", "b"])).unwrap(), ["b", "a"]);
        let many = (0..=MAX_BULK).map(|at| at.to_string()).collect();
        assert_eq!(once(many).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
