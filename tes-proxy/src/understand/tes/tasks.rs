//! `GET /tasks`: the caller's tasks from our own index (`apis.md` 3.5, 4.3).

use std::sync::Arc;

use audit_log::EventType;
use axum::response::Response;
use futures::{StreamExt, stream};
use policy_engine::intent::Action;

use crate::{
    api::{
        Incoming,
        tes::{ShownTask, State, Task, TaskPage, View},
    },
    gate::{Caller, Question, Recorded},
    limits,
    ownership::{
        index::{duties, tes_state},
        item, page, refresh,
    },
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router::json,
    store::{Work, WorkFilter},
};

use super::{
    mounted,
    task::{shown, told},
};

/// What is asked for.
struct Asked<'q> {
    name_prefix: &'q str,
    state: Option<State>,
    tags: Vec<(String, String)>,
}

/// A list of one's own things rests on ownership, looked up in our own index.
struct Own;

impl Recorded for Own {}

/// `GET`.
pub(crate) async fn list(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    let query = incoming.query(
        &["name_prefix", "state", "page_size", "page_token", "view"],
        &["tag_key", "tag_value"],
    )?;
    let fault = |what: &str| {
        Problem::refused(
            "request.query",
            format!("`{what}` has a value that this route does not take"),
        )
    };
    let view = View::of(query.one("view")).ok_or_else(|| fault("view"))?;
    let state = query
        .one("state")
        .map(|word| State::of(word).ok_or_else(|| fault("state")))
        .transpose()?;
    let (keys, values) = (query.all("tag_key"), query.all("tag_value"));
    if keys.iter().any(|key| key.to_ascii_lowercase().starts_with("visum.")) {
        return Err(Problem::refused(
            "task.tags_reserved",
            "tags that begin with `visum.` are the node's own",
        ));
    }
    let tags = keys
        .iter()
        .enumerate()
        .map(|(at, key)| {
            (
                (*key).to_owned(),
                values.get(at).map_or_else(String::new, |value| (*value).to_owned()),
            )
        })
        .collect();
    let asked = Asked {
        name_prefix: query.one("name_prefix").unwrap_or_default(),
        state,
        tags,
    };
    let size = query.page_size()? as usize;
    let caller = parts.required(incoming, Api::Tes, Vec::new()).await?;
    let question = format!(
        "tes|{}|{:?}|{:?}|{:?}",
        asked.name_prefix,
        asked.state,
        asked.tags,
        query.one("view")
    );
    let before = match query.one("page_token").filter(|token| !token.is_empty()) {
        Some(token) => Some(
            page::open(
                &parts.sealer,
                token,
                &caller.owner(),
                &question,
                parts.gate.now().unix(),
            )
            .map_err(|_| {
                Problem::refused(
                    "request.page_token",
                    "this page token is not one of yours for this question",
                )
            })?,
        ),
        None => None,
    };
    let (works, more) = own(parts, &caller, "task", before, size, |work| asked.fits(work)).await?;
    let after = works.last().map(|work| work.seq).filter(|_| more);
    let receipt = parts
        .gate
        .writer
        .append(parts.gate.event(EventType::TesListTasks, &caller));
    let mut tasks = Vec::with_capacity(works.len());
    for work in works {
        // logs of a list are those of BASIC at most: a FULL view is asked for one task at a time
        let view = if duties(&work).iter().any(|duty| duty == "max_view") {
            View::Minimal
        } else if view == View::Full {
            View::Basic
        } else {
            view
        };
        tasks.push(of_list(parts, work, view).await?);
    }
    let receipt = receipt
        .await
        .map_err(|_| Problem::from(crate::gate::NoPermit::Unrecorded))?;
    let next_page_token = after.map(|after| next(parts, &caller, &question, after)).transpose()?;
    json(&TaskPage { tasks, next_page_token }, Some(receipt.header_value()))
}

/// One of a list. A backend that is down hides none of what the others have: its tasks are told from the index alone.
async fn of_list(parts: &Parts, work: Work, view: View) -> Result<ShownTask, Problem> {
    if parts.tes.len() < 2 {
        return shown(parts, &Own, work, view).await;
    }
    match shown(parts, &Own, work.clone(), view).await {
        Err(_) => told(parts, work, Vec::new(), view),
        shown => shown,
    }
}

/// The token of the next page.
///
/// # Errors
/// 500 if it cannot be sealed.
pub(crate) fn next(parts: &Parts, caller: &Caller, question: &str, after: i64) -> Result<String, Problem> {
    let until = parts.gate.now().plus(limits::PAGE_LIFE).unix();
    page::seal(
        &parts.sealer,
        &caller.owner(),
        question,
        after,
        until,
        parts.gate.nonce(),
    )
    .map_err(|_| {
        Problem::new(
            http::StatusCode::INTERNAL_SERVER_ERROR,
            "page.seal",
            "the page token could not be made",
        )
    })
}

/// The caller's rows, newest first, asked for at the backend where they still live, filtered, and whether there are more.
///
/// # Errors
/// 503 when the index does not answer.
pub(crate) async fn own(
    parts: &Parts,
    caller: &Caller,
    kind: &'static str,
    before: Option<i64>,
    size: usize,
    fits: impl Fn(&Work) -> bool,
) -> Result<(Vec<Work>, bool), Problem> {
    let read = if kind == "run" {
        Action::WesRead
    } else {
        Action::TesRead
    };
    let mut kept = Vec::new();
    let mut before = before;
    loop {
        let filter = WorkFilter {
            kind,
            owners: caller.owners(),
            before,
            limit: i64::try_from(size.saturating_add(1)).unwrap_or(i64::MAX),
        };
        let rows = parts.works.list(&filter).await?;
        let last = rows.len() <= size;
        before = rows.last().map(|work| work.seq);
        let mut fresh = stream::iter(rows.into_iter().map(|work| refresh(parts, work))).buffered(8);
        while let Some(work) = fresh.next().await {
            let work = work?;
            let Ok(item) = item(&work, parts.gate.now()) else {
                continue;
            };
            let mine = parts
                .gate
                .decide(caller, &Question::Work(read, Arc::new(item)))
                .decision
                .allow();
            // a narrowed token tells of nothing beside its datasets
            let told = caller.scope.as_ref().is_none_or(|session| session.sees(&work));
            if mine && told && fits(&work) {
                if kept.len() == size {
                    return Ok((kept, true));
                }
                kept.push(work);
            }
        }
        if last {
            return Ok((kept, false));
        }
    }
}

impl Asked<'_> {
    fn fits(&self, work: &Work) -> bool {
        let Ok(task) = serde_json::from_str::<Task>(&work.request) else {
            return false;
        };
        let tags = task.tags.unwrap_or_default();
        work.name.starts_with(self.name_prefix)
            && self.state.is_none_or(|state| tes_state(work) == state)
            && self
                .tags
                .iter()
                .all(|(key, value)| tags.get(key).is_some_and(|tag| value.is_empty() || tag == value))
    }
}
