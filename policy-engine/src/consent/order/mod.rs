//! Two labels compared: is one neutral, wider or stricter than the other, for every use that there can be?
//!
//! What a group's label asks falls into two parts. What it asks of the **purpose** (permissions, RS, NMDS, GSO, NPOA, RU,
//! CC) is tried on a finite table of purposes that decides it for all (`table`). What it asks of **facts** (people,
//! places, papers, times, duties) is compared term by term (`facets`). Neither looks at stage, action or access, so what
//! is found holds for each of them. Whatever is not proven to be as strict counts as wider.

mod compare;
mod facets;
mod point;
mod table;

pub use compare::{Shift, Turn, UseShift, compare_groups, reach};
pub use facets::asks_consent_to_duties;
pub use point::{Point, judge_purpose};
pub use table::{Budget, PURPOSE_TABLE_BUDGET};

#[cfg(test)]
mod tests;
