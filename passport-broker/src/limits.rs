//! Bounds of everything that comes in or is kept, each with its unit and reason.

use std::time::Duration;

/// A request body of the admin API, in bytes: a purpose, a hold, a key; never a catalogue.
pub const ADMIN_BODY_BYTES: usize = 64 * 1024;
/// The body of a proposed change, in bytes: up to 255 rows of a catalogue.
pub const CHANGE_BODY_BYTES: usize = 1024 * 1024;
/// A bundle of policies with its case files, in bytes.
pub const BUNDLE_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Depth of a JSON body.
pub const API_DEPTH: usize = 64;
/// An authorization code lives this long (trust checklist, line 4).
pub const CODE: Duration = Duration::from_secs(60);
/// A pending login or authorization lives this long.
pub const PENDING: Duration = Duration::from_secs(600);
/// A browser session ends at the latest.
pub const SESSION: Duration = Duration::from_secs(12 * 3600);
/// A browser session that is not used ends.
pub const SESSION_IDLE: Duration = Duration::from_secs(2 * 3600);
/// An access token lives this long; 15 minutes at most (trust checklist, line 14).
pub const ACCESS_TOKEN: Duration = Duration::from_secs(900);
/// A refresh token that is not used ends.
pub const REFRESH_IDLE: Duration = Duration::from_secs(7 * 24 * 3600);
/// A family of tokens ends at the latest.
pub const FAMILY: Duration = Duration::from_secs(30 * 24 * 3600);
/// Both identities of a link are proven within this time (trust checklist, line 29).
pub const LINK_PROOF: Duration = Duration::from_secs(5 * 60);
/// An identity carries rights this long after its last sign-in; then it has to be shown again.
pub const LINK: Duration = Duration::from_secs(365 * 24 * 3600);
/// The identities of a closed account stay known so long: nobody else gets them, and what barred it bars the next one.
pub const CLOSED: Duration = Duration::from_secs(2 * 365 * 24 * 3600);
/// A role that is given without another word ends after this time.
pub const ROLE: Duration = Duration::from_secs(365 * 24 * 3600);
/// Whoever governs has shown a second factor within this time.
pub const GOVERN: Duration = Duration::from_secs(15 * 60);
/// An enrolment code lives this long.
pub const ENROLMENT: Duration = Duration::from_secs(3600);
/// What ends within this time is announced.
pub const SOON: Duration = Duration::from_secs(31 * 24 * 3600);
/// What ends within this time is announced with more weight.
pub const VERY_SOON: Duration = Duration::from_secs(7 * 24 * 3600);
/// Identities of one account, those that were taken off too.
pub const IDENTITIES: usize = 20;
/// A visa that we sign lives this long at most; shorter where what it rests on ends earlier.
pub const VISA: Duration = Duration::from_secs(3600);
/// A Passport lives this long.
pub const PASSPORT: Duration = Duration::from_secs(900);
/// The longest text of a reason or title, in bytes.
pub const TEXT_BYTES: usize = 4096;
/// The longest identifier (URL, identity, project), in bytes.
pub const NAME_BYTES: usize = 1024;
/// Rows of one answer.
pub const LIST_ROWS: usize = 500;
/// A grant ends at the latest this long after it is issued.
pub const GRANT: Duration = Duration::from_secs(5 * 366 * 24 * 3600);
/// Rows that one event may change: an entry of the log holds 65,535 bytes, a row change about 130.
pub const ROWS_PER_EVENT: usize = 256;
/// Keys that one person may have registered at one client.
pub const KEYS_PER_PERSON: usize = 20;
/// A file that a governed row names by digest: 64 MiB.
pub const BLOB_BYTES: usize = 64 * 1024 * 1024;
/// Edits of one change; its own row makes one more in the event.
pub const EDITS_PER_CHANGE: usize = 255;
/// Seconds that a device waits between two asks for its tokens (RFC 8628 §3.2).
pub const DEVICE_PACE: i64 = 5;
