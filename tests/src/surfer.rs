//! A browser of a person whose requests a load balancer sends to one replica or another: the address is the node's, the
//! connection goes where the test says.

use std::collections::BTreeMap;

use url::Url;

use crate::{
    node::Addresses,
    outside::{Answer, client, read},
};

/// Redirects of one login.
const STEPS: usize = 20;

/// A browser, with the node's cookies.
#[derive(Debug)]
pub struct Surfer {
    node: Addresses,
    cookies: BTreeMap<String, String>,
}

impl Surfer {
    /// A fresh one.
    #[must_use]
    pub fn new(node: &Addresses) -> Self {
        Self {
            node: node.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// Takes over the cookies of another one, as somebody who stole them.
    pub fn take(&mut self, other: &Self) {
        self.cookies.clone_from(&other.cookies);
    }

    /// One request: to the broker by way of `replica`, or to whatever other server the address names.
    ///
    /// # Panics
    /// If no answer comes.
    #[expect(clippy::expect_used, reason = "a test without an answer fails")]
    pub async fn one(&mut self, replica: &Addresses, address: &str, form: Option<&[(&str, &str)]>) -> Answer {
        let path = address
            .strip_prefix(self.node.broker.as_str())
            .or_else(|| address.starts_with('/').then_some(address));
        let Some(path) = path else {
            return read(client().get(address).send().await.expect("an answer")).await;
        };
        let url = format!("{}{path}", replica.broker);
        let line: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let client = client();
        let mut request = match form {
            None => client.get(&url),
            Some(fields) => client
                .post(&url)
                .form(fields)
                .header("origin", &self.node.broker)
                .header("sec-fetch-site", "same-origin"),
        };
        request = request
            .header("host", self.node.broker.trim_start_matches("http://"))
            .header("cookie", line.join("; "));
        let answer = read(request.send().await.expect("an answer")).await;
        for set in answer.headers.get_all("set-cookie") {
            let pair = set.to_str().ok().and_then(|text| text.split(';').next());
            let Some((name, value)) = pair.and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// From an address to the first page, or to the first address that is neither the node's nor an institution's; what
    /// was asked on the way, in order.
    ///
    /// # Panics
    /// If it goes on for ever.
    #[expect(clippy::panic, reason = "a test whose login never ends fails")]
    pub async fn follow(&mut self, replica: &Addresses, address: &str, stop: &str) -> (Answer, Vec<String>) {
        let mut way = vec![address.to_owned()];
        for _ in 0..STEPS {
            let here = way.last().cloned().unwrap_or_default();
            if here.starts_with(stop) {
                return (
                    Answer {
                        status: 0,
                        headers: reqwest::header::HeaderMap::new(),
                        body: Vec::new(),
                    },
                    way,
                );
            }
            let answer = self.one(replica, &here, None).await;
            let to = answer.header("location");
            if to.is_empty() {
                return (answer, way);
            }
            way.push(self.absolute(&to));
        }
        panic!("the login goes on for ever: {way:?}")
    }

    fn absolute(&self, to: &str) -> String {
        if to.starts_with('/') {
            format!("{}{to}", self.node.broker)
        } else {
            to.to_owned()
        }
    }
}

/// A hidden field of the first form whose action ends so.
///
/// # Panics
/// If the page has none.
#[must_use]
#[expect(clippy::panic, reason = "a test without its form fails")]
pub fn hidden(page: &str, action: &str, name: &str) -> String {
    let form = page.split(&format!("{action}\"")).nth(1).unwrap_or_default();
    let front = format!("name=\"{name}\" value=\"");
    let Some(rest) = form.split(&front).nth(1) else {
        panic!("no field {name} for {action} in {page}");
    };
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// A parameter of an address.
#[must_use]
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let found = url.query_pairs().find(|(other, _)| other == name);
    found.map(|(_, value)| value.into_owned())
}
