//! The first administrator: a code of 128 bits, printed by whoever holds the data folder, good once and for an hour. The
//! first sign-in that brings it becomes administrator, on record, for a year. No row of facts has to name anybody.

use audit_log::{AboutKind, AuditError, Class, Details, Event, EventType, Outcome, Who, Why};
use policy_engine::snapshot::RoleGrant;
use visa_verifier::seam::{Random, Timestamp};

use crate::broker::Broker;
use crate::caller::REFEDS_MFA;
use crate::catalogue::{Agreed, ChangeError, Changing};
use crate::limits;
use crate::record;
use crate::session::digest_of;
use crate::store::StoreError;
use crate::store::codes::{self, OnceKind, Taken};
use crate::store::roles::RoleRow;
use crate::store::sessions::SessionRow;

/// The role that a code gives.
const ADMINISTRATOR: &str = "administrator";
/// Letters that nobody takes for each other (RFC 4648 base32 has `O`/`0` and `I`/`1` on one side only; these have neither).
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 26 letters of 5 bits.
const LENGTH: usize = 26;

/// A code that gives nobody anything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// Nobody made it, or its hour is over.
    #[error("this code is wrong, or older than an hour")]
    Unknown,
    /// It was used.
    #[error("this code was used already")]
    Used,
    /// The node has an administrator.
    #[error("this node has an administrator already")]
    Taken,
    /// The institution may log no administrators in.
    #[error("people who sign in with this institution do not administer this node")]
    Provider,
    /// One factor, or too long ago.
    #[error("who governs signs in with a second factor, at most 15 minutes ago")]
    SecondFactor,
    /// The database.
    #[error("the code could not be looked up")]
    Store {
        /// What it said.
        #[from]
        source: StoreError,
    },
    /// The log.
    #[error("the enrolment could not be put on record")]
    Audit {
        /// What it said.
        #[from]
        source: AuditError,
    },
    /// The role.
    #[error("the role could not be entered")]
    Change {
        /// What it said.
        #[from]
        source: ChangeError,
    },
}

impl EnrolmentError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "enrolment.unknown",
            Self::Used => "enrolment.used",
            Self::Taken => "enrolment.has_administrator",
            Self::Provider => "enrolment.provider",
            Self::SecondFactor => "enrolment.second_factor",
            Self::Store { source } => source.code(),
            Self::Audit { source } => source.code(),
            Self::Change { source } => source.code(),
        }
    }
}

/// A new code, in groups of letters; 130 bits.
pub fn code(random: &dyn Random) -> String {
    let mut bytes = [0; LENGTH];
    random.fill(&mut bytes);
    let mut text = String::with_capacity(LENGTH + LENGTH / 5);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            text.push('-');
        }
        // 256 is a multiple of 32: each letter is as likely as any other
        text.push(char::from(*LETTERS.get(usize::from(byte % 32)).unwrap_or(&b'A')));
    }
    text
}

/// How a code is kept: case, spaces and dashes do not count.
#[must_use]
pub fn digest(code: &str) -> String {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    digest_of(&format!("enrolment {plain}"))
}

/// Whether somebody administers this node.
///
/// # Errors
/// The database is down.
pub async fn has_administrator(broker: &Broker) -> Result<bool, StoreError> {
    let roles: Vec<RoleRow> = broker.live().await?;
    let now = broker.now();
    let administers = |row: &RoleRow| row.role == RoleGrant::Role(ADMINISTRATOR.to_owned()) && now < row.until;
    Ok(roles.iter().any(administers))
}

