//! Which institution: the only one, the hinted one, or a page with all of them, the last one first, and a search.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::arrive::last_of;
use super::login::{leave, see_other};
use super::refusal::{login_problem, store_problem};
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, Targets, show};
use crate::upstream::{self, Ask, LoginProblem, Upstream};

/// So many are shown at once; a search finds the others.
const SHOWN: usize = 50;
/// From so many on there is a search field.
const SEARCH_FROM: usize = 6;
/// Longest text that is searched for, in bytes.
const SEARCH_BYTES: usize = 200;

/// A login that something of ours needs before it can go on.
#[derive(Clone, Debug)]
pub(crate) struct LoginWish {
    /// What is asked of the institution.
    pub(crate) ask: Ask,
    /// Which institution, if the program knows.
    pub(crate) institution: Option<String>,
    /// The program's name, for the page.
    pub(crate) client: Option<String>,
    /// Where to go on: a path and query of ours.
    pub(crate) then: String,
}

/// The choice page.
#[derive(Debug, Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    client: Option<String>,
    choices: Vec<Choice>,
    /// The search form, where there are many.
    search: bool,
    searched: String,
    choice: String,
    more: usize,
}

#[derive(Debug)]
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) host: String,
    pub(super) initial: String,
    pub(super) last: bool,
}

impl Choice {
    pub(super) fn of(upstream: &Upstream, last: Option<&str>) -> Self {
        Self {
            id: upstream.id.clone(),
            name: upstream.name.clone(),
            host: host_of(&upstream.issuer).to_owned(),
            initial: upstream
                .name
                .chars()
                .next()
                .map(|first| first.to_uppercase().to_string())
                .unwrap_or_default(),
            last: last == Some(upstream.id.as_str()),
        }
    }
}

/// What a link of the choice page carries, sealed: nobody else can begin a login here that goes on elsewhere.
#[derive(Serialize, Deserialize)]
struct Chosen {
    login_hint: Option<String>,
    acr_values: Vec<String>,
    fresh: bool,
    client: Option<String>,
    then: String,
}

/// Sends the browser to the only, or the hinted, institution; else shows the choice.
pub(crate) async fn begin_login(front: &Front, wish: LoginWish) -> Response {
    let upstreams = match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => upstreams,
        Err(error) => return store_problem(front, &error),
    };
    let hinted = wish.institution.as_deref().and_then(|hint| {
        upstreams
            .iter()
            .find(|upstream| upstream.id == hint || upstream.issuer == hint)
    });
    let only = match upstreams.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    if let Some(upstream) = hinted.or(only) {
        return leave(front, upstream, &wish.ask, wish.then).await;
    }
    let chosen = Chosen {
        login_hint: wish.ask.login_hint,
        acr_values: wish.ask.acr_values,
        fresh: wish.ask.fresh,
        client: wish.client,
        then: wish.then,
    };
    let until = front.broker.now().plus(limits::PENDING);
    let Ok(choice) = front.cookies.sealer.seal("choice", &chosen, until) else {
        return login_problem(front, &LoginProblem::TooLong);
    };
    let page = format!("{}/login?choice={choice}", front.cookies.base);
    see_other(&page, Vec::new()).unwrap_or_else(|| login_problem(front, &LoginProblem::Unavailable))
}

fn page(front: &Front, headers: &HeaderMap, upstreams: &[Arc<Upstream>], chosen: &Chosen, search: &str) -> Response {
    let until = front.broker.now().plus(limits::PENDING);
    let Ok(choice) = front.cookies.sealer.seal("choice", chosen, until) else {
        return login_problem(front, &LoginProblem::TooLong);
    };
    let last = last_of(front, headers).map(|last| last.upstream);
    let mut found = matching(upstreams, search);
    // The one used last comes first, where it fits the search.
    found.sort_by_key(|upstream| Some(&upstream.id) != last.as_ref());
    let more = found.len().saturating_sub(SHOWN);
    let choices = found
        .into_iter()
        .take(SHOWN)
        .map(|upstream| Choice::of(upstream, last.as_deref()))
        .collect();
    let page = LoginPage {
        frame: front.frame("Choose your institution", None),
        client: chosen.client.clone(),
        choices,
        search: upstreams.len() >= SEARCH_FROM,
        searched: search.to_owned(),
        choice,
        more,
    };
    show(StatusCode::OK, &page, &Targets::Own)
}

/// Those whose name or host holds every word of the search, whatever its case.
fn matching<'u>(upstreams: &'u [Arc<Upstream>], search: &str) -> Vec<&'u Arc<Upstream>> {
    let search = search.to_lowercase();
    let words: Vec<&str> = search.split_whitespace().collect();
    let fits = |upstream: &&Arc<Upstream>| {
        let text = format!("{} {}", upstream.name.to_lowercase(), host_of(&upstream.issuer));
        words.iter().all(|word| text.contains(word))
    };
    upstreams.iter().filter(fits).collect()
}

/// An issuer as people read it.
pub(super) fn host_of(issuer: &str) -> &str {
    issuer.trim_start_matches("https://").trim_start_matches("http://")
}

/// `GET /login?choice=…&q=…`: the choice page, searched or whole.
pub(crate) async fn search(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes()).unwrap_or_default();
    let chosen = match opened(&front, &fields) {
        Ok(chosen) => chosen,
        Err(problem) => return login_problem(&front, &problem),
    };
    let text = fields.one("q").ok().flatten().unwrap_or_default();
    let mut end = text.len().min(SEARCH_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default().trim();
    match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => page(&front, &headers, &upstreams, &chosen, text),
        Err(error) => store_problem(&front, &error),
    }
}

/// `GET /login/{upstream}?choice=…`: a link of the choice page.
pub(crate) async fn chosen(State(front): State<Front>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes()).unwrap_or_default();
    let chosen = match opened(&front, &fields) {
        Ok(chosen) => chosen,
        Err(problem) => return login_problem(&front, &problem),
    };
    match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => match upstreams.iter().find(|upstream| upstream.id == id) {
            Some(upstream) => {
                let ask = Ask {
                    login_hint: chosen.login_hint,
                    acr_values: chosen.acr_values,
                    fresh: chosen.fresh,
                };
                leave(&front, upstream, &ask, chosen.then).await
            }
            None => login_problem(&front, &LoginProblem::UnknownUpstream),
        },
        Err(error) => store_problem(&front, &error),
    }
}

fn opened(front: &Front, fields: &Fields) -> Result<Chosen, LoginProblem> {
    let sealed = fields.one("choice").ok().flatten().unwrap_or_default();
    let opened = front.cookies.sealer.open("choice", sealed, front.broker.now());
    opened.map_err(|_| LoginProblem::NotPending)
}
