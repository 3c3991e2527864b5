//! Signing out at the wish of a client (OpenID Connect RP-Initiated Logout 1.0), and telling the clients of a session
//! that it ended (Back-Channel Logout 1.0; `specs/trust.md` C.25, C.26).

mod asked;
mod end;
mod hint;
mod notice;

pub(crate) use asked::{ask, confirm};
pub(crate) use end::{deliver_soon, end, notices};
pub(crate) use notice::deliver;
