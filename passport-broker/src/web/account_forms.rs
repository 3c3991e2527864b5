//! The forms of the account page: each checked for its session, its token and where it was sent from.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use policy_engine::decide::ClientKind;

use super::account;
use super::home;
use super::login::see_other;
use super::purpose_form;
use super::refusal::{forged, signed_out, store_problem, unavailable};
use crate::caller::Caller;
use crate::committee::{self, Attestation, GovernError};
use crate::front::Front;
use crate::page::{Fields, same_origin};
use crate::person::record::Unrecorded;
use crate::person::services;
use crate::session::{self, Browser};
use crate::store::{StoreError, clients, sessions};

/// What a form did, as a word in our own URL.
#[derive(Clone, Copy, Debug)]
pub(super) enum Done {
    Attested,
    Default,
    Key,
    Session,
    Consent,
    Service,
    Linked,
    Unlinked,
    Kept,
}

impl Done {
    const ALL: [Self; 9] = [
        Self::Attested,
        Self::Default,
        Self::Key,
        Self::Session,
        Self::Consent,
        Self::Service,
        Self::Linked,
        Self::Unlinked,
        Self::Kept,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Attested => "attested",
            Self::Default => "default",
            Self::Key => "key",
            Self::Session => "session",
            Self::Consent => "consent",
            Self::Service => "service",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
            Self::Kept => "kept",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Attested => "The purpose is on record, and stays as it is while the grant lasts.",
            Self::Default => "Your default purpose was saved.",
            Self::Key => "The key was ended. Commands that used it have to log in again.",
            Self::Session => "The session and its tokens were ended.",
            Self::Consent => "You will be asked again.",
            Self::Service => "The tokens of that program were ended.",
            Self::Linked => "The identity was added to your account.",
            Self::Unlinked => "The identity was taken off your account; its rights here have ended.",
            Self::Kept => "Nothing was added.",
        }
    }
}

/// A form that passed all checks, and whose it is.
pub(super) struct Posted {
    pub(super) browser: Browser,
    pub(super) fields: Fields,
}

/// Session, origin, token of this form: in this order, before anything is read.
pub(super) async fn posted(
    front: &Front,
    headers: &HeaderMap,
    body: &[u8],
    form: &str,
) -> Result<Posted, Box<Response>> {
    let now = front.broker.now();
    let browser = match session::current(&front.cookies, &mut front.broker.db(), headers, now).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return Err(Box::new(signed_out(front))),
        Err(error) => return Err(Box::new(store_problem(front, &error))),
    };
    let fields = Fields::parse(body).map_err(|_| Box::new(forged(front)))?;
    let token = fields.one("csrf").ok().flatten();
    let ours = same_origin(headers, &front.cookies.origin).is_ok();
    if ours && front.cookies.csrf.holds(&browser.row.sid, form, token) {
        Ok(Posted { browser, fields })
    } else {
        Err(Box::new(forged(front)))
    }
}

/// Back to the page, which says what was done (303 after POST).
fn back(front: &Front, done: Done) -> Response {
    see_other(
        &format!("{}/account?done={}", front.cookies.base, done.word()),
        Vec::new(),
    )
    .unwrap_or_else(|| unavailable(front, "page.location"))
}

/// `POST /account/purposes`
pub(crate) async fn attest(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "account").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let text = |name: &str| fields.one(name).ok().flatten().map(str::to_owned);
    let purpose = match purpose_form::read(&fields) {
        Ok(purpose) => purpose,
        Err(why) => return refused(&front, &browser, why).await,
    };
    let attestation = Attestation {
        dataset: text("dataset").unwrap_or_default(),
        project: text("project"),
        institution: text("institution"),
        purpose,
    };
    if attestation.project.as_deref().is_none_or(str::is_empty) {
        return refused(&front, &browser, "Name the project.".into()).await;
    }
    let caller = match as_caller(&front, &browser) {
        Ok(caller) => caller,
        Err(error) => return store_problem(&front, &error),
    };
    match Box::pin(committee::attest(&front.broker, &caller, attestation)).await {
        Ok(_) => back(&front, Done::Attested),
        Err(error) => governed(&front, &browser, &error).await,
    }
}

