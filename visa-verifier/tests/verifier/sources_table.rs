//! A network of a table: answers by URL, and every request as it was sent.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use visa_verifier::seam::{Fetch, FetchError, Fetched, Limit};

/// What a URL answers.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
    pub(crate) retry_after: Option<u64>,
}

/// Answers by URL; what is not there cannot be reached.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pages: Mutex<HashMap<String, Page>>,
    sent: Mutex<Vec<Request<Bytes>>>,
}

impl Table {
    pub(crate) fn json(&self, url: &str, status: u16, body: &Value) {
        self.page(url, status, "application/json", &body.to_string());
    }

    pub(crate) fn page(&self, url: &str, status: u16, kind: &'static str, body: &str) {
        let page = Page {
            status,
            kind,
            body: body.to_owned(),
            retry_after: None,
        };
        self.pages.lock().unwrap().insert(url.to_owned(), page);
    }

    pub(crate) fn later(&self, url: &str, seconds: u64) {
        let page = Page {
            status: 503,
            kind: "",
            body: String::new(),
            retry_after: Some(seconds),
        };
        self.pages.lock().unwrap().insert(url.to_owned(), page);
    }

    pub(crate) fn gone(&self, url: &str) {
        self.pages.lock().unwrap().remove(url);
    }

    /// A discovery document with all endpoints at the issuer itself.
    pub(crate) fn discovery(&self, issuer: &str) {
        let document = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/jwks"),
            "token_endpoint": format!("{issuer}/token"), "userinfo_endpoint": format!("{issuer}/userinfo")});
        self.json(&format!("{issuer}/.well-known/openid-configuration"), 200, &document);
    }

    /// The requests to `url` so far: their `Authorization` and body.
    pub(crate) fn sent(&self, url: &str) -> Vec<(String, String)> {
        let sent = self.sent.lock().unwrap();
        let to_url = sent.iter().filter(|request| *request.uri() == *url);
        let text = |request: &Request<Bytes>| {
            let authorization = request.headers().get(header::AUTHORIZATION);
            (
                authorization.map_or_else(String::new, |v| v.to_str().unwrap().to_owned()),
                String::from_utf8(request.body().to_vec()).unwrap(),
            )
        };
        to_url.map(text).collect()
    }

    /// How many requests there were in all.
    pub(crate) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

impl Fetch for Table {
    fn send(&self, request: Request<Bytes>, _: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
        async move {
            // lets others run meanwhile, as a network would
            tokio::task::yield_now().await;
            let url = request.uri().to_string();
            self.sent.lock().unwrap().push(request);
            let page = self.pages.lock().unwrap().get(&url).cloned();
            let page = page.ok_or_else(|| FetchError::Unreachable {
                host: url,
                why: "down".to_owned(),
            })?;
            let mut headers = HeaderMap::new();
            if !page.kind.is_empty() {
                headers.insert(header::CONTENT_TYPE, page.kind.parse().unwrap());
            }
            if let Some(seconds) = page.retry_after {
                headers.insert(header::RETRY_AFTER, seconds.into());
            }
            Ok(Fetched {
                status: StatusCode::from_u16(page.status).unwrap(),
                headers,
                body: page.body.into(),
            })
        }
        .boxed()
    }
}
