//! One dataset judged (`consent.md` 2.2 to 2.10): every way that approvals open is tried, the best one answers.

mod affiliation;
mod approval;
mod case;
mod duty;
mod ethics;
mod findings;
mod geography;
mod method;
mod modifier;
mod permission;
mod settle;
mod standing;
mod trial;

pub(crate) use case::Case;
pub(crate) use findings::{Findings, Spot};
pub(crate) use trial::{Judgement, judge};
