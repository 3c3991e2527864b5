//! The forms of applications: each checked for its session, its token and where it was sent from.

use axum::extract::{Multipart, Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::account_forms::{Posted, as_caller, posted};
use super::application_form_page::{self, Filled};
use super::application_join::join_page;
use super::application_words::{bounded, instant};
use super::applications::{self, FORM, PAGES, Told};
use super::governed::in_words;
use super::login::see_other;
use super::purpose_form;
use super::refusal::{forged, signed_out, store_problem, unavailable};
use crate::application::{self, Outcome, Paper, Wanted, Yes};
use crate::caller::Caller;
use crate::committee::GovernError;
use crate::front::Front;
use crate::page::{Fields, same_origin};
use crate::session::{self, Browser};
use crate::store::applications::{DocumentKind, Stage};

/// A form that passed all checks, and who sent it.
struct Sent {
    browser: Browser,
    caller: Caller,
    fields: Fields,
}

async fn sent(front: &Front, headers: &HeaderMap, body: &[u8]) -> Result<Sent, Box<Response>> {
    let Posted { browser, fields } = posted(front, headers, body, FORM).await?;
    let caller = as_caller(front, &browser).map_err(|error| Box::new(store_problem(front, &error)))?;
    Ok(Sent {
        browser,
        caller,
        fields,
    })
}

impl Sent {
    fn text(&self, name: &str) -> String {
        self.fields.one(name).ok().flatten().unwrap_or_default().to_owned()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = self.text(name);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }

    /// What the form wants, and what stood in it.
    fn wanted(&self) -> (Result<Wanted, String>, Filled) {
        let purpose = purpose_form::read(&self.fields);
        let filled = Filled {
            title: bounded(&self.text("title")),
            summary: bounded(&self.text("summary")),
            name: Some(bounded(&self.text("name"))),
            institution: Some(self.text("institution")).filter(|text| !text.is_empty()),
            datasets: self.fields.many("dataset").map(str::to_owned).collect(),
            purpose: purpose.clone().ok(),
            countries: bounded(&self.text("countries")),
            until: bounded(&self.text("until")),
        };
        let countries = filled.countries.split([' ', ',', ';']).filter(|code| !code.is_empty());
        let wanted = purpose.and_then(|purpose| {
            Ok(Wanted {
                title: filled.title.clone(),
                summary: filled.summary.replace("\r\n", "\n"),
                datasets: filled.datasets.clone(),
                purpose,
                none_barred: self.text("none_barred") == "yes",
                countries: countries.map(str::to_ascii_uppercase).collect(),
                until: instant(&filled.until)?,
                name: filled.name.clone(),
                project: None,
                institution: filled.institution.clone(),
            })
        });
        (wanted, filled)
    }
}

/// Back to the application's page, which says what was done (303 after POST).
fn back(front: &Front, id: &str, done: &str) -> Response {
    see_other(
        &format!("{}/applications/{id}?done={done}", front.cookies.base),
        Vec::new(),
    )
    .unwrap_or_else(|| unavailable(front, "page.location"))
}

fn is_ours(error: &GovernError) -> bool {
    matches!(
        error,
        GovernError::Store { .. } | GovernError::Audit { .. } | GovernError::Change { .. } | GovernError::Facts { .. }
    )
}

/// What a step did, or why not, on the application's page.
async fn finish(front: &Front, sent: &Sent, id: &str, result: Result<&'static str, GovernError>) -> Response {
    match result {
        Ok(done) => back(front, id, done),
        Err(error) if is_ours(&error) => PAGES.refusal(front, &sent.browser, "/applications", &error),
        Err(error) => {
            let told = Told {
                refused: Some(in_words(&error)),
                ..Told::default()
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            applications::answer(front, &sent.browser, &sent.caller, id, status, told).await
        }
    }
}

/// `POST /applications/new`
pub(crate) async fn begin(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let sent = match sent(&front, &headers, &body).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let (wanted, filled) = sent.wanted();
    let result = match wanted {
        Ok(wanted) => Box::pin(application::begin(&front.broker, &sent.caller, wanted)).await,
        Err(why) => {
            return application_form_page::form(&front, &sent.browser, &sent.caller, None, &filled, Some(why)).await;
        }
    };
    match result {
        Ok(row) => back(&front, &row.id, "saved"),
        Err(error) if is_ours(&error) => PAGES.refusal(&front, &sent.browser, "/applications", &error),
        Err(error) => {
            let why = Some(in_words(&error));
            application_form_page::form(&front, &sent.browser, &sent.caller, None, &filled, why).await
        }
    }
}

/// `POST /applications/{id}/{step}`
pub(crate) async fn step(
    State(front): State<Front>,
    headers: HeaderMap,
    Path((id, step)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    match step.as_str() {
        "amend" => rewrite(front, headers, id, true, body).await,
        _ => step_of(front, headers, id, step, body).await,
    }
}

/// `POST /applications/{id}/edit`
pub(crate) async fn edit(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    rewrite(front, headers, id, false, body).await
}

/// `POST /applications/{id}/join`
pub(crate) async fn accept(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    match sent(&front, &headers, &body).await {
        Ok(sent) => join(&front, &sent, id).await,
        Err(response) => *response,
    }
}

async fn rewrite(front: Front, headers: HeaderMap, id: String, amend: bool, body: Bytes) -> Response {
    let sent = match sent(&front, &headers, &body).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let (wanted, filled) = sent.wanted();
    let broker = &front.broker;
    let result = match wanted {
        Err(why) => Err(GovernError::input("application.text", why)),
        Ok(wanted) if amend => Box::pin(application::amend(broker, &sent.caller, &id, wanted))
            .await
            .map(|_| "amended"),
        Ok(wanted) => Box::pin(application::edit(broker, &sent.caller, &id, wanted))
            .await
            .map(|_| "saved"),
    };
    let why = match result {
        Ok(done) => return back(&front, &id, done),
        Err(error) if is_ours(&error) => return PAGES.refusal(&front, &sent.browser, "/applications", &error),
        Err(error) => in_words(&error),
    };
    match Box::pin(application::open(broker, &sent.caller, &id)).await {
        Ok(seen) => {
            let row = Some(&seen.row);
            application_form_page::form(&front, &sent.browser, &sent.caller, row, &filled, Some(why)).await
        }
        Err(error) => PAGES.refusal(&front, &sent.browser, "/applications", &error),
    }
}

/// `POST /applications/{id}/{step}`: every other step.
async fn step_of(front: Front, headers: HeaderMap, id: String, step: String, body: Bytes) -> Response {
    let sent = match sent(&front, &headers, &body).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let (broker, caller) = (&front.broker, &sent.caller);
    let (text, reason) = (sent.text("text"), sent.text("reason"));
    let result = match step.as_str() {
        "submit" => Box::pin(application::submit(broker, caller, &id))
            .await
            .map(|_| "submitted"),
        "answer" => Box::pin(application::answer(broker, caller, &id, &text))
            .await
            .map(|_| "answered"),
        "withdraw" => Box::pin(application::withdraw(broker, caller, &id, &reason))
            .await
            .map(|_| "withdrawn"),
        "extend" => match instant(&sent.text("until")) {
            Ok(until) => Box::pin(application::extend(broker, caller, &id, until, &reason))
                .await
                .map(|_| "extended"),
            Err(why) => Err(GovernError::input("application.until", why)),
        },
        "report" => Box::pin(application::report(
            broker,
            caller,
            &id,
            &text,
            sent.lines("references"),
        ))
        .await
        .map(|_| "reported"),
        "remove" => Box::pin(application::remove(broker, caller, &id, &sent.text("member"), &reason))
            .await
            .map(|_| "removed"),
        "return" => Box::pin(application::send_back(broker, caller, &id, &text))
            .await
            .map(|_| "returned"),
        "read" => Box::pin(application::tick(broker, caller, &id, &sent.text("document")))
            .await
            .map(|_| "read"),
        "tell" => Box::pin(application::tell(broker, caller, &id, &sent.text("code")))
            .await
            .map(|_| "told"),
        "admit" => Box::pin(application::admit(broker, caller, &id))
            .await
            .map(|_| "admitted"),
        "decide" => decide(&front, &sent, &id).await,
        "invite" => return invite(&front, &sent, &id).await,
        "leave" => match Box::pin(application::leave(broker, caller, &id)).await {
            Ok(_) => {
                let to = format!("{}/applications?done=left", front.cookies.base);
                return see_other(&to, Vec::new()).unwrap_or_else(|| unavailable(&front, "page.location"));
            }
            Err(error) => Err(error),
        },
        _ => Err(GovernError::Unknown {
            what: "step",
            id: "page".to_owned(),
        }),
    };
    finish(&front, &sent, &id, result).await
}

async fn decide(front: &Front, sent: &Sent, id: &str) -> Result<&'static str, GovernError> {
    let (broker, caller) = (&front.broker, &sent.caller);
    let (reason, digest) = (sent.text("reason"), sent.text("digest"));
    match sent.text("say").as_str() {
        "approve" => {
            let until = match sent.text("until") {
                day if day.is_empty() => None,
                day => Some(instant(&day).map_err(|why| GovernError::input("application.until", why))?),
            };
            let said = Yes {
                reason: &reason,
                digest: &digest,
                conditions: sent.lines("conditions"),
                until,
            };
            Ok(match Box::pin(application::approve(broker, caller, id, said)).await? {
                Outcome::Approved(..) => "approved",
                Outcome::Voted { .. } => "voted",
            })
        }
        "deny" => {
            let row = Box::pin(application::deny(broker, caller, id, &reason, &digest)).await?;
            Ok(if row.stage == Stage::InReview {
                "voted"
            } else {
                "denied"
            })
        }
        say => {
            Box::pin(application::vote(broker, caller, id, say == "yes", &reason, &digest)).await?;
            Ok("voted")
        }
    }
}

/// The link is shown on the answer itself: it is nowhere else.
async fn invite(front: &Front, sent: &Sent, id: &str) -> Response {
    match Box::pin(application::invite(
        &front.broker,
        &sent.caller,
        id,
        &sent.text("address"),
    ))
    .await
    {
        Ok(invited) => {
            let link = front.url(&format!("/applications/{}/join?code={}", invited.row.id, invited.code));
            let told = Told {
                link: Some(link),
                ..Told::default()
            };
            applications::answer(front, &sent.browser, &sent.caller, id, StatusCode::OK, told).await
        }
        Err(error) => finish(front, sent, id, Err(error)).await,
    }
}

async fn join(front: &Front, sent: &Sent, id: String) -> Response {
    let code = sent.text("code");
    match Box::pin(application::join(&front.broker, &sent.caller, &id, &code)).await {
        Ok(row) => back(front, &row.id, "joined"),
        Err(error) if is_ours(&error) => PAGES.refusal(front, &sent.browser, "/applications", &error),
        Err(GovernError::Unknown { .. }) => {
            let why = "This invitation is not good, or was used already. Ask for another one.".to_owned();
            join_page(front, &sent.browser, id, code, Some(why))
        }
        Err(error) => join_page(front, &sent.browser, id, code, Some(in_words(&error))),
    }
}

/// `POST /applications/{id}/documents`: a file and what is said of it, read in the order of the form: the token first.
pub(crate) async fn document(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    mut body: Multipart,
) -> Response {
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), &headers, now).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return signed_out(&front),
        Err(error) => return store_problem(&front, &error),
    };
    if same_origin(&headers, &front.cookies.origin).is_err() {
        return forged(&front);
    }
    let (mut said, mut file): (Vec<(String, String)>, Option<Bytes>) = (Vec::new(), None);
    let mut ours = false;
    loop {
        let field = match body.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(_) => return forged(&front),
        };
        let name = field.name().unwrap_or_default().to_owned();
        let Ok(bytes) = field.bytes().await else {
            return too_large(&front, &browser, &id).await;
        };
        match name.as_str() {
            "csrf" => {
                let token = std::str::from_utf8(&bytes).ok();
                ours = front.cookies.csrf.holds(&browser.row.sid, FORM, token);
            }
            // nothing is taken before the token was seen, and nothing twice
            _ if !ours || said.len() > 10 || said.iter().any(|(known, _)| *known == name) => return forged(&front),
            "file" if file.is_none() => file = Some(bytes),
            "file" => return forged(&front),
            _ => match String::from_utf8(bytes.to_vec()) {
                Ok(text) if text.len() <= crate::limits::TEXT_BYTES => said.push((name, text)),
                _ => return forged(&front),
            },
        }
    }
    if !ours {
        return forged(&front);
    }
    let caller = match as_caller(&front, &browser) {
        Ok(caller) => caller,
        Err(error) => return store_problem(&front, &error),
    };
    let sent = Sent {
        browser,
        caller,
        fields: Fields::default(),
    };
    let result = match paper(&said) {
        Ok(paper) => {
            let file = file.unwrap_or_default();
            let done = Box::pin(application::hand_in(&front.broker, &sent.caller, &id, paper, &file)).await;
            done.map(|_| "document")
        }
        Err(why) => Err(GovernError::input("application.ethics_board", why)),
    };
    finish(&front, &sent, &id, result).await
}

async fn too_large(front: &Front, browser: &Browser, id: &str) -> Response {
    let caller = match as_caller(front, browser) {
        Ok(caller) => caller,
        Err(error) => return store_problem(front, &error),
    };
    let told = Told {
        refused: Some("A document has 1 byte to 20 MiB.".to_owned()),
        ..Told::default()
    };
    applications::answer(front, browser, &caller, id, StatusCode::PAYLOAD_TOO_LARGE, told).await
}

fn paper(said: &[(String, String)]) -> Result<Paper, String> {
    let text = |name: &str| {
        let found = said.iter().find(|(known, _)| known == name);
        found
            .map(|(_, text)| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let when = |name: &str| text(name).map(|day| instant(&day)).transpose();
    Ok(Paper {
        kind: match text("kind").as_deref() {
            Some("ethics") => DocumentKind::Ethics,
            Some("agreement") => DocumentKind::Agreement,
            Some("cv") => DocumentKind::Cv,
            _ => DocumentKind::Other,
        },
        title: text("title").unwrap_or_default(),
        institution: text("institution"),
        starts: when("starts")?,
        expires: when("expires")?,
    })
}
