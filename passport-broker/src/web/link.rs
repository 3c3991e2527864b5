//! Adding another identity to one's account, and taking one off. Both identities are proven in this browser within
//! minutes, and nothing is joined before the person has seen both and said yes (`specs/trust.md` C.29).

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::account::minute;
use super::account_forms::{Posted, posted};
use super::chooser::{Choice, host_of};
use super::login::{leave, leave_for, see_other};
use super::refusal::{login_problem, signed_out, stopped, store_problem, unavailable};
use super::{LoginWish, begin_login};
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, Targets, show};
use crate::passport;
use crate::person::link::{self, Judged, LinkError};
use crate::person::offer::{self, Offer, Wish};
use crate::session::{self, Browser};
use crate::upstream::{self, Ask, LoginProblem, Upstream, UpstreamIdentity};

/// Where to add one.
#[derive(Debug, Template)]
#[template(path = "link.html")]
struct LinkPage {
    frame: Frame,
    csrf: String,
    own: Vec<Shown>,
    choices: Vec<Choice>,
    /// The sign-in behind this session is older than minutes: it is shown again first.
    stale: Option<String>,
}

/// An identity on a page.
#[derive(Debug)]
struct Shown {
    name: String,
    host: String,
    subject: String,
    since: String,
}

/// Both, side by side.
#[derive(Debug, Template)]
#[template(path = "link_confirm.html")]
struct ConfirmPage {
    frame: Frame,
    csrf: String,
    offer: String,
    account: String,
    own: Vec<Shown>,
    other: Shown,
    called: Option<String>,
    again: bool,
    closing: Option<String>,
}

/// `GET /account/link`: which institution. `?with=` names the one that was chosen before the sign-in was shown again.
pub(crate) async fn page(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes()).unwrap_or_default();
    let with = fields.one("with").ok().flatten().map(str::to_owned);
    let browser = match current(&front, &headers).await {
        Ok(Some(browser)) => browser,
        Ok(None) => {
            let wish = LoginWish {
                ask: Ask::default(),
                institution: None,
                client: None,
                then: format!("{}/account/link", front.cookies.base),
            };
            return begin_login(&front, wish).await;
        }
        Err(response) => return *response,
    };
    match shown(&front, &browser, with.as_deref()).await {
        Ok(page) => show(StatusCode::OK, &page, &Targets::Own),
        Err(error) => store_problem(&front, &error),
    }
}

async fn shown(front: &Front, browser: &Browser, with: Option<&str>) -> Result<LinkPage, crate::store::StoreError> {
    let upstreams = upstream::upstreams(&front.broker).await?;
    let mut choices: Vec<Choice> = upstreams.iter().map(|upstream| Choice::of(upstream, with)).collect();
    if with.is_some() && choices.iter().any(|choice| choice.last) {
        choices.retain(|choice| choice.last);
    }
    let stale = (!fresh(browser.row.auth_time, front.broker.now()))
        .then(|| named(&upstreams, browser.row.identity.iss.as_str()).to_owned());
    Ok(LinkPage {
        frame: front.frame("Add another identity", Some(browser)),
        csrf: browser.csrf(&front.cookies, "link"),
        own: own(front, browser, &upstreams).await?,
        choices,
        stale,
    })
}

/// `POST /account/link`: off to the other institution; or first, where the session is older than minutes, to the one
/// that it came from.
pub(crate) async fn begin(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "link").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let id = fields.one("institution").ok().flatten().unwrap_or_default();
    let upstreams = match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => upstreams,
        Err(error) => return store_problem(&front, &error),
    };
    let Some(wanted) = upstreams.iter().find(|upstream| upstream.id == id) else {
        return login_problem(&front, &LoginProblem::UnknownUpstream);
    };
    let fresh_login = Ask {
        fresh: true,
        ..Ask::default()
    };
    if fresh(browser.row.auth_time, front.broker.now()) {
        let sid = Some(browser.row.sid.clone());
        return leave_for(&front, wanted, &fresh_login, String::new(), sid).await;
    }
    let issuer = browser.row.identity.iss.as_str();
    match upstreams.iter().find(|upstream| upstream.issuer == issuer) {
        Some(own) => {
            let then = format!("{}/account/link?with={}", front.cookies.base, wanted.id);
            leave(&front, own, &fresh_login, then).await
        }
        None => login_problem(&front, &LoginProblem::UnknownUpstream),
    }
}

