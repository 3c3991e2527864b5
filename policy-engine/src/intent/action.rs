//! The actions of `visum.cedarschema`; each knows the consent question that it asks (apis.md 1.4, policy.md 1).

use serde::{Deserialize, Serialize};

/// A concrete Cedar action. Its text form is the id in the schema, for instance `drs:access-url`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Action {
    /// Read the description of an object.
    #[serde(rename = "drs:describe")]
    DrsDescribe,
    /// Obtain a URL of an object's bytes.
    #[serde(rename = "drs:access-url")]
    DrsAccessUrl,
    /// Read an object's bytes as a person or service.
    #[serde(rename = "drs:stream")]
    DrsStream,
    /// Read an object's bytes as a task or run.
    #[serde(rename = "drs:task-stream")]
    DrsTaskStream,
    /// Take results of a dataset out of the environment.
    #[serde(rename = "output:export")]
    OutputExport,
    /// Draft an object of a dataset.
    #[serde(rename = "drs:register")]
    DrsRegister,
    /// Send a task to a node.
    #[serde(rename = "tes:create")]
    TesCreate,
    /// Send a run to a node.
    #[serde(rename = "wes:create")]
    WesCreate,
    /// Use a dataset as input of a task.
    #[serde(rename = "tes:use-input")]
    TesUseInput,
    /// Use a dataset as input of a run.
    #[serde(rename = "wes:use-input")]
    WesUseInput,
    /// Run a container image.
    #[serde(rename = "tes:run-image")]
    TesRunImage,
    /// Run a workflow.
    #[serde(rename = "wes:run-workflow")]
    WesRunWorkflow,
    /// Write results to a storage location.
    #[serde(rename = "compute:write-output")]
    WriteOutput,
    /// See a task.
    #[serde(rename = "tes:read")]
    TesRead,
    /// Read a task's logs.
    #[serde(rename = "tes:read-logs")]
    TesReadLogs,
    /// Cancel a task.
    #[serde(rename = "tes:cancel")]
    TesCancel,
    /// See a run.
    #[serde(rename = "wes:read")]
    WesRead,
    /// Read a run's logs.
    #[serde(rename = "wes:read-logs")]
    WesReadLogs,
    /// Cancel a run.
    #[serde(rename = "wes:cancel")]
    WesCancel,
    /// Read a service's description.
    #[serde(rename = "service:info")]
    ServiceInfo,
    /// Read a tool of the registry.
    #[serde(rename = "trs:read")]
    TrsRead,
    /// Vote on an application.
    #[serde(rename = "grant:decide")]
    GrantDecide,
    /// Issue the visa of an approved application.
    #[serde(rename = "grant:issue")]
    GrantIssue,
    /// Revoke a grant.
    #[serde(rename = "grant:revoke")]
    GrantRevoke,
    /// Release outputs that somebody asked for.
    #[serde(rename = "output:release")]
    OutputRelease,
    /// Place a hold on a dataset or a part of it.
    #[serde(rename = "hold:place")]
    HoldPlace,
    /// Release a hold.
    #[serde(rename = "hold:release")]
    HoldRelease,
    /// Draft a change of the catalogue.
    #[serde(rename = "catalogue:edit")]
    CatalogueEdit,
    /// Draft a change of trust.
    #[serde(rename = "trust:draft")]
    TrustDraft,
    /// Draft a change of roles.
    #[serde(rename = "role:draft")]
    RoleDraft,
    /// Approve a change of the catalogue.
    #[serde(rename = "catalogue:approve")]
    CatalogueApprove,
    /// Approve a change of trust.
    #[serde(rename = "trust:approve")]
    TrustApprove,
    /// Approve a change of roles.
    #[serde(rename = "role:approve")]
    RoleApprove,
    /// Approve the end of a hold by a change.
    #[serde(rename = "hold:approve")]
    HoldApprove,
    /// Approve the end of a lockdown.
    #[serde(rename = "lockdown:approve")]
    LockdownApprove,
    /// Put a change in force.
    #[serde(rename = "change:apply")]
    ChangeApply,
    /// Stop access at once.
    #[serde(rename = "lockdown:place")]
    LockdownPlace,
    /// Draft a policy bundle.
    #[serde(rename = "policy:draft")]
    PolicyDraft,
    /// Approve a policy bundle.
    #[serde(rename = "policy:approve")]
    PolicyApprove,
    /// Publish a policy bundle.
    #[serde(rename = "policy:publish")]
    PolicyPublish,
    /// Read the audit log, or a dataset's part of it.
    #[serde(rename = "audit:read")]
    AuditRead,
}

