//! What happened: the operation names of apis.md 1.4 and the other types of audit.md section 3.

use super::word::words;

words! {
    /// The `type` of an event.
    EventType {
        DrsGetServiceInfo = "drs:GetServiceInfo", DrsOptionsObject = "drs:OptionsObject",
        DrsOptionsBulkObject = "drs:OptionsBulkObject", DrsGetObject = "drs:GetObject", DrsPostObject = "drs:PostObject",
        DrsGetBulkObjects = "drs:GetBulkObjects", DrsGetAccessUrl = "drs:GetAccessUrl",
        DrsPostAccessUrl = "drs:PostAccessUrl", DrsGetBulkAccessUrl = "drs:GetBulkAccessUrl",
        DrsReadBytes = "drs:ReadBytes",
        WesGetServiceInfo = "wes:GetServiceInfo", WesListRuns = "wes:ListRuns", WesRunWorkflow = "wes:RunWorkflow",
        WesGetRunLog = "wes:GetRunLog", WesGetRunStatus = "wes:GetRunStatus", WesListTasks = "wes:ListTasks",
        WesGetTask = "wes:GetTask", WesCancelRun = "wes:CancelRun", WesReadLog = "wes:ReadLog",
        TesGetServiceInfo = "tes:GetServiceInfo", TesListTasks = "tes:ListTasks", TesCreateTask = "tes:CreateTask",
        TesGetTask = "tes:GetTask", TesCancelTask = "tes:CancelTask",
        TrsGetServiceInfo = "trs:GetServiceInfo", TrsListTools = "trs:ListTools", TrsGetTool = "trs:GetTool",
        TrsListVersions = "trs:ListVersions", TrsGetVersion = "trs:GetVersion", TrsGetDescriptor = "trs:GetDescriptor",
        TrsGetDescriptorByPath = "trs:GetDescriptorByPath", TrsGetTests = "trs:GetTests", TrsGetFiles = "trs:GetFiles",
        TrsGetContainerfile = "trs:GetContainerfile", TrsListToolClasses = "trs:ListToolClasses",
        RegistryListServices = "registry:ListServices", RegistryGetService = "registry:GetService",
        RegistryListTypes = "registry:ListTypes", RegistryGetServiceInfo = "registry:GetServiceInfo",
        DrsStreamBegin = "drs.stream.begin", DrsStreamEnd = "drs.stream.end",
        TesInput = "tes.input", TesOutput = "tes.output", Decision = "decision",
        GrantIssue = "grant.issue", GrantRevoke = "grant.revoke", VisaIssue = "visa.issue", VisaReject = "visa.reject",
        PassportVerify = "passport.verify",
        HoldPlace = "hold.place", HoldRelease = "hold.release", HoldUnmatched = "hold.unmatched", HoldMany = "hold.many",
        ConsentChange = "consent.change",
        ChangeDraft = "change.draft", ChangeApprove = "change.approve", ChangeApply = "change.apply",
        PurposeAttest = "purpose.attest", PurposeChange = "purpose.change",
        PurposeTried = "purpose.tried", PurposeMany = "purpose.many",
        OutputList = "output.list", OutputRequest = "output.request", OutputCheck = "output.check",
        OutputApprove = "output.approve", OutputRelease = "output.release", OutputRefuse = "output.refuse",
        OutputReadBegin = "output.read.begin", OutputReadEnd = "output.read.end",
        SessionStart = "session.start", SessionEnd = "session.end",
        PolicyPublish = "policy.publish", PolicyApprove = "policy.approve", PolicyObserve = "policy.observe",
        LockdownPlace = "lockdown.place", LockdownLift = "lockdown.lift", BreakGlass = "break-glass",
        GovernanceDual = "governance.dual", PersonSuspend = "person.suspend", PersonResume = "person.resume",
        KeyRotate = "key.rotate", KeyUse = "key.use", Login = "login", Logout = "logout",
        LinkIdentity = "link.identity", TermsAccept = "terms.accept", AuditRead = "audit.read", AuditExport = "audit.export",
        SubjectErase = "subject.erase", ConfigChange = "config.change", ClockStep = "clock.step",
        LogOpen = "log.open", LogFence = "log.fence", LogAnchor = "log.anchor", LogPrune = "log.prune",
        DeniedMany = "denied.many",
    }
}

impl EventType {
    /// Whether the event changes what people may do: such ones keep their place on a full disk (audit.md section 2).
    #[must_use]
    pub fn governs(self) -> bool {
        matches!(
            self,
            Self::GrantIssue
                | Self::GrantRevoke
                | Self::HoldPlace
                | Self::HoldRelease
                | Self::ConsentChange
                | Self::ChangeDraft
                | Self::ChangeApprove
                | Self::ChangeApply
                | Self::PurposeAttest
                | Self::PurposeChange
                | Self::PolicyPublish
                | Self::PolicyApprove
                | Self::LockdownPlace
                | Self::LockdownLift
                | Self::BreakGlass
                | Self::GovernanceDual
                | Self::PersonSuspend
                | Self::PersonResume
                | Self::KeyRotate
                | Self::SubjectErase
                | Self::TermsAccept
        )
    }
}
