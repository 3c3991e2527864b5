//! A network that answers from a table, and counts.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde_json::Value;
use visa_verifier::seam::{Fetch, FetchError, Fetched, Limit};

/// Answers by URL; what is not there cannot be reached.
#[derive(Debug, Default)]
pub(crate) struct Table {
    answers: Mutex<HashMap<String, Fetched>>,
    asked: Mutex<Vec<String>>,
}

impl Table {
    /// 200 and JSON.
    pub(crate) fn answer(&self, url: &str, body: &Value) {
        self.answer_with(url, 200, &[("content-type", "application/json")], &body.to_string());
    }

    pub(crate) fn answer_with(&self, url: &str, status: u16, headers: &[(&'static str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        let answer = Fetched {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: Bytes::from(body.to_owned()),
        };
        self.answers.lock().unwrap().insert(url.to_owned(), answer);
    }

    /// The same answer with one more header.
    pub(crate) fn say(&self, url: &str, name: &'static str, value: &str) {
        let mut answers = self.answers.lock().unwrap();
        let headers: &mut HeaderMap = &mut answers.get_mut(url).unwrap().headers;
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }

    pub(crate) fn down(&self) {
        self.answers.lock().unwrap().clear();
    }

    /// How many calls there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// How many calls of this URL there were.
    pub(crate) fn asked_of(&self, url: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == url).count()
    }
}

impl Fetch for Table {
    fn send(&self, request: Request<Bytes>, _: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
        async move {
            // lets others run meanwhile, as a network would
            tokio::task::yield_now().await;
            let url = request.uri().to_string();
            self.asked.lock().unwrap().push(url.clone());
            let answer = self.answers.lock().unwrap().get(&url).cloned();
            answer.ok_or(FetchError::Unreachable {
                host: url,
                why: "down".to_owned(),
            })
        }
        .boxed()
    }
}
