//! What an approval does not mend, told to those who can: administrators see it at their next sign-in. It changes nothing.

use audit_log::{AboutKind, Class, Event, EventType, Outcome, Why};
use policy_engine::consent::Recorder;
use policy_engine::snapshot::RoleGrant;

use super::{seat, view};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{GovernError, Lack};
use crate::mail;
use crate::record;
use crate::session::digest_of;
use crate::store::StoreError;
use crate::store::notices::{self, Notice};
use crate::store::people::PersonId;
use crate::store::roles::RoleRow;

/// Whether administrators of the node are who can record it.
const fn is_the_nodes(recorder: Recorder) -> bool {
    matches!(
        recorder,
        Recorder::RegisterKeeper | Recorder::Custodian | Recorder::Provider
    )
}

fn lacking(shown: &view::Shown, code: &str) -> Option<Lack> {
    let mut lacks = shown.foreseen.each.iter().flat_map(|one| &one.lacks);
    lacks
        .find(|lack| is_the_nodes(lack.recorder) && lack.reason.code == code)
        .cloned()
}

/// Tells the administrators of a lack that this application would still have after an approval, once each. How many were
/// told.
///
/// # Errors
/// [`GovernError`]; also where the page shows no such lack.
pub async fn tell(broker: &Broker, caller: &Caller, id: &str, code: &str) -> Result<usize, GovernError> {
    let seen = seat::open(broker, caller, id).await?;
    let shown = view::shown(broker, caller, seen).await?;
    if !shown.may.decide {
        return Err(seat::unknown(id));
    }
    let Some(lack) = lacking(&shown, code) else {
        return Err(GovernError::Unknown {
            what: "lack",
            id: code.to_owned(),
        });
    };
    let now = broker.now();
    let words = format!(
        "The committee {} has the application {} before it, which would be refused even after an approval: {} ({code}). \
         It asks for this to be recorded. {}",
        shown.committee, shown.row.id, lack.reason.sentence, lack.reason.remedy
    );
    let mut people: Vec<PersonId> = Vec::new();
    for row in broker.live::<RoleRow>().await? {
        let is_admin = matches!(&row.role, RoleGrant::Role(name) if name == "administrator");
        if is_admin
            && now < row.until
            && let Some(person) = broker.person_of(&row.person).await?
            && !people.contains(&person)
        {
            people.push(person);
        }
    }
    if people.is_empty() {
        return Err(GovernError::Conflict {
            code: "application.nobody_to_tell",
            message: "No administrator of this node has signed in yet: ask its operator by another way.".to_owned(),
        });
    }
    let event = Event::new(EventType::ChangeApprove, Outcome::Success)
        .who(record::who(broker, caller, Class::Dac)?)
        .why(Why::code("application.told"))
        .about(AboutKind::Application, shown.row.id.as_str());
    broker.writer().append(event).await?;
    for person in &people {
        let notice = Notice {
            // one for each thing that is lacking: asking twice tells once
            id: digest_of(&format!("told {} {code} {person}", shown.row.id)),
            at: now,
            words: words.clone(),
        };
        match notices::put(&mut broker.db(), person, &notice).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    mail::tell(broker, &people, "/account").await;
    Ok(people.len())
}
