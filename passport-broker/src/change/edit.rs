//! One edit against the tables: its row in stored form, whom and what it concerns, and what the catalogue is after it.

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::catalogue::{ObjectRecord, PrefixRecord};
use policy_engine::snapshot::{
    CommitteeRecord, DatasetRecord, GroupRecord, InstitutionRecord, ServiceRecord, SinkRecord,
};
use serde_json::Value;
use visa_verifier::VisaIdentity;

use crate::catalogue::{ChangeError, Changing, Content};
use crate::store::StoreError;
use crate::store::changes::Edit;
use crate::store::clients::ClientRow;
use crate::store::governed::{self, Governed, Pending, RowKind};
use crate::store::holds::HoldRow;
use crate::store::register::{TrustRow, UpstreamRow};
use crate::store::registrations::RegistrationRow;
use crate::store::roles::RoleRow;
use crate::store::statements::StatementRow;
use crate::store::stops::StopRow;
use crate::store::tables::{ObjectsRow, TableRow};
use crate::store::terms::TermsRow;
use crate::store::webhooks::WebhookRow;

/// Runs `$body` with `$T` as the type of the table's rows; `$no` for tables that no change touches.
macro_rules! by_table {
    ($kind:expr, $T:ident => $body:expr, $no:expr) => {
        match $kind {
            RowKind::Institution => {
                type $T = InstitutionRecord;
                $body
            }
            RowKind::Dac => {
                type $T = CommitteeRecord;
                $body
            }
            RowKind::Dataset => {
                type $T = DatasetRecord;
                $body
            }
            RowKind::Object => {
                type $T = ObjectRecord;
                $body
            }
            RowKind::Objects => {
                type $T = ObjectsRow;
                $body
            }
            RowKind::Prefix => {
                type $T = PrefixRecord;
                $body
            }
            RowKind::Sink => {
                type $T = SinkRecord;
                $body
            }
            RowKind::Service => {
                type $T = ServiceRecord;
                $body
            }
            RowKind::Table => {
                type $T = TableRow;
                $body
            }
            RowKind::Trust => {
                type $T = TrustRow;
                $body
            }
            RowKind::Client => {
                type $T = ClientRow;
                $body
            }
            RowKind::Upstream => {
                type $T = UpstreamRow;
                $body
            }
            RowKind::Registration => {
                type $T = RegistrationRow;
                $body
            }
            RowKind::Webhook => {
                type $T = WebhookRow;
                $body
            }
            RowKind::Terms => {
                type $T = TermsRow;
                $body
            }
            RowKind::Role => {
                type $T = RoleRow;
                $body
            }
            RowKind::Statement => {
                type $T = StatementRow;
                $body
            }
            RowKind::Group => {
                type $T = GroupRecord;
                $body
            }
            RowKind::Hold => {
                type $T = HoldRow;
                $body
            }
            RowKind::Stop => {
                type $T = StopRow;
                $body
            }
            RowKind::Application
            | RowKind::AccessApplication
            | RowKind::Grant
            | RowKind::Purpose
            | RowKind::DefaultPurpose
            | RowKind::Link
            | RowKind::Change
            | RowKind::Bundle
            | RowKind::Draft
            | RowKind::Acceptance
            | RowKind::Observe => $no,
        }
    };
}

/// Brings the row of a `put` into the form in which it is stored, by reading it as what it is.
pub(super) fn normalise(edit: &mut Edit) -> Result<(), String> {
    let Edit::Put { kind, row } = edit else { return Ok(()) };
    *row = by_table!(*kind, T => stored::<T>(row)?, return Err(not_here(*kind)));
    Ok(())
}

fn stored<T: Governed>(row: &Value) -> Result<Value, String> {
    let meaning: T = serde_path_to_error::deserialize(row)
        .map_err(|error| format!("at `row.{}`: {}", error.path(), error.inner()))?;
    if !meaning.live() {
        return Err("says that the row is over; use `remove`".to_owned());
    }
    serde_json::to_value(&meaning).map_err(|_| "cannot be written".to_owned())
}

