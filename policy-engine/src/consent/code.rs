//! The codes of consent: reasons, warnings, duties. A contract: never renamed, never reused (`consent.md` 2.11, 2.12).
//!
//! Sentences and remedies are data: `rules/codes.csv`, through [`super::Tables`].

use super::word::words;

words! {
    /// What a reason does.
    Effect, "effect" {
        /// The input is refused.
        Error = "error",
        /// A fact: no approval changes it.
        Deny = "deny",
        /// A judgement: a committee settles it.
        Review = "review",
        /// Never changes the decision.
        Warning = "warning",
    }
}

words! {
    /// A reason or warning of consent.
    Code, "consent code" {
        /// The input does not follow the schema.
        InputInvalid = "consent.input_invalid",
        /// The purpose says whom or how, but not what the work is for, or disease research names no disease.
        PurposeIncomplete = "consent.purpose_incomplete",
        /// The purpose names a use that is barred for all data.
        UseBarred = "consent.use_barred",
        /// Nobody has said what the data are for, and the label asks for it.
        PurposeUnstated = "consent.purpose_unstated",
        /// The dataset is suspended.
        DatasetSuspended = "consent.dataset_suspended",
        /// The dataset has been withdrawn.
        DatasetWithdrawn = "consent.dataset_withdrawn",
        /// The dataset is retired.
        DatasetRetired = "consent.dataset_retired",
        /// The consent on which this dataset rests has ended.
        ConsentExpired = "consent.consent_expired",
        /// Consent was withdrawn for data in this request.
        HoldWithdrawn = "consent.hold_withdrawn",
        /// Consent for data in this request is in dispute.
        HoldDisputed = "consent.hold_disputed",
        /// Consent of participants in this request has ended.
        HoldExpired = "consent.hold_expired",
        /// Participants in this request are being asked anew.
        HoldReconsent = "consent.hold_reconsent",
        /// Participants in this request opted out before this use was approved.
        HoldOptOut = "consent.hold_opt_out",
        /// A committee or this node has barred you or the project from the dataset.
        HoldVeto = "consent.hold_veto",
        /// Some of the data in this request cannot be used at present.
        Hold = "consent.hold",
        /// The request names a consent group that the dataset lacks.
        GroupUnknown = "consent.group_unknown",
        /// You have not accepted the dataset's agreement.
        TermsNotAccepted = "consent.terms_not_accepted",
        /// You are not known as a registered researcher.
        RegistrationMissing = "consent.registration_missing",
        /// No approval for this dataset is among your visas.
        ApprovalMissing = "consent.approval_missing",
        /// The approval was not given by a committee of this dataset.
        ApprovalSourceUntrusted = "consent.approval_source_untrusted",
        /// The approval has not begun.
        ApprovalNotStarted = "consent.approval_not_started",
        /// The approval has ended.
        ApprovalExpired = "consent.approval_expired",
        /// The approval is for other people.
        ApprovalOtherUser = "consent.approval_other_user",
        /// The approval is for another project.
        ApprovalOtherProject = "consent.approval_other_project",
        /// The approval is for another institution.
        ApprovalOtherInstitution = "consent.approval_other_institution",
        /// The committee recorded no purpose with the approval, and this dataset asks for that.
        ApprovalWithoutPurpose = "consent.approval_without_purpose",
        /// The purpose goes beyond the approved one.
        PurposeWiderThanApproval = "consent.purpose_wider_than_approval",
        /// The dataset carries a term that this node does not know.
        TermUnknown = "consent.term_unknown",
        /// The dataset carries an ontology term that is no use condition.
        TermNotALabel = "consent.term_not_a_label",
        /// The dataset carries an obsolete term without meaning.
        TermMeaningless = "consent.term_meaningless",
        /// A term lacks its value.
        ValueMissing = "consent.value_missing",
        /// A term has a value that cannot be read.
        ValueInvalid = "consent.value_invalid",
        /// A term carries a value that it cannot have.
        ValueUnexpected = "consent.value_unexpected",
        /// The label holds no permission term.
        PermissionMissing = "consent.permission_missing",
        /// The permissions contradict each other.
        PermissionConflict = "consent.permission_conflict",
        /// The disease on the label is not in this node's ontology.
        LabelDiseaseUnknown = "consent.label_disease_unknown",
        /// The disease on the label is obsolete in this node's ontology.
        LabelDiseaseObsolete = "consent.label_disease_obsolete",
        /// The permission does not cover a category of the purpose.
        PurposeOutsidePermission = "consent.purpose_outside_permission",
        /// Whether the permission covers a category of the purpose needs judging.
        PurposeNeedsJudgement = "consent.purpose_needs_judgement",
        /// Clinical care is not covered.
        ClinicalCareNotAllowed = "consent.clinical_care_not_allowed",
        /// The data are for named diseases, the purpose names none.
        DiseaseMissing = "consent.disease_missing",
        /// A disease of the purpose is not in this node's ontology.
        DiseaseUnknown = "consent.disease_unknown",
        /// A disease of the purpose is obsolete.
        DiseaseObsolete = "consent.disease_obsolete",
        /// A disease of the purpose is not the labelled disease or a kind of it.
        DiseaseNotCovered = "consent.disease_not_covered",
        /// Ancestry and origins research is excluded.
        AncestryExcluded = "consent.ancestry_excluded",
        /// Your purpose does not say that the study is genetic.
        NotGenetic = "consent.not_genetic",
        /// Your purpose goes beyond the allowed research types.
        ResearchTypeOutside = "consent.research_type_outside",
        /// The allowed research type is in words, or names ages, groups or people without saying which.
        ResearchTypeUnclear = "consent.research_type_unclear",
        /// Developing methods or training models is excluded.
        MethodsExcluded = "consent.methods_excluded",
        /// What the label says on methods development depends on when it was made.
        MethodsMeaningUnknown = "consent.methods_meaning_unknown",
        /// The purpose does not say for which institution you act.
        InstitutionMissing = "consent.institution_missing",
        /// No trusted affiliation as faculty, staff, employee, student or member proves that you act for that institution.
        AffiliationMissing = "consent.affiliation_missing",
        /// Whether the institution works for profit is not known.
        OrganisationStatusUnknown = "consent.organisation_status_unknown",
        /// The institution works for profit, says the source named.
        OrganisationForProfit = "consent.organisation_for_profit",
        /// The purpose does not say whether the use is commercial.
        CommercialUseUnknown = "consent.commercial_use_unknown",
        /// Commercial use is excluded.
        CommercialUse = "consent.commercial_use",
        /// The institution is not among the allowed ones.
        InstitutionOutside = "consent.institution_outside",
        /// No approval names the institution.
        InstitutionNotApproved = "consent.institution_not_approved",
        /// The purpose names no project.
        ProjectMissing = "consent.project_missing",
        /// The project is not among the allowed ones.
        ProjectOutside = "consent.project_outside",
        /// No approval names the project.
        ProjectNotApproved = "consent.project_not_approved",
        /// You are not among the allowed users.
        UserOutside = "consent.user_outside",
        /// No approval in force names you.
        UserNotApproved = "consent.user_not_approved",
        /// The approved months have passed.
        TimeLimitPassed = "consent.time_limit_passed",
        /// The months cannot be counted: no approval gives their start.
        TimeLimitStartUnknown = "consent.time_limit_start_unknown",
        /// Publishing is not allowed before the date of the label.
        Moratorium = "consent.moratorium",
        /// The purpose refuses a duty that the data carry.
        ObligationRefused = "consent.obligation_refused",
        /// The data carry a duty that somebody has to accept, and nobody did.
        ObligationNotAccepted = "consent.obligation_not_accepted",
        /// There is no ethics approval in force.
        EthicsMissing = "consent.ethics_missing",
        /// The ethics approval has expired or was ended by its board.
        EthicsExpired = "consent.ethics_expired",
        /// Nobody has checked the ethics document.
        EthicsUnverified = "consent.ethics_unverified",
        /// The ethics approval is of another institution, or for other projects or datasets.
        EthicsNotLocal = "consent.ethics_not_local",
        /// A place that matters is not known.
        CountryUnknown = "consent.country_unknown",
        /// Your institution is outside the allowed region.
        UserCountryOutside = "consent.user_country_outside",
        /// Data would be stored or processed outside the allowed region.
        ProcessingCountryOutside = "consent.processing_country_outside",
        /// You connect from outside the allowed region.
        AccessCountryOutside = "consent.access_country_outside",
        /// An obsolete term is read by its old meaning.
        TermDeprecated = "consent.term_deprecated",
        /// No restriction, yet a restricting term: the term holds.
        NresWithModifier = "consent.nres_with_modifier",
        /// The meaning of this term depends on the ontology release, which the label does not name.
        LabelVersionMissing = "consent.label_version_missing",
        /// A download goes to a place that nobody here has seen; the country of the institution stands for it.
        DownloadPlaceUnseen = "consent.download_place_unseen",
    }
}

words! {
    /// A duty of a person.
    DutyCode, "duty" {
        /// PUB: make results available.
        PublishResults = "publish_results",
        /// COL: agree with the investigators before first use.
        Collaborate = "collaborate",
        /// RTN: give derived data back.
        ReturnResults = "return_results",
        /// MOR: publish nothing before the date.
        NoPublicationBefore = "no_publication_before",
        /// IRB: keep the ethics approval in force.
        KeepEthicsApproval = "keep_ethics_approval",
        /// TS: stop use and delete copies at the date.
        StopUseBy = "stop_use_by",
        /// A trained model is derived from the dataset.
        ModelsAreDerivatives = "models_are_derivatives",
    }
}
