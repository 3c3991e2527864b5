//! The tour: ten steps, each a real call through the real parts.

mod compute;
mod data;
mod log;
mod login;

use serde_json::Value;

use super::{people::Person, screen::Screen};
use crate::{client::session::fact, error::CommandError};

/// What the steps share.
#[derive(Debug)]
pub(crate) struct Tour<'t> {
    /// What `demo.json` says.
    pub(crate) facts: &'t Value,
    /// The page.
    pub(crate) screen: &'t mut Screen,
    /// How `DIR` is written in commands for people.
    pub(crate) data: String,
}

impl Tour<'_> {
    fn fact(&self, pointer: &str) -> Result<String, CommandError> {
        fact(self.facts, pointer).map(str::to_owned)
    }

    /// `file://` address of the sink of Ada's house, with a name in it.
    fn sink(&self, name: &str) -> Result<String, CommandError> {
        Ok(format!("{}{name}", self.fact("/outputs/url")?))
    }

    /// An input of a task, by its DRS id.
    fn drs(&self, object: &str) -> Result<String, CommandError> {
        Ok(format!("{}{object}", self.fact("/proxy/drs_uri")?))
    }
}

/// Number of steps.
pub(crate) const STEPS: u32 = 10;

/// Walks through all steps; what went wrong stands on the screen and in its exit status.
///
/// # Errors
/// If a party stops answering.
pub(crate) async fn walk(mut tour: Tour<'_>, writer: &audit_log::Writer) -> Result<(), CommandError> {
    let ada = login::ada_logs_in(&mut tour).await?;
    login::ada_looks_at_her_passport(&mut tour, &ada).await?;
    data::ada_reads_a_dataset(&mut tour, &ada).await?;
    data::a_grant_is_not_enough(&mut tour, &ada).await?;
    compute::a_task_runs(&mut tour, &ada).await?;
    compute::one_input_too_many(&mut tour, &ada).await?;
    let dan = compute::the_committee_grants(&mut tour, &ada).await?;
    compute::a_run_is_judged_whole(&mut tour, &ada).await?;
    compute::a_participant_withdraws(&mut tour, &ada, &dan).await?;
    log::the_log_is_whole(&mut tour, writer).await
}

/// Code and sentence of a refusal, for the screen.
fn refusal(reply: &crate::client::http::Reply) -> (String, String) {
    let body = reply.json();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let reasons = body
        .get("reasons")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut words = format!("{} {}", reply.status.as_u16(), text(&body, "code"));
    for reason in &reasons {
        let at = text(reason, "dataset");
        words.push_str(&format!(
            "\n{}{} ({})",
            if at.is_empty() {
                String::new()
            } else {
                format!("{at}: ")
            },
            text(reason, "sentence"),
            text(reason, "code")
        ));
        let remedy = text(reason, "remedy");
        if !remedy.is_empty() {
            words.push_str(&format!("\nwhat would help: {remedy}"));
        }
    }
    (text(&body, "code"), words)
}

/// Whether a refusal names `code` as its own code or among its reasons.
fn says(reply: &crate::client::http::Reply, code: &str) -> bool {
    let body = reply.json();
    let is = |value: &Value| value.get("code").and_then(Value::as_str) == Some(code);
    is(&body)
        || body
            .get("reasons")
            .and_then(Value::as_array)
            .is_some_and(|reasons| reasons.iter().any(is))
}

/// A person, logged in by script.
async fn person(tour: &Tour<'_>, hint: &str) -> Result<Person, CommandError> {
    Person::login(tour.facts, hint).await
}