/// Back from the other institution: the proven identity waits for the person's word.
pub(super) async fn proven(
    front: &Front,
    headers: &HeaderMap,
    upstream: &Arc<Upstream>,
    login: UpstreamIdentity,
    sid: String,
    over: &str,
    now: Timestamp,
) -> Result<Response, LoginProblem> {
    // the session that began it must still be this browser's: nobody adds an identity to another one's account
    let browser = session::current(&front.cookies, &mut front.broker.db(), headers, now).await?;
    if browser.is_none_or(|browser| browser.row.sid != sid) {
        return Err(LoginProblem::NotPending);
    }
    if !login.auth_time_stated || !fresh(login.auth_time, now) {
        return Err(LoginProblem::NotFresh);
    }
    let offer = Offer {
        login,
        upstream: upstream.id.clone(),
        wish: Wish::Link { sid },
        proven: now,
    };
    let secret = offer::keep(front, offer, now).await?;
    let jar = &front.cookies.jar;
    let unavailable = |_| LoginProblem::Unavailable;
    let cookies = vec![
        jar.clear(over).map_err(unavailable)?,
        jar.set("offer", &secret, limits::PENDING.as_secs())
            .map_err(unavailable)?,
    ];
    see_other(&format!("{}/account/link/confirm", front.cookies.base), cookies).ok_or(LoginProblem::Unavailable)
}

/// `GET /account/link/confirm`: both identities, and what would happen.
pub(crate) async fn confirm(State(front): State<Front>, headers: HeaderMap) -> Response {
    let browser = match current(&front, &headers).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return signed_out(&front),
        Err(response) => return *response,
    };
    let now = front.broker.now();
    let secret = front.cookies.jar.read(&headers, "offer").unwrap_or_default();
    let offer = match offer::look(&front, secret, now).await {
        Ok(Some(offer)) if theirs(&offer, &browser, now) => offer,
        Ok(_) => return over(&front, &browser),
        Err(error) => return store_problem(&front, &error),
    };
    let judged = match link::judge(&front.broker, &browser.row.person, &offer.login).await {
        Ok(judged) => judged,
        Err(error) => return failed(&front, &browser, error),
    };
    let (again, closing) = match &judged {
        Judged::Free => (false, None),
        Judged::Again => (true, None),
        Judged::Closing(other) => (false, Some(other.as_str().to_owned())),
        Judged::Own | Judged::Taken { .. } | Judged::Contradicts(_) | Judged::TooMany => {
            return failed(&front, &browser, LinkError::Refused(judged));
        }
    };
    let upstreams = match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => upstreams,
        Err(error) => return store_problem(&front, &error),
    };
    let own = match own(&front, &browser, &upstreams).await {
        Ok(own) => own,
        Err(error) => return store_problem(&front, &error),
    };
    let page = ConfirmPage {
        frame: front.frame("Add this identity?", Some(&browser)),
        csrf: browser.csrf(&front.cookies, "link-confirm"),
        // binds the form to the very identity that the page shows
        offer: session::digest_of(secret),
        account: browser.row.person.as_str().to_owned(),
        own,
        other: Shown {
            name: named(&upstreams, &offer.login.issuer).to_owned(),
            host: host_of(&offer.login.issuer).to_owned(),
            subject: offer.login.subject.clone(),
            since: minute(offer.proven),
        },
        called: offer.login.name.clone(),
        again,
        closing,
    };
    show(StatusCode::OK, &page, &Targets::Own)
}

/// `POST /account/link/confirm`: yes or no.
pub(crate) async fn decide(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "link-confirm").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let now = front.broker.now();
    let secret = front.cookies.jar.read(&headers, "offer").unwrap_or_default();
    let shown = fields.one("offer").ok().flatten().unwrap_or_default();
    if shown != session::digest_of(secret) {
        return over(&front, &browser);
    }
    let offer = match offer::take(&front, secret, now).await {
        Ok(Some(offer)) if theirs(&offer, &browser, now) => offer,
        Ok(_) => return over(&front, &browser),
        Err(error) => return store_problem(&front, &error),
    };
    let gone: Vec<_> = front.cookies.jar.clear("offer").into_iter().collect();
    if fields.one("decision").ok().flatten() != Some("add") {
        return to_account(&front, "kept", gone);
    }
    let upstreams = match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => upstreams,
        Err(error) => return store_problem(&front, &error),
    };
    let name = named(&upstreams, &offer.login.issuer).to_owned();
    if let Err(error) = Box::pin(link::link(&front.broker, &browser.row, &offer.login, &name)).await {
        return failed(&front, &browser, error);
    }
    if let (Some(upstream), Ok(identity)) = (
        upstreams.iter().find(|upstream| upstream.id == offer.upstream),
        offer.identity(),
    ) {
        passport::collect_at_login(
            &front.broker,
            &browser.row.person,
            upstream,
            &identity,
            &offer.login,
            now,
        )
        .await;
    }
    to_account(&front, "linked", gone)
}

/// `POST /account/unlink`
pub(crate) async fn unlink(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "account").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let text = fields.one("identity").ok().flatten().unwrap_or_default();
    let Ok(identity) = text.parse::<VisaIdentity>() else {
        return failed(&front, &browser, LinkError::Unknown);
    };
    let upstreams = match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => upstreams,
        Err(error) => return store_problem(&front, &error),
    };
    let name = named(&upstreams, identity.iss.as_str()).to_owned();
    match Box::pin(link::unlink(&front.broker, &browser.row, &identity, &name)).await {
        // The session that came with it is over too.
        Ok(()) if browser.row.identity == identity => {
            let cookies = front.cookies.jar.clear("session").into_iter().collect();
            see_other(&format!("{}/", front.cookies.base), cookies)
                .unwrap_or_else(|| unavailable(&front, "page.location"))
        }
        Ok(()) => to_account(&front, "unlinked", Vec::new()),
        Err(error) => failed(&front, &browser, error),
    }
}