/// Takes a code that whoever holds the data folder made, on record. Taken twice it counts once.
///
/// # Errors
/// The node has an administrator ([`EnrolmentError::Taken`]), or database or log are down.
pub async fn accept(broker: &Broker, digest: &str, until: Timestamp) -> Result<(), EnrolmentError> {
    if has_administrator(broker).await? {
        return Err(EnrolmentError::Taken);
    }
    let now = broker.now();
    let event = Event::new(EventType::ConfigChange, Outcome::Success)
        .who(Who::nobody(Class::Admin))
        .about(AboutKind::Change, "enrolment-code");
    broker.writer().append(event).await?;
    match codes::keep(&mut broker.db(), OnceKind::Enrolment, digest, &(), now, until).await {
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes the person of a session administrator, if the code is good. What is refused is on record.
///
/// # Errors
/// [`EnrolmentError`]
pub(crate) async fn enrol(broker: &Broker, session: &SessionRow, code: &str) -> Result<(), EnrolmentError> {
    match try_enrol(broker, session, code).await {
        Err(refused) => {
            let event = Event::new(EventType::BreakGlass, Outcome::Denied)
                .who(who(broker, session)?)
                .why(Why::code(refused.code()));
            broker.writer().note_denied(event).await?;
            Err(refused)
        }
        done => done,
    }
}

async fn try_enrol(broker: &Broker, session: &SessionRow, code: &str) -> Result<(), EnrolmentError> {
    let now = broker.now();
    let upstreams = broker.upstreams().await?;
    let admin = |issuer: &str| upstreams.iter().any(|row| row.issuer == issuer && row.admin);
    if !admin(session.identity.iss.as_str()) {
        return Err(EnrolmentError::Provider);
    }
    if !strong(session, now) {
        return Err(EnrolmentError::SecondFactor);
    }
    let mut changing = Changing::begin(broker).await;
    // the code stays good where somebody else was faster: it is looked at after that
    if has_administrator(broker).await? {
        return Err(EnrolmentError::Taken);
    }
    let taken: Taken<()> = codes::take(&mut broker.db(), OnceKind::Enrolment, &digest(code), now).await?;
    match taken {
        Taken::First(()) => {}
        Taken::Again(()) => return Err(EnrolmentError::Used),
        Taken::Unknown => return Err(EnrolmentError::Unknown),
    }
    let row = RoleRow {
        person: broker.identity_of(&session.person)?,
        role: RoleGrant::Role(ADMINISTRATOR.to_owned()),
        until: now.plus(limits::ROLE),
        revoked: None,
    };
    let draft = changing.draft(&row).await?;
    let event = Event::new(EventType::BreakGlass, Outcome::Success)
        .who(who(broker, session)?)
        .about(AboutKind::Role, ADMINISTRATOR);
    changing.write(event, &[draft], Agreed::default()).await?;
    changing.finish().await?;
    Ok(())
}

/// More than one factor, at most 15 minutes ago.
fn strong(session: &SessionRow, now: Timestamp) -> bool {
    let multi = session.acr.as_deref() == Some(REFEDS_MFA) || session.amr.iter().any(|method| method == "mfa");
    multi && now < session.auth_time.plus(limits::GOVERN)
}

fn who(broker: &Broker, session: &SessionRow) -> Result<Who, EnrolmentError> {
    let identity = broker.identity_of(&session.person)?;
    let details = Details::of(identity.sub.as_str(), identity.iss.as_str()).institution(session.identity.iss.as_str());
    Ok(Who::person(Class::Admin, &record::person(broker, &identity)?, details))
}

#[cfg(test)]
mod tests {
    use visa_verifier::seam::SystemRandom;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed_and_no_other_is() {
        let code = code(&SystemRandom::new());
        assert_eq!(code.len(), 31, "{code}");
        let kept = digest(&code);
        let cases = [
            ("lower case", code.to_lowercase(), true),
            ("without dashes", code.replace('-', ""), true),
            ("with spaces", format!(" {} ", code.replace('-', " ")), true),
            ("a letter less", code[1..].to_owned(), false),
            ("nothing", String::new(), false),
        ];
        for (name, typed, same) in cases {
            assert_eq!(digest(&typed) == kept, same, "{name}");
        }
    }
}
