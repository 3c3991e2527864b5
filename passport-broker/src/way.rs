//! What a change of facts and a bundle of policies have in common on their way: a document with a digest, one person who
//! writes it, another who says yes to that very digest, and one event for each step (policy.md 6).

use audit_log::{Class, Digest, Event, EventType, Outcome};
use serde_json::Value;
use visa_verifier::VisaIdentity;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::canonical::{self, CanonicalError};
use crate::catalogue::{self, Agreed, ChangeError, Changing, Content};
use crate::committee::GovernError;
use crate::limits;
use crate::record;
use crate::store::governed::{Governed, RowDigest};

/// A document on its way: its content never changes, only who agreed and where it stands.
pub(crate) trait OnItsWay: Governed {
    /// What it is, in a sentence that says that there is none.
    const WHAT: &'static str;
    /// The stable code for a digest that is not its own.
    const OTHER_DIGEST: &'static str;

    /// What an approval is of: everything but who and when.
    fn content(&self) -> Value;
    /// The digest that it was written with.
    fn digest(&self) -> &str;
    /// Who approved it.
    fn approver(&self) -> Option<&VisaIdentity>;
    /// Why, in words.
    fn reason(&self) -> &str;
    /// What an event of it names.
    fn named(&self, event: Event) -> Event;
    /// Why it has no canonical form.
    fn formless(why: &dyn std::fmt::Display) -> GovernError;
}

/// All rows of the catalogue, as the log knows them.
pub(crate) async fn logged(broker: &Broker) -> Result<Content, GovernError> {
    catalogue::logged_content(broker)
        .await
        .map_err(|source| ChangeError::NotInForce { source }.into())
}

/// The document of this id.
pub(crate) async fn find<T: OnItsWay>(broker: &Broker, id: &str) -> Result<T, GovernError> {
    broker.find(id).await?.ok_or_else(|| GovernError::Unknown {
        what: T::WHAT,
        id: id.to_owned(),
    })
}

/// SHA-256 of its content in canonical form, lower-case hexadecimal.
pub(crate) fn digest<T: OnItsWay>(row: &T) -> Result<String, GovernError> {
    hash(&row.content()).map_err(|error| T::formless(&error))
}

/// SHA-256 of a canonical form, lower-case hexadecimal.
pub(crate) fn hash(value: &Value) -> Result<String, CanonicalError> {
    let text = canonical::text(value)?;
    Ok(RowDigest::of_bytes(text.as_bytes()).as_str().to_owned())
}

/// The document says what its digest says, and somebody who approves it looked at this one.
pub(crate) fn same<T: OnItsWay>(row: &T, seen: Option<&str>) -> Result<(), GovernError> {
    let message = if digest(row)? != row.digest() {
        format!("The {} is not what its digest says.", T::WHAT)
    } else if seen.is_some_and(|seen| seen != row.digest()) {
        format!(
            "This is not the digest of the {}: look at it again before you approve it.",
            T::WHAT
        )
    } else {
        return Ok(());
    };
    Err(GovernError::Conflict {
        code: T::OTHER_DIGEST,
        message,
    })
}

/// Words that are there, and not too many: their digest goes to the log.
pub(crate) fn reason(code: &'static str, text: &str) -> Result<(), GovernError> {
    if text.trim().is_empty() || text.len() > limits::TEXT_BYTES {
        return Err(GovernError::input(
            code,
            format!("Give a reason of 1 to {} bytes.", limits::TEXT_BYTES),
        ));
    }
    Ok(())
}

/// The event of a step.
pub(crate) fn event<T: OnItsWay>(
    broker: &Broker,
    caller: &Caller,
    kind: EventType,
    row: &T,
) -> Result<Event, GovernError> {
    let event = Event::new(kind, Outcome::Success).who(record::who(broker, caller, Class::Admin)?);
    Ok(row.named(event))
}

/// Who agreed to it, and why it is.
pub(crate) fn agreed<T: OnItsWay>(broker: &Broker, row: &T) -> Result<Agreed, GovernError> {
    let approvers = match row.approver() {
        Some(approver) => vec![record::person(broker, approver)?],
        None => Vec::new(),
    };
    Ok(Agreed {
        approvers,
        reason: Some(Digest::of(row.reason().as_bytes())),
    })
}

/// Why somebody took it back.
pub(crate) fn because(why: &str) -> Agreed {
    Agreed {
        reason: Some(Digest::of(why.as_bytes())),
        ..Agreed::default()
    }
}

/// A step that changes the document's own row and nothing else: row and event together.
pub(crate) async fn step<T: OnItsWay>(
    broker: &Broker,
    caller: &Caller,
    changing: &mut Changing<'_>,
    kind: EventType,
    row: &T,
    agreed: Agreed,
) -> Result<(), GovernError> {
    let draft = changing.draft(row).await?;
    let event = event(broker, caller, kind, row)?;
    changing.write(event, &[draft], agreed).await?;
    Ok(())
}
