//! Which TES gets a task: one that takes it and may hold all that it reads.

use std::sync::Arc;

use audit_log::EventType;
use policy_engine::intent::Intent;

use crate::{
    api::tes::Task,
    gate::Caller,
    problem::Problem,
    proxy::Parts,
    session::{Wished, belongs, bind, nowhere},
    understand::{
        NotUnderstood,
        choice::{Choice, decision},
    },
};

use super::{Site, create::intent, sites};

/// A place, with what the task would mean there.
type Placed<'p> = (Site<'p>, Arc<Intent>);

/// The first place, in the order of the settings, where all of the task is permitted; else the one whose denial says most.
///
/// # Errors
/// What the first of them refuses where none takes it; a denial of the session's bounds.
pub(super) async fn chosen<'p>(
    parts: &'p Parts,
    caller: &Caller,
    task: &Task,
    wished: &Wished,
) -> Result<Placed<'p>, Problem> {
    match choice(parts, caller, (task, wished), sites(parts)).await?.end()? {
        Some(chosen) => Ok(chosen),
        None => Err(nowhere(parts, caller, EventType::TesCreateTask).await),
    }
}

/// Another place for a task of which these heard nothing: one that answers, and where all of it is permitted.
pub(super) async fn another<'p>(
    parts: &'p Parts,
    caller: &Caller,
    task: &Task,
    wished: &Wished,
    tried: &[Site<'_>],
) -> Option<Placed<'p>> {
    let left: Vec<Site<'p>> = sites(parts)
        .into_iter()
        .filter(|site| !site.backend.is_open() && tried.iter().all(|old| old.mount.name != site.mount.name))
        .collect();
    if left.is_empty() {
        return None;
    }
    let choice = choice(parts, caller, (task, wished), left).await;
    choice.ok().and_then(Choice::permitted)
}

async fn choice<'p>(
    parts: &'p Parts,
    caller: &Caller,
    (task, wished): (&Task, &Wished),
    sites: Vec<Site<'p>>,
) -> Result<Choice<Placed<'p>, NotUnderstood>, Problem> {
    let several = parts.tes.len() > 1;
    let mut choice = Choice::between(parts.tes.len());
    for site in sites {
        if several && !belongs(caller, &site.mount.service) {
            continue;
        }
        let mut intent = match intent(task, site.mount, &mut parts.scan()) {
            Ok(intent) => intent,
            Err(refused) => {
                choice.refuse(refused);
                continue;
            }
        };
        bind(parts, caller, EventType::TesCreateTask, &mut intent, wished).await?;
        let intent = Arc::new(intent);
        let asked = Arc::clone(&intent);
        if choice.offer((site, intent), || decision(parts, caller, asked)) {
            break;
        }
    }
    Ok(choice)
}
