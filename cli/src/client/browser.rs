//! A browser without a window: cookies, redirects, forms. It logs people in for scripts and the demo.

use std::collections::BTreeMap;

use http::{Method, header};
use url::Url;

use super::{
    form::{self, Form},
    http::{Client, Reply},
};
use crate::error::CommandError;

/// Pages and redirects of one login; a real one has about ten.
const STEPS: usize = 30;

/// What the person does on pages with forms.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// Fields set in whatever form has to be sent, such as `decision = allow`.
    pub(crate) fields: Vec<(String, String)>,
}

/// One browser session: its cookies, by host and port.
#[derive(Debug)]
pub(crate) struct Browser<'c> {
    client: &'c Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page that the browser came to rest on.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its address.
    pub(crate) url: Url,
    /// The answer.
    pub(crate) reply: Reply,
}

impl Page {
    /// The forms of the page.
    pub(crate) fn forms(&self) -> Vec<Form> {
        form::forms(&self.reply.text())
    }
}

impl<'c> Browser<'c> {
    /// A fresh one, with no cookies.
    pub(crate) fn new(client: &'c Client) -> Self {
        Self {
            client,
            cookies: BTreeMap::new(),
        }
    }

    /// Opens `url` and follows redirects until a page comes, or until a redirect leads to `stop`.
    ///
    /// # Errors
    /// A server that can't be reached, or a chain that doesn't end.
    pub(crate) async fn open(&mut self, url: Url, stop: Option<&Url>) -> Result<Page, CommandError> {
        self.follow(Method::GET, url, None, stop).await
    }

    /// Sends `form` of `page` with `chosen` fields.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub(crate) async fn submit(
        &mut self,
        page: &Page,
        form: &Form,
        chosen: &[(&str, &str)],
        stop: Option<&Url>,
    ) -> Result<Page, CommandError> {
        let target = if form.action.is_empty() {
            page.url.clone()
        } else {
            joined(&page.url, &form.action)?
        };
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form.filled(chosen))
            .finish();
        self.follow(Method::POST, target, Some(body), stop).await
    }

    /// Goes from `start` through all pages with `answers` until a redirect leads to `stop`; that address is given back.
    ///
    /// # Errors
    /// `login.stuck` with the page's title, if a page has no form or the chain doesn't end.
    pub(crate) async fn through(&mut self, start: Url, answers: &Answers, stop: &Url) -> Result<Url, CommandError> {
        let mut page = self.open(start, Some(stop)).await?;
        for _ in 0..STEPS {
            if leads_to(&page.url, stop) {
                return Ok(page.url);
            }
            let Some(form) = page.forms().into_iter().next() else {
                break;
            };
            let chosen: Vec<(&str, &str)> = answers
                .fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            page = self.submit(&page, &form, &chosen, Some(stop)).await?;
        }
        let title = page.reply.text();
        let title = title
            .split("<title>")
            .nth(1)
            .and_then(|rest| rest.split('<').next())
            .unwrap_or("no title")
            .to_owned();
        Err(CommandError::unknown(
            "login.stuck",
            format!(
                "the login stopped at {} (status {}, page `{}`)",
                without_query(&page.url),
                page.reply.status,
                title.trim()
            ),
        ))
    }

    async fn follow(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut body: Option<String>,
        stop: Option<&Url>,
    ) -> Result<Page, CommandError> {
        for _ in 0..STEPS {
            let origin = url.origin().ascii_serialization();
            let mut request = http::Request::builder()
                .method(method.clone())
                .uri(url.as_str())
                .header(header::ACCEPT, "text/html");
            if let Some(jar) = self.cookies.get(&origin).filter(|jar| !jar.is_empty()) {
                let line: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
                request = request.header(header::COOKIE, line.join("; "));
            }
            if body.is_some() {
                // What a browser says of a form sent from its own page.
                request = request
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header(header::ORIGIN, &origin)
                    .header("sec-fetch-site", "same-origin");
            }
            let reply = self
                .client
                .send(request, body.take().unwrap_or_default().into_bytes())
                .await?;
            self.keep(&origin, &reply);
            let Some(location) = reply.redirect() else {
                return Ok(Page { url, reply });
            };
            url = joined(&url, &location)?;
            method = Method::GET;
            if stop.is_some_and(|stop| leads_to(&url, stop)) {
                return Ok(Page { url, reply });
            }
        }
        Err(CommandError::unknown(
            "login.stuck",
            format!("too many redirects, the last to {}", without_query(&url)),
        ))
    }

    fn keep(&mut self, origin: &str, reply: &Reply) {
        let jar = self.cookies.entry(origin.to_owned()).or_default();
        for line in reply.headers.get_all(header::SET_COOKIE) {
            let Some((name, value)) = line
                .to_str()
                .ok()
                .and_then(|text| text.split(';').next())
                .and_then(|pair| pair.split_once('='))
            else {
                continue;
            };
            if value.is_empty() {
                jar.remove(name.trim());
            } else {
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

fn joined(base: &Url, relative: &str) -> Result<Url, CommandError> {
    base.join(relative).map_err(|source| {
        CommandError::unknown("login.stuck", format!("a page named an address that is none: {source}"))
    })
}

fn leads_to(url: &Url, stop: &Url) -> bool {
    url.origin() == stop.origin() && url.path() == stop.path()
}

/// An address without its query: codes and states are no words for a screen or a log.
fn without_query(url: &Url) -> String {
    let mut plain = url.clone();
    plain.set_query(None);
    plain.set_fragment(None);
    plain.to_string()
}
