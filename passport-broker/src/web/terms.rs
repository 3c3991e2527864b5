//! `/terms`: the texts that people are asked to accept, one by one, each in its version.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::account::day;
use super::account_forms::{Posted, posted};
use super::login::see_other;
use super::refusal::{forged, stopped, store_problem, unavailable};
use super::{LoginWish, begin_login};
use crate::front::Front;
use crate::limits;
use crate::page::{Frame, Targets, show};
use crate::person::terms::{self, Standing, TermsError};
use crate::session::{self, Browser};
use crate::store::StoreError;
use crate::store::terms::TermsKind;
use crate::upstream::Ask;

/// The page.
#[derive(Debug, Template)]
#[template(path = "terms.html")]
struct TermsPage {
    frame: Frame,
    csrf: String,
    /// Those to answer now; none if the person came to look.
    asked: bool,
    texts: Vec<Text>,
    next: String,
    /// All that is asked can be put off.
    later: bool,
}

#[derive(Debug)]
struct Text {
    id: String,
    title: String,
    version: String,
    digest: String,
    paragraphs: Vec<String>,
    days: u32,
    attestation: bool,
    required: bool,
    /// Accepted since, until.
    accepted: Option<(String, String)>,
    /// The version that was accepted before.
    before: Option<String>,
}

impl Text {
    fn of(standing: Standing) -> Self {
        let digest = standing.terms.digest();
        let paragraphs = standing.terms.text.replace("\r\n", "\n");
        Self {
            digest,
            paragraphs: paragraphs
                .split("\n\n")
                .map(|one| one.trim().to_owned())
                .filter(|one| !one.is_empty())
                .collect(),
            id: standing.terms.id,
            title: standing.terms.title,
            version: standing.terms.version,
            days: standing.terms.days,
            attestation: standing.terms.kind == TermsKind::ResearcherStatus,
            required: standing.terms.required,
            accepted: standing.accepted.map(|row| (day(row.at), day(row.until))),
            before: standing.before.map(|row| row.version),
        }
    }
}

/// Where the page leads when all is answered, sealed.
#[derive(Deserialize, Serialize)]
struct Next {
    then: String,
}

/// The page that asks, if something is to be asked; `only_required`: what a program waits for.
pub(crate) async fn ask(
    front: &Front,
    browser: &Browser,
    then: &str,
    only_required: bool,
) -> Result<Option<Response>, StoreError> {
    let now = front.broker.now();
    let mut open = terms::due(&front.broker, &browser.row.person, now).await?;
    if only_required {
        open.retain(|standing| standing.terms.required);
    }
    if open.is_empty() {
        return Ok(None);
    }
    let next = Next { then: then.to_owned() };
    let sealed = front.cookies.sealer.seal("terms", &next, now.plus(limits::PENDING));
    let Ok(next) = sealed else {
        return Ok(Some(unavailable(front, "page.location")));
    };
    let later = !open.iter().any(|standing| standing.terms.required);
    let page = TermsPage {
        frame: front.frame("Please read", Some(browser)),
        csrf: browser.csrf(&front.cookies, "terms"),
        asked: true,
        texts: open.into_iter().map(Text::of).collect(),
        next,
        later,
    };
    Ok(Some(show(StatusCode::OK, &page, &Targets::Own)))
}

/// `GET /terms`: all of them, and what I said to each.
pub(crate) async fn list(State(front): State<Front>, headers: HeaderMap) -> Response {
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), &headers, now).await {
        Ok(Some(browser)) => browser,
        Ok(None) => {
            let wish = LoginWish {
                ask: Ask::default(),
                institution: None,
                client: None,
                then: format!("{}/terms", front.cookies.base),
            };
            return begin_login(&front, wish).await;
        }
        Err(error) => return store_problem(&front, &error),
    };
    match terms::standing(&front.broker, &browser.row.person, now).await {
        Ok(all) => {
            let page = TermsPage {
                frame: front.frame("Terms", Some(&browser)),
                csrf: browser.csrf(&front.cookies, "terms"),
                asked: false,
                texts: all.into_iter().map(Text::of).collect(),
                next: String::new(),
                later: false,
            };
            show(StatusCode::OK, &page, &Targets::Own)
        }
        Err(error) => store_problem(&front, &error),
    }
}

/// `POST /terms`: yes to this text, no more to it, or later.
pub(crate) async fn answer(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "terms").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let field = |name: &str| fields.one(name).ok().flatten().unwrap_or_default();
    let now = front.broker.now();
    let then = match field("next") {
        "" => None,
        sealed => match front.cookies.sealer.open::<Next>("terms", sealed, now) {
            Ok(next) => Some(next.then),
            Err(_) => return forged(&front),
        },
    };
    let yes = match field("answer") {
        "accept" => Some(true),
        "withdraw" => Some(false),
        "later" => None,
        _ => return forged(&front),
    };
    if let Some(yes) = yes {
        let said = Box::pin(terms::answer(
            &front.broker,
            &browser.row,
            field("terms"),
            field("digest"),
            yes,
        ))
        .await;
        if let Err(error) = said {
            return refused(&front, &browser, &error);
        }
    }
    let Some(then) = then else {
        return on(&front, &format!("{}/terms", front.cookies.base));
    };
    // put off: what is required is asked for all the same
    match ask(&front, &browser, &then, yes.is_none()).await {
        Ok(Some(page)) => page,
        Ok(None) => on(&front, &then),
        Err(error) => store_problem(&front, &error),
    }
}

fn on(front: &Front, then: &str) -> Response {
    see_other(then, Vec::new()).unwrap_or_else(|| unavailable(front, "page.location"))
}

fn refused(front: &Front, browser: &Browser, error: &TermsError) -> Response {
    let (sentence, code) = match error {
        TermsError::Unknown => ("These terms are no longer asked for.", "terms.unknown"),
        TermsError::Changed => ("The text has changed since you opened the page.", "terms.changed"),
        TermsError::Store(error) => return store_problem(front, error),
        TermsError::Change(_) | TermsError::Unrecorded(_) => {
            tracing::error!(%error, "an answer to terms could not be put on record");
            return unavailable(front, "terms.unrecorded");
        }
    };
    let remedy = "Nothing was recorded. Open the page of terms again and read what is there now.";
    stopped(front, browser, "Not recorded", sentence.to_owned(), remedy, code)
}