fn not_here(kind: RowKind) -> String {
    format!("names the table `{kind}`, which no change touches")
}

/// Table and id.
pub(super) fn row_of(edit: &Edit) -> (RowKind, String) {
    match edit {
        Edit::Remove { kind, id } => (*kind, id.clone()),
        Edit::Put { kind, row } => {
            let id = by_table!(*kind, T => id_of::<T>(row), None);
            (*kind, id.unwrap_or_default())
        }
    }
}

fn id_of<T: Governed>(row: &Value) -> Option<String> {
    serde_json::from_value::<T>(row.clone())
        .ok()
        .map(|meaning| meaning.id())
}

/// What a row says now, as JSON.
pub(super) fn now(content: &Content, kind: RowKind, id: &str) -> Option<Value> {
    fn of<T: Governed>(map: &BTreeMap<String, T>, id: &str) -> Option<Value> {
        map.get(id).and_then(|row| serde_json::to_value(row).ok())
    }
    match kind {
        RowKind::Institution => of(&content.institutions, id),
        RowKind::Dac => of(&content.committees, id),
        RowKind::Dataset => of(&content.datasets, id),
        RowKind::Object => of(&content.objects, id),
        RowKind::Objects => of(&content.object_lists, id),
        RowKind::Prefix => of(&content.prefixes, id),
        RowKind::Sink => of(&content.sinks, id),
        RowKind::Service => of(&content.services, id),
        RowKind::Table => of(&content.tables, id),
        RowKind::Trust => of(&content.trust, id),
        RowKind::Client => of(&content.clients, id),
        RowKind::Upstream => of(&content.upstreams, id),
        RowKind::Terms => of(&content.terms, id),
        RowKind::Webhook => of(&content.webhooks, id),
        RowKind::Registration => of(&content.registrations, id),
        RowKind::Role => of(&content.roles, id),
        RowKind::Statement => of(&content.statements, id),
        RowKind::Group => of(&content.groups, id),
        RowKind::Hold => of(&content.holds, id),
        RowKind::Stop => of(&content.stops, id),
        RowKind::Application
        | RowKind::AccessApplication
        | RowKind::Grant
        | RowKind::Purpose
        | RowKind::DefaultPurpose
        | RowKind::Link
        | RowKind::Change
        | RowKind::Bundle
        | RowKind::Draft
        | RowKind::Acceptance
        | RowKind::Observe => None,
    }
}

/// Whether a live row is there.
pub(super) fn there(content: &Content, kind: RowKind, id: &str) -> bool {
    now(content, kind, id).is_some()
}

/// The catalogue after an edit.
pub(super) fn make(content: &mut Content, edit: &Edit) -> Result<(), String> {
    fn put<T: Governed>(map: &mut BTreeMap<String, T>, edit: &Edit) -> Result<(), String> {
        match edit {
            Edit::Put { row, .. } => {
                let meaning: T = serde_json::from_value(row.clone()).map_err(|error| error.to_string())?;
                map.insert(meaning.id(), meaning);
            }
            Edit::Remove { id, .. } => drop(map.remove(id)),
        }
        Ok(())
    }
    let kind = match edit {
        Edit::Put { kind, .. } | Edit::Remove { kind, .. } => *kind,
    };
    match kind {
        RowKind::Institution => put(&mut content.institutions, edit),
        RowKind::Dac => put(&mut content.committees, edit),
        RowKind::Dataset => put(&mut content.datasets, edit),
        RowKind::Object => put(&mut content.objects, edit),
        RowKind::Objects => put(&mut content.object_lists, edit),
        RowKind::Prefix => put(&mut content.prefixes, edit),
        RowKind::Sink => put(&mut content.sinks, edit),
        RowKind::Service => put(&mut content.services, edit),
        RowKind::Table => put(&mut content.tables, edit),
        RowKind::Trust => put(&mut content.trust, edit),
        RowKind::Client => put(&mut content.clients, edit),
        RowKind::Upstream => put(&mut content.upstreams, edit),
        RowKind::Terms => put(&mut content.terms, edit),
        RowKind::Webhook => put(&mut content.webhooks, edit),
        RowKind::Registration => put(&mut content.registrations, edit),
        RowKind::Role => put(&mut content.roles, edit),
        RowKind::Statement => put(&mut content.statements, edit),
        RowKind::Group => put(&mut content.groups, edit),
        RowKind::Hold => put(&mut content.holds, edit),
        RowKind::Stop => put(&mut content.stops, edit),
        RowKind::Application
        | RowKind::AccessApplication
        | RowKind::Grant
        | RowKind::Purpose
        | RowKind::DefaultPurpose
        | RowKind::Link
        | RowKind::Change
        | RowKind::Bundle
        | RowKind::Draft
        | RowKind::Acceptance
        | RowKind::Observe => Err(not_here(kind)),
    }
}

