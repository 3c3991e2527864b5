//! A study's application for access, from the first draft to the final report: who sees it, what is asked for, the
//! conversation on it, the votes, the grants that follow, the people who take part, their papers.
//!
//! Every step is one version of one governed row with its event (D16). Who decides, the policies say
//! (`grant:decide`, `grant:issue`); nothing in here is an `if` about roles.

mod approve;
mod ask;
mod file;
mod foreseen;
mod grants;
mod minutes;
mod papers;
mod pdf;
mod people;
mod print;
mod remind;
mod report;
mod review;
mod seat;
mod tell;
mod terms;
mod view;
mod write;

pub use approve::{Outcome, Yes, admit, approve};
pub use file::{amend, answer, begin, edit, extend, submit, withdraw};
pub use foreseen::Foreseen;
pub use minutes::{Minutes, minutes};
pub use papers::{Paper, file as document, hand_in, sweep, take_back, tick};
pub use people::{Invited, invite, join, leave, remove};
pub(crate) use remind::remind;
pub use report::report;
pub use review::{deny, reassign, send_back, vote};
pub use seat::{Seat, Seen, list, open};
pub use tell::tell;
pub use terms::{Wanted, digest};
pub(crate) use view::due;
pub use view::{Asks, May, Shown, line, shown};

#[cfg(test)]
mod foreseen_tests;
#[cfg(test)]
mod remind_tests;
#[cfg(test)]
mod tests;
