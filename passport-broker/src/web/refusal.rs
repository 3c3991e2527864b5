//! Pages that say no: what happened, what would help, a stable code.

use axum::response::Response;
use http::StatusCode;

use crate::front::Front;
use crate::page::{ProblemPage, Targets, show};
use crate::session::Browser;
use crate::store::StoreError;
use crate::upstream::LoginProblem;

/// A form that was not ours, is too old, or was sent from elsewhere.
pub(crate) fn forged(front: &Front) -> Response {
    let page = ProblemPage {
        frame: front.frame("Form refused", None),
        heading: "This form is no longer good".into(),
        sentence: "It was made for another session, sent from another site, or stood open too long.".into(),
        remedy: Some("Nothing was changed. Go back and begin again.".into()),
        code: "page.form",
        again: Some(format!("{}/account", front.cookies.base)),
    };
    show(StatusCode::FORBIDDEN, &page, &Targets::Own)
}

/// A form that came after the session ended.
pub(crate) fn signed_out(front: &Front) -> Response {
    let page = ProblemPage {
        frame: front.frame("Signed out", None),
        heading: "You are signed out".into(),
        sentence: "Your session here has ended.".into(),
        remedy: Some("Nothing was changed. Go back to the program that you came from and begin again.".into()),
        code: "page.signed_out",
        again: None,
    };
    show(StatusCode::FORBIDDEN, &page, &Targets::Own)
}

/// Our own fault: logged, told in general.
pub(crate) fn store_problem(front: &Front, error: &StoreError) -> Response {
    tracing::error!(error.code = error.code(), %error, "a page could not be served");
    unavailable(front, error.code())
}

/// Something of ours is down.
pub(crate) fn unavailable(front: &Front, code: &'static str) -> Response {
    let page = ProblemPage {
        frame: front.frame("Not available", None),
        heading: "This does not work at the moment".into(),
        sentence: "A part of this node did not answer.".into(),
        remedy: Some("Nothing was changed. Try again in a few minutes.".into()),
        code,
        again: None,
    };
    show(StatusCode::SERVICE_UNAVAILABLE, &page, &Targets::Own)
}

/// A sign-in that is over, in a browser that is signed in: the back button, or a page loaded twice.
pub(crate) fn already_signed_in(front: &Front, browser: &Browser) -> Response {
    let problem = LoginProblem::NotPending;
    let page = ProblemPage {
        frame: front.frame("Signed in already", Some(browser)),
        heading: "You are signed in already".into(),
        sentence: "This sign-in was used before, or is over.".into(),
        remedy: Some("Nothing was changed. Go on where you were, or to your account.".into()),
        code: problem.code(),
        again: Some(format!("{}/account", front.cookies.base)),
    };
    show(StatusCode::BAD_REQUEST, &page, &Targets::Own)
}

/// A step of an account that cannot be taken: what, why, what would help.
pub(crate) fn stopped(
    front: &Front,
    browser: &Browser,
    heading: &str,
    sentence: String,
    remedy: &str,
    code: &'static str,
) -> Response {
    let page = ProblemPage {
        frame: front.frame(heading, Some(browser)),
        heading: heading.to_owned(),
        sentence,
        remedy: Some(remedy.to_owned()),
        code,
        again: Some(format!("{}/account", front.cookies.base)),
    };
    show(StatusCode::CONFLICT, &page, &Targets::Own)
}

/// A login that did not succeed; the log has the details, the page the remedy.
pub(crate) fn login_problem(front: &Front, problem: &LoginProblem) -> Response {
    tracing::warn!(
        login.code = problem.code(),
        detail = problem.detail().unwrap_or_default(),
        "a login failed: {problem}"
    );
    let status = match problem {
        LoginProblem::Discovery { .. } | LoginProblem::Clock { .. } => StatusCode::BAD_GATEWAY,
        LoginProblem::Suspended | LoginProblem::TakenOff | LoginProblem::NotFresh | LoginProblem::Refused { .. } => {
            StatusCode::FORBIDDEN
        }
        LoginProblem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        LoginProblem::Throttled => StatusCode::TOO_MANY_REQUESTS,
        LoginProblem::UnknownUpstream
        | LoginProblem::NotPending
        | LoginProblem::NoCookies
        | LoginProblem::MixedUp
        | LoginProblem::Unreadable
        | LoginProblem::Unverified { .. }
        | LoginProblem::NoIdentifier
        | LoginProblem::TooLong => StatusCode::BAD_REQUEST,
    };
    let page = ProblemPage {
        frame: front.frame("Sign-in failed", None),
        heading: "You could not be signed in".into(),
        sentence: capital(&problem.to_string()),
        remedy: Some(problem.remedy().into()),
        code: problem.code(),
        // where another identity can be chosen
        again: matches!(problem, LoginProblem::NoIdentifier | LoginProblem::TakenOff)
            .then(|| format!("{}/account", front.cookies.base)),
    };
    show(status, &page, &Targets::Own)
}

/// A clause as a sentence.
fn capital(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}