/// Whether an offer is of this session, and both proofs are of the same minutes.
fn theirs(offer: &Offer, browser: &Browser, now: Timestamp) -> bool {
    let session = matches!(&offer.wish, Wish::Link { sid } if *sid == browser.row.sid);
    session
        && now < offer.proven.plus(limits::LINK_PROOF)
        && offer.proven < browser.row.auth_time.plus(limits::LINK_PROOF * 2)
}

fn fresh(auth_time: Timestamp, now: Timestamp) -> bool {
    now < auth_time.plus(limits::LINK_PROOF)
}

async fn current(front: &Front, headers: &HeaderMap) -> Result<Option<Browser>, Box<Response>> {
    session::current(&front.cookies, &mut front.broker.db(), headers, front.broker.now())
        .await
        .map_err(|error| Box::new(store_problem(front, &error)))
}

async fn own(
    front: &Front,
    browser: &Browser,
    upstreams: &[Arc<Upstream>],
) -> Result<Vec<Shown>, crate::store::StoreError> {
    let counting = front.broker.counting(&browser.row.person).await?;
    Ok(counting
        .into_iter()
        .map(|entry| Shown {
            name: named(upstreams, entry.identity.iss.as_str()).to_owned(),
            host: host_of(entry.identity.iss.as_str()).to_owned(),
            subject: entry.identity.sub.as_str().to_owned(),
            since: minute(entry.first_seen),
        })
        .collect())
}

/// What pages call an issuer.
fn named<'u>(upstreams: &'u [Arc<Upstream>], issuer: &'u str) -> &'u str {
    upstreams
        .iter()
        .find(|upstream| upstream.issuer == issuer)
        .map_or(issuer, |upstream| upstream.name.as_str())
}

fn to_account(front: &Front, done: &str, cookies: Vec<http::HeaderValue>) -> Response {
    see_other(&format!("{}/account?done={done}", front.cookies.base), cookies)
        .unwrap_or_else(|| unavailable(front, "page.location"))
}

fn over(front: &Front, browser: &Browser) -> Response {
    stopped(
        front,
        browser,
        "Nothing was added",
        "The sign-in at the other institution is older than five minutes, was used already, or belongs to another \
         session."
            .to_owned(),
        "Begin again on your account page, and finish within five minutes.",
        "link.over",
    )
}

/// Why an identity was not added or taken off.
fn failed(front: &Front, browser: &Browser, error: LinkError) -> Response {
    let heading = "Nothing was changed";
    let stop = |sentence: String, remedy: &str, code| stopped(front, browser, heading, sentence, remedy, code);
    match error {
        LinkError::Refused(Judged::Taken { person, holds }) => stop(
            format!(
                "That identity has an account of its own here ({person}), and it holds {}. Two accounts are never \
                 merged: what was granted, voted or barred there would change hands.",
                in_words(&holds)
            ),
            "You can go on with either account. To bring all to one: sign in with that identity, let its grants run \
             out or hand them back, and ask the committees for grants to the account that you keep. An account that \
             holds nothing can be joined at once.",
            "link.taken",
        ),
        LinkError::Refused(Judged::Contradicts(other)) => stop(
            format!(
                "Your account has another identity of the same institution ({}), and that institution gives each person \
                 one.",
                other.sub
            ),
            "If your name there was changed, take the old identity off first. If an account there is shared by two \
             people, each of them needs an own one.",
            "identity.links_contradict",
        ),
        LinkError::Refused(Judged::TooMany) => stop(
            "This account has had as many identities as one may have.".to_owned(),
            "Ask the operator of this node.",
            "link.too_many",
        ),
        LinkError::Refused(_) => stop(
            "That identity belongs to your account already.".to_owned(),
            "There is nothing to do.",
            "link.own",
        ),
        LinkError::Last => stop(
            "It is the only identity of your account that counts: without it you could not sign in.".to_owned(),
            "Add another one first, or delete your account.",
            "link.last",
        ),
        LinkError::Unknown => stop(
            "Your account has no such identity.".to_owned(),
            "It may have been taken off already.",
            "link.unknown",
        ),
        LinkError::Login(problem) => login_problem(front, &problem),
        LinkError::Store(error) => store_problem(front, &error),
        LinkError::Change(_) | LinkError::Unrecorded(_) => {
            tracing::error!(%error, "a link could not be put on record");
            unavailable(front, "link.unrecorded")
        }
    }
}

/// `a`, `a and b`, `a, b and c`
fn in_words(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