/// `POST /account/purposes/default`
pub(crate) async fn default_purpose(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "account").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let purpose = match purpose_form::read(&fields) {
        Ok(purpose) => purpose,
        Err(why) => return refused(&front, &browser, why).await,
    };
    let caller = match as_caller(&front, &browser) {
        Ok(caller) => caller,
        Err(error) => return store_problem(&front, &error),
    };
    match Box::pin(committee::choose_default(&front.broker, &caller, Some(purpose))).await {
        Ok(_) => back(&front, Done::Default),
        Err(error) => governed(&front, &browser, &error).await,
    }
}

/// `POST /account/cli-keys/end`
pub(crate) async fn end_key(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "account").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let key = fields.one("key").ok().flatten().unwrap_or_default();
    let ended = clients::revoke_key(&mut front.broker.db(), &browser.row.person, key, front.broker.now()).await;
    finished(&front, ended.map(drop), Done::Key)
}

/// `POST /account/sessions/end`: only one of one's own.
pub(crate) async fn end_session(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "account").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let sid = fields.one("session").ok().flatten().unwrap_or_default();
    let own = sessions::of_person(&mut front.broker.db(), &browser.row.person, front.broker.now()).await;
    match own {
        Ok(own) if own.iter().any(|row| row.sid == sid) => {
            let ended = home::end(&front, sid).await;
            finished(&front, ended, Done::Session)
        }
        Ok(_) => refused(&front, &browser, "There is no such session of yours.".into()).await,
        Err(error) => store_problem(&front, &error),
    }
}

/// `POST /account/consents/end`
pub(crate) async fn end_consent(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "account").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let client = fields.one("client").ok().flatten().unwrap_or_default();
    let ended = clients::withdraw_consent(&mut front.broker.db(), &browser.row.person, client).await;
    finished(&front, ended.map(drop), Done::Consent)
}

/// `POST /account/services/end`: the tokens that one program holds.
pub(crate) async fn end_service(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "account").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let client = fields.one("client").ok().flatten().unwrap_or_default();
    match services::end(&front.broker, &browser.row.person, client).await {
        Ok(true) => back(&front, Done::Service),
        Ok(false) => refused(&front, &browser, "That program holds no tokens of yours.".into()).await,
        Err(Unrecorded::Store(error)) => store_problem(&front, &error),
        Err(error) => {
            tracing::error!(error.code = error.code(), %error, "the end of tokens could not be recorded");
            unavailable(&front, error.code())
        }
    }
}

fn finished(front: &Front, result: Result<(), StoreError>, done: Done) -> Response {
    match result {
        Ok(()) => back(front, done),
        Err(error) => store_problem(front, &error),
    }
}

async fn refused(front: &Front, browser: &Browser, why: String) -> Response {
    account::answer(front, browser, StatusCode::UNPROCESSABLE_ENTITY, None, Some(why)).await
}

/// A step of governance that did not happen, in a sentence.
async fn governed(front: &Front, browser: &Browser, error: &GovernError) -> Response {
    let why = match error {
        GovernError::Denied { reasons } => match reasons.first() {
            Some(reason) => format!("{} {}", reason.sentence, reason.remedy),
            None => "The policies of this node do not permit this.".to_owned(),
        },
        GovernError::Store { .. }
        | GovernError::Audit { .. }
        | GovernError::Change { .. }
        | GovernError::Facts { .. } => {
            tracing::error!(error.code = error.code(), %error, "a purpose could not be recorded");
            return unavailable(front, "page.purpose");
        }
        GovernError::NoDataset { .. }
        | GovernError::Unknown { .. }
        | GovernError::Input { .. }
        | GovernError::Conflict { .. } => format!("{error} ({})", error.code()),
    };
    refused(front, browser, why).await
}

/// The person of a browser session, as the steps of governance want a caller: our own page is the client.
pub(super) fn as_caller(front: &Front, browser: &Browser) -> Result<Caller, StoreError> {
    let row = &browser.row;
    let mut digest = [0; 32];
    digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, row.digest.as_bytes()).as_ref());
    Ok(Caller {
        person: row.person.clone(),
        identity: front.broker.identity_of(&row.person)?,
        login: Some(row.identity.clone()),
        client: "visum-account".to_owned(),
        client_kind: ClientKind::Browser,
        scope: vec!["visum:self".to_owned()],
        auth_time: Some(row.auth_time),
        acr: row.acr.clone(),
        amr: row.amr.clone(),
        assurance: row.assurance,
        expires: row.expires,
        jti: row.sid.clone(),
        token_digest: digest,
        address: None,
    })
}