impl Action {
    /// Every action of the schema, in its order.
    pub const ALL: [Self; 41] = [
        Self::DrsDescribe,
        Self::DrsAccessUrl,
        Self::DrsStream,
        Self::DrsTaskStream,
        Self::OutputExport,
        Self::DrsRegister,
        Self::TesCreate,
        Self::WesCreate,
        Self::TesUseInput,
        Self::WesUseInput,
        Self::TesRunImage,
        Self::WesRunWorkflow,
        Self::WriteOutput,
        Self::TesRead,
        Self::TesReadLogs,
        Self::TesCancel,
        Self::WesRead,
        Self::WesReadLogs,
        Self::WesCancel,
        Self::ServiceInfo,
        Self::TrsRead,
        Self::GrantDecide,
        Self::GrantIssue,
        Self::GrantRevoke,
        Self::OutputRelease,
        Self::HoldPlace,
        Self::HoldRelease,
        Self::CatalogueEdit,
        Self::TrustDraft,
        Self::RoleDraft,
        Self::CatalogueApprove,
        Self::TrustApprove,
        Self::RoleApprove,
        Self::HoldApprove,
        Self::LockdownApprove,
        Self::ChangeApply,
        Self::LockdownPlace,
        Self::PolicyDraft,
        Self::PolicyApprove,
        Self::PolicyPublish,
        Self::AuditRead,
    ];

    /// The id in the Cedar schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DrsDescribe => "drs:describe",
            Self::DrsAccessUrl => "drs:access-url",
            Self::DrsStream => "drs:stream",
            Self::DrsTaskStream => "drs:task-stream",
            Self::OutputExport => "output:export",
            Self::DrsRegister => "drs:register",
            Self::TesCreate => "tes:create",
            Self::WesCreate => "wes:create",
            Self::TesUseInput => "tes:use-input",
            Self::WesUseInput => "wes:use-input",
            Self::TesRunImage => "tes:run-image",
            Self::WesRunWorkflow => "wes:run-workflow",
            Self::WriteOutput => "compute:write-output",
            Self::TesRead => "tes:read",
            Self::TesReadLogs => "tes:read-logs",
            Self::TesCancel => "tes:cancel",
            Self::WesRead => "wes:read",
            Self::WesReadLogs => "wes:read-logs",
            Self::WesCancel => "wes:cancel",
            Self::ServiceInfo => "service:info",
            Self::TrsRead => "trs:read",
            Self::GrantDecide => "grant:decide",
            Self::GrantIssue => "grant:issue",
            Self::GrantRevoke => "grant:revoke",
            Self::OutputRelease => "output:release",
            Self::HoldPlace => "hold:place",
            Self::HoldRelease => "hold:release",
            Self::CatalogueEdit => "catalogue:edit",
            Self::TrustDraft => "trust:draft",
            Self::RoleDraft => "role:draft",
            Self::CatalogueApprove => "catalogue:approve",
            Self::TrustApprove => "trust:approve",
            Self::RoleApprove => "role:approve",
            Self::HoldApprove => "hold:approve",
            Self::LockdownApprove => "lockdown:approve",
            Self::ChangeApply => "change:apply",
            Self::LockdownPlace => "lockdown:place",
            Self::PolicyDraft => "policy:draft",
            Self::PolicyApprove => "policy:approve",
            Self::PolicyPublish => "policy:publish",
            Self::AuditRead => "audit:read",
        }
    }

    /// The action with this id, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// Bytes or a URL leave towards the caller (`data:release` in the schema).
    pub const fn releases(self) -> bool {
        matches!(self, Self::DrsAccessUrl | Self::DrsStream)
    }

    /// Bytes go to a task or run (`data:compute` in the schema).
    pub const fn computes(self) -> bool {
        matches!(self, Self::DrsTaskStream | Self::TesUseInput | Self::WesUseInput)
    }

    /// Results leave the environment: consent is asked `export`.
    pub const fn exports(self) -> bool {
        matches!(self, Self::OutputExport)
    }

    /// A use of a dataset's content (`data` in the schema).
    pub const fn uses_data(self) -> bool {
        self.releases() || self.computes() || self.exports()
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn every_action_is_found_by_its_name_and_serialised_as_it() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(action));
            let json = serde_json::to_string(&action).unwrap();
            assert_eq!(json, format!("\"{action}\""));
            assert_eq!(serde_json::from_str::<Action>(&json).unwrap(), action);
        }
        assert_eq!(Action::from_name("drs:delete"), None);
    }
}
