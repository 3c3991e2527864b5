//! `POST /visum/v1/can-i`: would this task, run or use be permitted? Judged before anything is queued, by the very code
//! that judges submissions; all that is missing at once.

mod image;
mod question;
mod which;

use axum::{body::Body, response::Response};
use policy_engine::consent::ResearchPurpose;
use serde_json::json;

use self::question::{Asked, Subject};
use super::{
    explain::stated,
    judged::{self, How},
    told::told,
};
use crate::{
    api::{Incoming, body as whole, parse_json},
    limits,
    problem::{Api, Problem},
    proxy::Proxy,
    router,
};

/// `POST`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let full = judged::full(&incoming.query(&["explain"], &[])?)?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let bytes = whole(&incoming.headers, body, &["application/json"], limits::CAN_I_BYTES).await?;
    let mut asked: Asked = parse_json(&bytes)?;
    let purpose: Option<ResearchPurpose> = stated(asked.purpose.take())?;
    let at = asked.at;
    let mut intent = match question::subject(parts, &caller, asked).await? {
        Subject::Use(intent) => *intent,
        Subject::Purpose => {
            let purpose = purpose.ok_or_else(|| {
                Problem::refused(
                    "can_i.nothing",
                    "say a `task`, a `run`, `objects`, `datasets`, or a `purpose` alone",
                )
            })?;
            return which::answer(parts, &caller, purpose, at).await;
        }
    };
    intent.purpose = purpose;
    let images = image::known(parts, &intent.runs).await;
    let how = How {
        door: "can-i",
        full,
        at,
    };
    let judged = judged::judge(parts, &caller, intent, how).await?;
    let mut answer = told(parts, &caller, &judged);
    if let Some(members) = answer.as_object_mut() {
        members.insert("images".to_owned(), json!(images));
    }
    parts.keep_page(&caller, &judged.id, &answer);
    router::json(&answer, Some(judged.receipt))
}
