//! What pages of governed things have in common: whose session it is, fields of the query, and how they say no.

use axum::response::Response;
use http::{HeaderMap, StatusCode, header};

use super::account_forms::as_caller;
use super::refusal::{store_problem, unavailable};
use super::{LoginWish, begin_login};
use crate::caller::{Caller, REFEDS_MFA};
use crate::committee::GovernError;
use crate::front::Front;
use crate::page::{Fields, ProblemPage, Targets, show};
use crate::session::{self, Browser};
use crate::throttle;
use crate::tongue::Tongue;
use crate::upstream::Ask;

/// How long a browser remembers its language: a year.
const LANGUAGE_SECONDS: u64 = 365 * 86_400;

/// A family of pages, such as `/changes`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pages {
    /// The path of their list, where a refusal leads back to.
    pub(super) list: &'static str,
    /// What is said of one that is not there, or not the caller's to see.
    pub(super) missing: &'static str,
    /// The code where a part of the node is down.
    pub(super) down: &'static str,
    /// A second factor is asked for at once, since every page needs it.
    pub(super) second_factor: bool,
}

/// A page that says no.
struct Refused {
    status: StatusCode,
    heading: &'static str,
    sentence: String,
    code: &'static str,
    again: String,
}

impl Pages {
    /// Whose session it is; without one, or with `again` in the query, off to the institution first.
    pub(super) async fn signed_in(
        &self,
        front: &Front,
        headers: &HeaderMap,
        query: Option<&str>,
        here: &str,
    ) -> Result<(Browser, Caller), Box<Response>> {
        let again = said(query, "again").is_some();
        let browser = session::current(&front.cookies, &mut front.broker.db(), headers, front.broker.now())
            .await
            .map_err(|error| Box::new(store_problem(front, &error)))?;
        let Some(browser) = browser.filter(|_| !again) else {
            let acr_values = if again || self.second_factor {
                vec![REFEDS_MFA.to_owned()]
            } else {
                Vec::new()
            };
            let wish = LoginWish {
                ask: Ask {
                    acr_values,
                    fresh: again,
                    login_hint: said(query, "login_hint"),
                },
                institution: said(query, "idp_hint"),
                client: None,
                then: format!("{}{here}", front.cookies.base),
            };
            return Err(Box::new(begin_login(front, wish).await));
        };
        let caller = as_caller(front, &browser).map_err(|error| Box::new(store_problem(front, &error)))?;
        match throttle::ADMIN.hit(&front.broker, caller.person.as_str()).await {
            Ok(None) => Ok((browser, caller)),
            Ok(Some(_)) => {
                let page = Refused {
                    status: StatusCode::TOO_MANY_REQUESTS,
                    heading: "Too many requests",
                    sentence: "You asked for many pages in a short time.".to_owned(),
                    code: "admin.too_many",
                    again: here.to_owned(),
                };
                Err(Box::new(problem(front, &browser, page)))
            }
            Err(error) => Err(Box::new(store_problem(front, &error))),
        }
    }

    /// A page that says no.
    pub(super) fn refusal(&self, front: &Front, browser: &Browser, here: &str, error: &GovernError) -> Response {
        let page = match error {
            GovernError::Denied { .. } if step_up(error) => Refused {
                status: StatusCode::FORBIDDEN,
                heading: "Sign in again",
                sentence: in_words(error),
                code: "policy.step_up",
                again: format!("{here}?again=yes"),
            },
            GovernError::Unknown { .. } | GovernError::NoDataset { .. } => Refused {
                status: StatusCode::NOT_FOUND,
                heading: self.missing,
                sentence: "It is not there, or it is not yours to see.".to_owned(),
                code: "admin.not_found",
                again: self.list.to_owned(),
            },
            GovernError::Denied { .. } | GovernError::Input { .. } | GovernError::Conflict { .. } => Refused {
                status: StatusCode::FORBIDDEN,
                heading: "This is not permitted",
                sentence: in_words(error),
                code: "policy.denied",
                again: self.list.to_owned(),
            },
            GovernError::Store { .. }
            | GovernError::Audit { .. }
            | GovernError::Change { .. }
            | GovernError::Facts { .. } => {
                tracing::error!(error.code = error.code(), %error, pages = self.list, "a page could not be served");
                return unavailable(front, self.down);
            }
        };
        problem(front, browser, page)
    }
}

/// A field of the query.
pub(super) fn said(query: Option<&str>, name: &str) -> Option<String> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    fields.one(name).ok().flatten().map(str::to_owned)
}

/// The language that the query chooses.
pub(super) fn language(query: Option<&str>) -> Option<Tongue> {
    said(query, "lang").and_then(|code| Tongue::named(&code))
}

/// The browser remembers the language that was chosen; nothing here does.
pub(super) fn remember(front: &Front, response: &mut Response, chosen: Option<Tongue>) {
    if let Some(tongue) = chosen
        && let Ok(cookie) = front.cookies.jar.set("lang", tongue.code(), LANGUAGE_SECONDS)
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// A login that is too weak or too old.
pub(super) fn step_up(error: &GovernError) -> bool {
    matches!(error, GovernError::Denied { reasons } if reasons.iter().any(|reason| reason.code == "policy.step_up"))
}

/// Why a step did not happen, in a sentence.
pub(super) fn in_words(error: &GovernError) -> String {
    if let GovernError::Denied { reasons } = error {
        return reasons.first().map_or_else(
            || "The policies of this node do not permit this.".to_owned(),
            |reason| format!("{} {}", reason.sentence, reason.remedy),
        );
    }
    format!("{error} ({})", error.code())
}

fn problem(front: &Front, browser: &Browser, refused: Refused) -> Response {
    let page = ProblemPage {
        frame: front.frame(refused.heading, Some(browser)),
        heading: refused.heading.to_owned(),
        sentence: refused.sentence,
        remedy: None,
        code: refused.code,
        again: Some(format!("{}{}", front.cookies.base, refused.again)),
    };
    show(refused.status, &page, &Targets::Own)
}
