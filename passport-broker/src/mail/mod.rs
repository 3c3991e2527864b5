//! Mail: that something waits at this node, and where. A mail holds a link and no content, and neither it nor a visit of
//! its link changes anything. Off unless the configuration names a server.
//!
//! It waits in the database until the server takes it ([`crate::store::mails`]); the request that it is about never waits
//! for it. It goes to the address that the person's institution verified at the last sign-in.

mod outbox;
mod server;

pub(crate) use outbox::{address, deliver, remember, tell};
pub use server::{MailError, MailServer, MailSettings, Security};
