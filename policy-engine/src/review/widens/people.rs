//! Roles, teams, and who is believed.

use visa_verifier::trust::{TrustEntry, TrustPolicy};

use super::{Found, WeakerKind};
use crate::snapshot::{GroupRecord, RoleGrant, RoleRecord};

impl Found<'_> {
    pub(super) fn roles(&mut self, was: &[RoleRecord], is: &[RoleRecord]) {
        for row in is {
            let same = |other: &&RoleRecord| other.person == row.person && other.grant == row.grant;
            let end = was.iter().filter(same).map(|other| other.until).max();
            let what = match &row.grant {
                RoleGrant::Role(role) => format!("the role `{role}`"),
                RoleGrant::Committee(id) => format!("membership of `{id}`"),
            };
            let sentence = match end {
                None => format!("{} gets {what}.", row.person),
                Some(end) if row.until > end => format!("{} keeps {what} for longer.", row.person),
                Some(_) => continue,
            };
            self.tell(WeakerKind::Role, None, sentence);
        }
    }

    pub(super) fn groups(&mut self, was: &[GroupRecord], is: &[GroupRecord]) {
        for group in is {
            let GroupRecord {
                id,
                members,
                within,
                shares_tasks,
                shares_logs,
                admins,
            } = group;
            let Some(row) = was.iter().find(|row| row.id == *id) else {
                self.tell(WeakerKind::Sharing, None, format!("The group `{id}` is new."));
                continue;
            };
            let tests = [
                (members.iter().all(|one| row.members.contains(one)), "has a new member"),
                (*within == row.within, "lies within another group"),
                (!shares_tasks || row.shares_tasks, "shows its tasks to its members"),
                (!shares_logs || row.shares_logs, "shows its logs to its members"),
                (*admins == row.admins, "has other administrators"),
            ];
            for (kept, what) in tests {
                self.unless(kept, WeakerKind::Sharing, None, format!("The group `{id}` {what}."));
            }
        }
    }

    pub(super) fn trust(&mut self, was: &TrustPolicy, is: &TrustPolicy) {
        let standing = |policy: &TrustPolicy| -> Vec<TrustEntry> {
            let stands = |entry: &&TrustEntry| policy.entry(entry.role, &entry.id).is_some();
            policy.entries().filter(stands).cloned().collect()
        };
        let (before, after) = (standing(was), standing(is));
        for entry in &after {
            let earlier = before.iter().find(|row| row.role == entry.role && row.id == entry.id);
            let sentence = match earlier {
                None => format!("`{}` is believed as {}, and was not.", entry.id, entry.role),
                Some(row) if !narrowed(row, entry) => {
                    format!(
                        "`{}` is believed as {} for other things than before.",
                        entry.id, entry.role
                    )
                }
                Some(_) => continue,
            };
            self.tell(WeakerKind::Trust, None, sentence);
        }
        // That a provider never gives one person two subjects is a bar; it may stand in either role's entry.
        let one_subject =
            |list: &[TrustEntry], entry: &TrustEntry| list.iter().any(|other| other.id == entry.id && other.unique_ids);
        let looser = after
            .iter()
            .any(|entry| one_subject(&before, entry) && !one_subject(&after, entry));
        let tests = [
            (!looser, "Two subjects of one provider no longer contradict each other."),
            (was.audience() == is.audience(), "The node answers to other names."),
            (was.clock_skew() >= is.clock_skew(), "Clocks may differ by more."),
            (
                is.supported_custom_types()
                    .iter()
                    .all(|kind| was.supported_custom_types().contains(kind)),
                "Visas of a further type are read.",
            ),
            (
                was.revoked_keys().is_subset(is.revoked_keys()),
                "A revoked key counts again.",
            ),
        ];
        for (kept, sentence) in tests {
            self.unless(kept, WeakerKind::Trust, None, sentence);
        }
    }
}

/// Whether an entry believes no more than it did. What it lists shrank, its time shortened; all else is the same.
fn narrowed(was: &TrustEntry, is: &TrustEntry) -> bool {
    let fewer = |was: &[String], is: &[String]| is.iter().all(|one| was.contains(one));
    let datasets = match (&was.datasets, &is.datasets) {
        (None, None) => true,
        (Some(was), Some(is)) => fewer(was, is),
        (None, Some(_)) | (Some(_), None) => false,
    };
    let lists = fewer(&was.visa_types, &is.visa_types)
        && fewer(&was.sources, &is.sources)
        && fewer(&was.data_classes, &is.data_classes)
        && fewer(&was.speaks_for, &is.speaks_for)
        && fewer(&was.scopes, &is.scopes)
        && fewer(&was.may_link, &is.may_link)
        && fewer(&was.jku, &is.jku)
        && is.accept.is_subset(&was.accept);
    let flags = (was.chain || !is.chain)
        && (was.admin || !is.admin)
        && (was.passport_without_audience || !is.passport_without_audience)
        && is.stale_grace <= was.stale_grace;
    let from = was.from.is_none_or(|from| is.from.is_some_and(|later| later >= from));
    let until = was
        .until
        .is_none_or(|until| is.until.is_some_and(|earlier| earlier <= until));
    let mut rest = was.clone();
    rest.visa_types.clone_from(&is.visa_types);
    rest.sources.clone_from(&is.sources);
    rest.datasets.clone_from(&is.datasets);
    rest.data_classes.clone_from(&is.data_classes);
    rest.speaks_for.clone_from(&is.speaks_for);
    rest.scopes.clone_from(&is.scopes);
    rest.may_link.clone_from(&is.may_link);
    rest.jku.clone_from(&is.jku);
    rest.accept.clone_from(&is.accept);
    rest.unique_ids = is.unique_ids;
    (rest.chain, rest.admin) = (is.chain, is.admin);
    rest.passport_without_audience = is.passport_without_audience;
    rest.stale_grace = is.stale_grace;
    (rest.from, rest.until) = (is.from, is.until);
    rest.reason.clone_from(&is.reason);
    rest.contact.clone_from(&is.contact);
    rest.evidence.clone_from(&is.evidence);
    datasets && lists && flags && from && until && rest == *is
}
