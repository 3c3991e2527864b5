//! Duties of a node (decision-apis.md section 4). What persons owe are obligations, from the consent engine.

use serde::{Deserialize, Serialize};

/// What the door that carries a permit must do. A door that can't denies with `door.cannot_enforce`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyKind {
    /// Give a capability URL of ours in place of the backend's.
    CapabilityUrl,
    /// Shape the answer: drop what the caller may not see.
    FilterResponse,
    /// Write owner, datasets and decision on the task or run.
    StampOwner,
    /// End open streams and running work when what the permit rests on goes.
    TerminateOnRevocation,
    /// The permit ends at the decision's `valid_until`.
    MaxValidUntil,
    /// Record how many bytes went out.
    RecordBytes,
    /// Record a mark by which a copy can be told.
    WatermarkLog,
    /// Run the workflow at the digest that was judged.
    PinWorkflow,
    /// Show no more than the minimal view.
    MaxView,
    /// Keep logs and outputs back until they were checked.
    HoldLogs,
}

impl DutyKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::CapabilityUrl,
        Self::FilterResponse,
        Self::StampOwner,
        Self::TerminateOnRevocation,
        Self::MaxValidUntil,
        Self::RecordBytes,
        Self::WatermarkLog,
        Self::PinWorkflow,
        Self::MaxView,
        Self::HoldLogs,
    ];

    /// The word on the wire and in `@obligation`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CapabilityUrl => "capability_url",
            Self::FilterResponse => "filter_response",
            Self::StampOwner => "stamp_owner",
            Self::TerminateOnRevocation => "terminate_on_revocation",
            Self::MaxValidUntil => "max_valid_until",
            Self::RecordBytes => "record_bytes",
            Self::WatermarkLog => "watermark_log",
            Self::PinWorkflow => "pin_workflow",
            Self::MaxView => "max_view",
            Self::HoldLogs => "hold_logs",
        }
    }

    /// The kind of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A duty, and the dataset that it is owed for (`None`: the whole decision).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Duty {
    /// What.
    pub kind: DutyKind,
    /// For which dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
}
