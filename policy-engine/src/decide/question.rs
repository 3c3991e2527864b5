//! What else is asked beside intents: governance, and tasks and runs that are there already.

use serde::{Deserialize, Serialize};
use visa_verifier::{VisaIdentity, seam::Timestamp};

use crate::{intent::Action, snapshot::HoldRecord};

/// Where an application stands.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationState {
    /// Being written.
    #[default]
    Draft,
    /// Before the committee.
    Submitted,
    /// Decided with yes.
    Approved,
    /// Decided with no.
    Refused,
    /// Called back.
    Revoked,
}

impl ApplicationState {
    /// The word in the Cedar schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
        }
    }
}

/// An application for access, as a committee sees it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Application {
    /// Its id.
    pub id: String,
    /// The dataset.
    pub dataset: String,
    /// Who applies.
    pub applicant: VisaIdentity,
    /// Everybody else who would gain by it.
    pub beneficiaries: Vec<VisaIdentity>,
    /// The applicant's institution, by its record's id.
    pub institution: String,
    /// Yes votes of different members, none of them a beneficiary.
    pub votes: u32,
    /// Where it stands.
    pub state: ApplicationState,
}

/// The kind of a change of facts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Catalogue, mapping, label.
    Catalogue,
    /// Trust entries.
    Trust,
    /// Roles and committees.
    Role,
    /// The end of a hold.
    Hold,
    /// The end of a lockdown.
    Lockdown,
}

impl ChangeKind {
    /// The word in the Cedar schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::Trust => "trust",
            Self::Role => "role",
            Self::Hold => "hold",
            Self::Lockdown => "lockdown",
        }
    }
}

/// A drafted change of facts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: ChangeKind,
    /// Who wrote it.
    pub author: VisaIdentity,
    /// Who approved this very digest.
    pub approver: Option<VisaIdentity>,
    /// Who gains by it, for roles.
    pub subject: Option<VisaIdentity>,
    /// The dataset that it concerns.
    pub dataset: Option<String>,
    /// Lets somebody do more than before. Computed, never typed in.
    pub widens: bool,
    /// Carries a new signed consent event.
    pub consent_event: bool,
}

/// A policy bundle on its way.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Bundle {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author: VisaIdentity,
    /// The committee that it belongs to.
    pub committee: Option<String>,
}

/// The step of a change that is asked about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStep {
    /// Write it (trust and roles; catalogue drafts are [`GovernQuestion::CatalogueEdit`]).
    Draft,
    /// Say yes to this very digest.
    Approve,
    /// Put it in force.
    Apply,
}

/// A question of administration.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GovernQuestion {
    /// Vote on an application.
    GrantDecide(Application),
    /// Issue its visa.
    GrantIssue(Application),
    /// Revoke its grant.
    GrantRevoke(Application),
    /// Release outputs of a dataset: the applicant is who asked for them.
    OutputRelease(Application),
    /// Place a hold on a dataset or a part of it.
    HoldPlace {
        /// The dataset.
        dataset: String,
    },
    /// Release a hold.
    HoldRelease(HoldRecord),
    /// Read the audit log, or the part about one dataset.
    AuditRead {
        /// `None`: the whole log.
        dataset: Option<String>,
    },
    /// Draft a change of a dataset's catalogue entry.
    CatalogueEdit {
        /// The dataset.
        dataset: String,
    },
    /// A step of a change.
    Change(ChangeStep, Change),
    /// Stop access at once.
    LockdownPlace,
    /// Draft a policy bundle.
    PolicyDraft(Bundle),
    /// Approve one.
    PolicyApprove(Bundle),
    /// Publish one.
    PolicyPublish(Bundle),
}

impl GovernQuestion {
    /// The Cedar action that it asks; `None` for a step that a kind of change doesn't have.
    pub const fn action(&self) -> Option<Action> {
        Some(match self {
            Self::GrantDecide(_) => Action::GrantDecide,
            Self::GrantIssue(_) => Action::GrantIssue,
            Self::GrantRevoke(_) => Action::GrantRevoke,
            Self::OutputRelease(_) => Action::OutputRelease,
            Self::HoldPlace { .. } => Action::HoldPlace,
            Self::HoldRelease(_) => Action::HoldRelease,
            Self::AuditRead { .. } => Action::AuditRead,
            Self::CatalogueEdit { .. } => Action::CatalogueEdit,
            Self::Change(ChangeStep::Apply, _) => Action::ChangeApply,
            Self::Change(ChangeStep::Draft, change) => match change.kind {
                // lists that belong to no dataset, and the end of a lockdown, are drafted by who drafts trust
                ChangeKind::Trust | ChangeKind::Lockdown => Action::TrustDraft,
                ChangeKind::Catalogue if change.dataset.is_none() => Action::TrustDraft,
                ChangeKind::Role => Action::RoleDraft,
                ChangeKind::Catalogue | ChangeKind::Hold => return None,
            },
            Self::Change(ChangeStep::Approve, change) => match change.kind {
                ChangeKind::Catalogue => Action::CatalogueApprove,
                ChangeKind::Trust => Action::TrustApprove,
                ChangeKind::Role => Action::RoleApprove,
                ChangeKind::Hold => Action::HoldApprove,
                ChangeKind::Lockdown => Action::LockdownApprove,
            },
            Self::LockdownPlace => Action::LockdownPlace,
            Self::PolicyDraft(_) => Action::PolicyDraft,
            Self::PolicyApprove(_) => Action::PolicyApprove,
            Self::PolicyPublish(_) => Action::PolicyPublish,
        })
    }
}

/// Where a task or run stands (`TaskState` of the schema).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// Not yet known to the backend.
    Submitting,
    /// Waiting.
    Queued,
    /// At work.
    Running,
    /// Halted for the time being.
    Paused,
    /// The backend has not named it for 10 minutes.
    Unconfirmed,
    /// Ended well.
    Done,
    /// Ended badly.
    Failed,
    /// Ended by somebody.
    Cancelled,
}

impl WorkState {
    /// The word in the Cedar schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitting => "submitting",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Unconfirmed => "unconfirmed",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Task or run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// A TES task.
    Task,
    /// A WES run or a workflow session.
    Run,
}

/// A task or run that is there already, from the proxy's index.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WorkItem {
    /// Task or run.
    pub kind: WorkKind,
    /// Its id in the proxy's index.
    pub id: String,
    /// Whose it is: any identity of the person.
    pub owner: VisaIdentity,
    /// The team or project that it was sent for.
    pub group: Option<String>,
    /// The engine that sent it for the owner.
    pub submitter: Option<String>,
    /// Where it runs, by [`crate::snapshot::ServiceRecord::id`].
    pub service: String,
    /// Where it stands.
    pub state: WorkState,
    /// The datasets that it was permitted to use.
    pub datasets: Vec<String>,
    /// Its end.
    pub expires: Timestamp,
}
