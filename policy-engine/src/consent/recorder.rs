//! Who can record the fact, or give the judgement, that a reason of consent lacks.

use serde::Serialize;

use super::code::Code;

/// Somebody who can turn a reason.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorder {
    /// Who keeps this node's register of institutions.
    RegisterKeeper,
    /// The person who applies: their purpose, papers, agreements, identities.
    Person,
    /// The institution that the person acts for.
    Institution,
    /// The dataset's committee.
    Committee,
    /// Who keeps the dataset: its label, state and consent.
    Custodian,
    /// Who runs the node on which the data are used.
    Provider,
    /// Nobody: only time, or another dataset or purpose.
    Nobody,
}

impl Recorder {
    /// Who that is, and by what, in words.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::RegisterKeeper => "who keeps the register of institutions (`visum register set`)",
            Self::Person => "the person who applies",
            Self::Institution => "the institution that the person acts for",
            Self::Committee => "the dataset's committee",
            Self::Custodian => "the dataset's custodian (`visum change propose`)",
            Self::Provider => "who runs this node",
            Self::Nobody => "nobody",
        }
    }
}

impl Code {
    /// Who can record what this code lacks. Every code has an answer: a new one does not compile without it.
    #[must_use]
    pub const fn recorder(self) -> Recorder {
        match self {
            Self::OrganisationStatusUnknown | Self::OrganisationForProfit | Self::CountryUnknown => {
                Recorder::RegisterKeeper
            }
            Self::PurposeIncomplete
            | Self::PurposeUnstated
            | Self::TermsNotAccepted
            | Self::DiseaseMissing
            | Self::DiseaseUnknown
            | Self::DiseaseObsolete
            | Self::NotGenetic
            | Self::InstitutionMissing
            | Self::InstitutionOutside
            | Self::CommercialUseUnknown
            | Self::CommercialUse
            | Self::ProjectMissing
            | Self::ProjectOutside
            | Self::UserOutside
            | Self::UserCountryOutside
            | Self::AccessCountryOutside
            | Self::ObligationRefused
            | Self::ObligationNotAccepted
            | Self::EthicsMissing
            | Self::EthicsExpired
            | Self::InputInvalid => Recorder::Person,
            Self::AffiliationMissing | Self::RegistrationMissing => Recorder::Institution,
            Self::ApprovalMissing
            | Self::ApprovalSourceUntrusted
            | Self::ApprovalNotStarted
            | Self::ApprovalExpired
            | Self::ApprovalOtherUser
            | Self::ApprovalOtherProject
            | Self::ApprovalOtherInstitution
            | Self::ApprovalWithoutPurpose
            | Self::PurposeWiderThanApproval
            | Self::PurposeNeedsJudgement
            | Self::ResearchTypeUnclear
            | Self::MethodsMeaningUnknown
            | Self::InstitutionNotApproved
            | Self::ProjectNotApproved
            | Self::UserNotApproved
            | Self::TimeLimitStartUnknown
            | Self::EthicsUnverified
            | Self::EthicsNotLocal
            | Self::HoldVeto => Recorder::Committee,
            Self::DatasetSuspended
            | Self::ConsentExpired
            | Self::HoldDisputed
            | Self::HoldExpired
            | Self::HoldReconsent
            | Self::Hold
            | Self::GroupUnknown
            | Self::TermUnknown
            | Self::TermNotALabel
            | Self::TermMeaningless
            | Self::ValueMissing
            | Self::ValueInvalid
            | Self::ValueUnexpected
            | Self::PermissionMissing
            | Self::PermissionConflict
            | Self::LabelDiseaseUnknown
            | Self::LabelDiseaseObsolete
            | Self::TermDeprecated
            | Self::NresWithModifier
            | Self::LabelVersionMissing
            | Self::DownloadPlaceUnseen => Recorder::Custodian,
            Self::ProcessingCountryOutside => Recorder::Provider,
            Self::UseBarred
            | Self::DatasetWithdrawn
            | Self::DatasetRetired
            | Self::HoldWithdrawn
            | Self::HoldOptOut
            | Self::PurposeOutsidePermission
            | Self::ClinicalCareNotAllowed
            | Self::DiseaseNotCovered
            | Self::AncestryExcluded
            | Self::ResearchTypeOutside
            | Self::MethodsExcluded
            | Self::TimeLimitPassed
            | Self::Moratorium => Recorder::Nobody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_register_a_person_a_committee_and_a_label_lack_is_told_apart() {
        let cases = [
            ("consent.organisation_status_unknown", Recorder::RegisterKeeper),
            ("consent.terms_not_accepted", Recorder::Person),
            ("consent.affiliation_missing", Recorder::Institution),
            ("consent.ethics_unverified", Recorder::Committee),
            ("consent.value_missing", Recorder::Custodian),
            ("consent.processing_country_outside", Recorder::Provider),
            ("consent.use_barred", Recorder::Nobody),
        ];
        for (code, who) in cases {
            assert_eq!(code.parse::<Code>().unwrap().recorder(), who, "{code}");
        }
    }
}
