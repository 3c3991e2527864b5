//! Datasets: class, mode, who may know of them, assurance, regions, agreements, sources, dates.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, WeakerKind};
use crate::{
    consent::{Access, Name, State, Tables, place::Region},
    snapshot::{DatasetMode, DatasetRecord, Snapshot},
};

impl Found<'_> {
    pub(super) fn datasets(&mut self, before: &Snapshot, after: &Snapshot) {
        let earlier: BTreeMap<&str, &DatasetRecord> = before.datasets.iter().map(|row| (row.id(), row)).collect();
        let holds = (self.holds_of(before), self.holds_of(after));
        let now = before.published.max(after.published);
        for record in &after.datasets {
            let id = record.id();
            let Some(was) = earlier.get(id) else {
                self.tell(
                    WeakerKind::Class,
                    Some(id),
                    format!("`{id}` is new: people may find it, apply for it and use it."),
                );
                continue;
            };
            self.record(was, record);
            self.consent(was, record);
            self.certified(after, was.consent.access, record);
            self.labels(before, was, record);
            let of = |holds: &BTreeMap<&str, Vec<_>>| holds.get(id).cloned().unwrap_or_default();
            self.holds(id, &of(&holds.0), &of(&holds.1), now);
        }
    }

    /// What policies ask of its use. Every member is named: a new one does not compile until somebody decides.
    fn record(&mut self, was: &DatasetRecord, is: &DatasetRecord) {
        let DatasetRecord {
            consent: _,
            title: _,
            short_name: _,
            dac,
            custodian,
            mode,
            discoverable,
            min_identity,
            min_authn,
            quorum: _,
            project,
            allowed_regions,
            collections,
            duties,
            participants,
            relabels,
        } = was;
        let id = Some(is.id());
        let tests = [
            (
                *mode == DatasetMode::Download || is.mode == DatasetMode::ComputeOnly,
                WeakerKind::Mode,
                "It may be downloaded, and no longer only computed on.",
            ),
            (
                *discoverable || !is.discoverable,
                WeakerKind::Discoverable,
                "People without a grant may know that it exists.",
            ),
            (
                *min_identity <= is.min_identity,
                WeakerKind::MinIdentity,
                "Less identity assurance is asked for.",
            ),
            (
                *min_authn <= is.min_authn,
                WeakerKind::MinAuthn,
                "A weaker login is asked for.",
            ),
            (
                was.votes_needed() <= is.votes_needed(),
                WeakerKind::Quorum,
                "A grant needs fewer votes.",
            ),
            (
                within(allowed_regions.as_ref(), is.allowed_regions.as_ref(), self.tables),
                WeakerKind::Regions,
                "It may be processed in more regions.",
            ),
            (*dac == is.dac, WeakerKind::Source, "Another committee decides on it."),
            (
                *custodian == is.custodian,
                WeakerKind::Other,
                "Another institution is responsible for it, and its people may edit it.",
            ),
            (
                project.is_none() || *project == is.project,
                WeakerKind::Other,
                "The wall of its project is gone, or is another project's.",
            ),
            (
                *collections == is.collections,
                WeakerKind::Other,
                "It belongs to other collections, and what is granted for those reaches it.",
            ),
            (
                duties.is_subset(&is.duties),
                WeakerKind::Other,
                "The node has fewer duties for each use of it.",
            ),
            (
                participants.is_subset(&is.participants),
                WeakerKind::Holds,
                "Its custodian knows fewer participants: a hold on one of the others waits before it is in force.",
            ),
            (
                relabels.iter().all(|one| is.relabels.contains(one)),
                WeakerKind::Label,
                "Approvals given for an earlier label settle judgements again, or for longer.",
            ),
        ];
        for (kept, kind, sentence) in tests {
            self.unless(kept, kind, id, sentence);
        }
    }

    /// Who is certified for a class need not be certified for a more open one: then the stricter class opens a door.
    fn certified(&mut self, after: &Snapshot, was: Access, is: &DatasetRecord) {
        let now = is.consent.access;
        let services = after
            .services
            .iter()
            .any(|one| one.certified.contains(&now) && !one.certified.contains(&was));
        let lists = |class: Access, list: &[String]| list.iter().any(|one| one == class.as_str());
        let mut issuers = after.trust.entries().map(|entry| entry.data_classes.as_slice());
        let issuers = issuers.any(|list| lists(now, list) && !lists(was, list));
        self.unless(
            was == now || !(services || issuers),
            WeakerKind::Class,
            Some(is.id()),
            format!("Its data class was {was} and is {now}, for which a service or issuer is certified that was not."),
        );
    }

    /// What consent asks beside the labels.
    fn consent(&mut self, was: &DatasetRecord, is: &DatasetRecord) {
        let (was, is) = (&was.consent, &is.consent);
        let crate::consent::Dataset {
            id,
            access,
            dac,
            approval_sets,
            state,
            expires,
            labelled,
            // of the record, which is looked at beside
            relabels: _,
            agreements,
            affiliation_sources,
            affiliation_roles,
            bound_purpose,
            uses: _,
            // of requests; in a catalogue they say nothing
            groups: _,
            objects: _,
            participants: _,
            holds: _,
        } = was;
        let id = Some(id.as_str());
        let sources: BTreeSet<&Name> = dac.iter().collect();
        let sets = |kept: &BTreeSet<Name>| is.approval_sets.iter().any(|set| set.is_subset(kept));
        let agreed: BTreeSet<&Name> = is.agreements.iter().collect();
        let allowed = |list: &Option<Vec<Name>>| list.as_ref().map(|list| list.iter().cloned().collect());
        let tests = [
            (
                openness(*access) >= openness(is.access),
                WeakerKind::Class,
                format!("Its data class was {access} and is {}.", is.access),
            ),
            (
                is.dac.iter().all(|source| sources.contains(source)),
                WeakerKind::Source,
                "Approvals of another source count.".to_owned(),
            ),
            (
                approval_sets.iter().all(sets),
                WeakerKind::Source,
                "Fewer sources have to agree beside its committee, or others may.".to_owned(),
            ),
            (
                closedness(*state) <= closedness(is.state),
                WeakerKind::Other,
                format!("Its state was {state} and is {}.", is.state),
            ),
            (
                expires.is_none_or(|end| is.expires.is_some_and(|other| other <= end)),
                WeakerKind::Other,
                "Its consent lasts longer.".to_owned(),
            ),
            (
                labelled.is_none_or(|time| is.labelled.is_some_and(|other| other >= time)),
                WeakerKind::Label,
                "Approvals given for an earlier label settle judgements again.".to_owned(),
            ),
            (
                agreements.iter().all(|one| agreed.contains(one)),
                WeakerKind::Agreements,
                "An agreement is no longer asked for.".to_owned(),
            ),
            (
                subset(allowed(affiliation_sources), allowed(&is.affiliation_sources)),
                WeakerKind::Source,
                "More sources may prove where people work.".to_owned(),
            ),
            (
                subset(affiliation_roles.clone(), is.affiliation_roles.clone()),
                WeakerKind::Source,
                "More roles prove where people work.".to_owned(),
            ),
            (
                !bound_purpose || is.bound_purpose,
                WeakerKind::BoundPurpose,
                "Approvals count without a purpose that the committee recorded.".to_owned(),
            ),
        ];
        for (kept, kind, sentence) in tests {
            self.unless(kept, kind, id, sentence);
        }
    }
}

const fn openness(access: Access) -> u8 {
    match access {
        Access::Controlled => 0,
        Access::Registered => 1,
        Access::Open => 2,
    }
}

const fn closedness(state: State) -> u8 {
    match state {
        State::Active => 0,
        State::Suspended => 1,
        State::Retired => 2,
        State::Withdrawn => 3,
    }
}

/// `None` is no bound.
fn subset<T: Ord>(was: Option<BTreeSet<T>>, is: Option<BTreeSet<T>>) -> bool {
    match (was, is) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(was), Some(is)) => is.is_subset(&was),
    }
}

/// Whether every country of the regions after lies in those before; a name that is no region covers itself alone.
fn within(was: Option<&BTreeSet<String>>, is: Option<&BTreeSet<String>>, tables: [&Tables; 2]) -> bool {
    let (Some(was), Some(is)) = (was, is) else {
        return was.is_none();
    };
    let [old, new] = tables.map(Tables::countries);
    let regions: Vec<Region> = was.iter().filter_map(|name| old.region(name)).collect();
    let covered = old.within(&regions);
    is.iter().all(|name| match new.region(name) {
        Some(region) => new.within(&[region]).is_subset(&covered),
        None => was.contains(name),
    })
}