/// The datasets that an edit concerns: of the row as it would be, and of the row as it is.
pub(super) fn datasets_of(content: &Content, edit: &Edit) -> BTreeSet<String> {
    let (kind, id) = row_of(edit);
    let of = |row: &Value| by_table!(kind, T => dataset_of::<T>(row), None);
    let after = match edit {
        Edit::Put { row, .. } => of(row),
        Edit::Remove { .. } => None,
    };
    let before = now(content, kind, &id).and_then(|row| of(&row));
    after.into_iter().chain(before).collect()
}

fn dataset_of<T: Governed>(row: &Value) -> Option<String> {
    serde_json::from_value::<T>(row.clone())
        .ok()
        .and_then(|meaning| meaning.dataset())
}

/// Who gets something by an edit: the holder of a role, whom a statement is about, the new members of a group.
pub(super) fn gainers_of(content: &Content, edit: &Edit) -> Vec<VisaIdentity> {
    let Edit::Put { kind, row } = edit else {
        return Vec::new();
    };
    if *kind == RowKind::Role {
        let role = serde_json::from_value::<RoleRow>(row.clone());
        return role.map(|role| vec![role.person]).unwrap_or_default();
    }
    if *kind == RowKind::Statement {
        let said = serde_json::from_value::<StatementRow>(row.clone());
        return said.map(|said| vec![said.person]).unwrap_or_default();
    }
    let group = match (
        *kind == RowKind::Group,
        serde_json::from_value::<GroupRecord>(row.clone()),
    ) {
        (true, Ok(group)) => group,
        (true | false, _) => return Vec::new(),
    };
    let before = content.groups.get(&group.id);
    group
        .members
        .into_iter()
        .filter(|member| !before.is_some_and(|before| before.members.contains(member)))
        .collect()
}

/// The digest of the row as it is stored now.
pub(super) async fn base(changing: &mut Changing<'_>, edit: &Edit) -> Result<Option<String>, StoreError> {
    let (kind, id) = row_of(edit);
    let newest = governed::newest(changing.db(), kind, &id).await?;
    Ok(newest.map(|sealed| sealed.digest.as_str().to_owned()))
}

/// The next version of the edit's row, to be written with its event.
pub(super) async fn draft(changing: &mut Changing<'_>, content: &Content, edit: &Edit) -> Result<Pending, ChangeError> {
    let inconsistent = || ChangeError::Store {
        source: StoreError::Inconsistent {
            table: "changes",
            column: "edits",
        },
    };
    let (kind, id) = row_of(edit);
    let (row, removed) = match edit {
        Edit::Put { row, .. } => (row.clone(), false),
        Edit::Remove { .. } => (now(content, kind, &id).ok_or_else(inconsistent)?, true),
    };
    by_table!(kind, T => {
        let meaning: T = serde_json::from_value(row).map_err(|_| inconsistent())?;
        if removed { changing.draft_removal(&meaning).await } else { changing.draft(&meaning).await }
    }, Err(inconsistent()))
}
