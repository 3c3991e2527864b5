//! The recorded purpose that a request without one of its own takes (`consent.md` 2.3, third source).

use visa_verifier::seam::Timestamp;

use super::approval::Approval;
use super::dataset::Dataset;
use super::purpose::ResearchPurpose;
use super::user::UserFacts;

/// The purpose, project and institution that all approvals for these datasets record, of those that pass the tests of
/// 2.9 up to `users` (source, start, end, people). None if there is none, one records nothing, or two differ.
#[must_use]
pub fn recorded_purpose<'d>(
    datasets: impl IntoIterator<Item = &'d Dataset>,
    approvals: &[Approval],
    user: &UserFacts,
    now: Timestamp,
) -> Option<ResearchPurpose> {
    let mut found: Option<ResearchPurpose> = None;
    for dataset in datasets {
        let serving = approvals.iter().filter(|approval| {
            approval.dataset == dataset.id
                && dataset.dac.contains(&approval.source)
                && approval.starts <= now
                && now < approval.expires
                && approval.is_for(user)
        });
        for approval in serving {
            let purpose = recorded(approval)?;
            match &found {
                Some(earlier) if *earlier != purpose => return None,
                _ => found = Some(purpose),
            }
        }
    }
    found
}

fn recorded(approval: &Approval) -> Option<ResearchPurpose> {
    let recorded = approval.purpose.as_ref()?;
    let mut purpose = ResearchPurpose::of(recorded.categories);
    purpose.diseases.clone_from(&recorded.diseases);
    purpose.commercial = recorded.commercial;
    purpose.project.clone_from(&approval.project);
    purpose.institution.clone_from(&approval.institution);
    Some(purpose)
}
