//! Places for outputs, institutions, committees, services: each says which of its changes narrow.

use std::collections::BTreeMap;

use super::{Found, WeakerKind};
use crate::snapshot::{CommitteeRecord, InstitutionRecord, ServiceRecord, SinkRecord, Snapshot};

impl Found<'_> {
    pub(super) fn sinks(&mut self, was: &[SinkRecord], is: &[SinkRecord]) {
        let other = |message: String| (WeakerKind::Other, message);
        let mut told = Vec::new();
        for sink in is {
            let SinkRecord { prefix, .. } = sink;
            let sentence = match was.iter().find(|row| row.prefix == *prefix) {
                None => format!("`{prefix}` is a new place for outputs."),
                Some(row) if row.secure && !sink.secure => {
                    format!("Outputs at `{prefix}` need not stay inside until they are released.")
                }
                // what is secure in addition is stricter; anything else is another place
                Some(row)
                    if SinkRecord {
                        secure: sink.secure,
                        ..row.clone()
                    } != *sink =>
                {
                    format!("The place for outputs `{prefix}` has another owner, country, group or project.")
                }
                Some(_) => continue,
            };
            told.push(other(sentence));
        }
        for row in was.iter().filter(|row| is.iter().all(|sink| sink.prefix != row.prefix)) {
            if is.iter().any(|sink| row.prefix.is_under(&sink.prefix)) {
                told.push(other(format!(
                    "What is written to `{}` falls under a place for outputs above it.",
                    row.prefix
                )));
            }
        }
        for (kind, sentence) in told {
            self.tell(kind, None, sentence);
        }
    }

    pub(super) fn institutions(&mut self, before: &Snapshot, after: &Snapshot) {
        let earlier: BTreeMap<&str, &InstitutionRecord> = before
            .institutions
            .iter()
            .map(|house| (house.id.as_str(), house))
            .collect();
        for house in &after.institutions {
            let InstitutionRecord {
                id,
                scopes,
                country,
                nonprofit,
                commercial,
            } = house;
            let Some(was) = earlier.get(id.as_str()) else {
                self.tell(
                    WeakerKind::Other,
                    None,
                    format!("The institution `{id}` is new in the register."),
                );
                continue;
            };
            let tests = [
                (
                    scopes.is_subset(&was.scopes),
                    "People of further home organisations belong to",
                ),
                (*country == was.country, "Another country is recorded of"),
                (
                    *nonprofit == was.nonprofit || *nonprofit == Some(false) || was.nonprofit == Some(true),
                    "It is no longer recorded that it works for profit:",
                ),
                (
                    commercial.unwrap_or(true) || was.commercial == Some(false),
                    "It is no longer recorded as a company:",
                ),
            ];
            for (kept, what) in tests {
                self.unless(kept, WeakerKind::Other, None, format!("{what} `{id}`."));
            }
        }
        // Named and not in the register, an institution counts as a company in the node's own country.
        let home = after.services.iter().find(|service| service.id == after.node);
        for was in earlier.values() {
            let gone = after.institutions.iter().all(|house| house.id != was.id);
            let stays = home.is_some_and(|node| node.country == was.country);
            self.unless(
                !gone || stays,
                WeakerKind::Other,
                None,
                format!("What is recorded of the country of `{}` is gone.", was.id),
            );
        }
    }

    pub(super) fn committees(&mut self, was: &[CommitteeRecord], is: &[CommitteeRecord]) {
        for committee in is {
            let CommitteeRecord {
                id,
                institution,
                title: _,
            } = committee;
            let sentence = match was.iter().find(|row| row.id == *id) {
                None => format!("The committee `{id}` is new."),
                Some(row) if row.institution != *institution => {
                    format!("The committee `{id}` is of another institution.")
                }
                Some(_) => continue,
            };
            self.tell(WeakerKind::Source, None, sentence);
        }
    }

    pub(super) fn services(&mut self, was: &[ServiceRecord], is: &[ServiceRecord]) {
        for service in is {
            let ServiceRecord {
                id,
                operator,
                country,
                certified,
                secure_environment,
                suspended,
                roles,
            } = service;
            let Some(row) = was.iter().find(|row| row.id == *id) else {
                self.tell(WeakerKind::Other, None, format!("The service `{id}` is new."));
                continue;
            };
            let tests = [
                (*operator == row.operator, "has another operator"),
                (*country == row.country, "stands in another country"),
                (certified.is_subset(&row.certified), "may process further data classes"),
                (
                    !*secure_environment || row.secure_environment,
                    "counts as a secure environment",
                ),
                (*suspended || !row.suspended, "is no longer suspended"),
                (roles.is_subset(&row.roles), "has a further role"),
            ];
            for (kept, what) in tests {
                self.unless(kept, WeakerKind::Other, None, format!("The service `{id}` {what}."));
            }
        }
    }
}
