//! IRB: an ethics approval in force, checked, of the acting institution (`consent.md` 2.6).

use std::cmp::Reverse;

use visa_verifier::seam::Timestamp;

use super::findings::Findings;
use super::modifier::Asking;
use super::settle::settles_paper;
use crate::consent::code::{Code, DutyCode};
use crate::consent::output::Date;
use crate::consent::purpose::EthicsEntry;
use crate::consent::user::VouchedBy;

pub(crate) fn judge(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    let (case, spot) = (asking.case, asking.spot);
    let (now, entries) = (case.now(), &case.input.purpose.ethics);
    let ended = |entry: &EthicsEntry| entry.expires.is_some_and(|end| end <= now);
    let in_force = entries.iter().filter(|entry| entry.starts <= now && !ended(entry));
    // The fewest faults that stay, then the fewest faults, then the one that lasts longest.
    let picked = in_force.min_by_key(|entry| {
        let faults = faults(asking, entry);
        let stay = faults.iter().filter(|code| {
            !asking
                .approval
                .is_some_and(|by| settles_paper(case, by, **code, &entry.id))
        });
        (
            stay.count(),
            faults.len(),
            Reverse(entry.expires.unwrap_or(Timestamp::MAX)),
        )
    });
    match picked {
        Some(entry) => {
            for code in faults(asking, entry) {
                let found = findings.reason(spot, code);
                found.entry = Some(entry.id.clone());
                found.about(format!("It is {}.", entry.id));
            }
            entry.expires.iter().for_each(|end| findings.ends(*end));
        }
        None if entries.iter().any(ended) => drop(findings.reason(spot, Code::EthicsExpired)),
        None => drop(findings.reason(spot, Code::EthicsMissing)),
    }
    if case.input.purpose.institution.is_none() {
        findings.reason(spot, Code::InstitutionMissing);
    }
    findings.duty(spot, DutyCode::KeepEthicsApproval, Date::None, Vec::new());
}

fn faults(asking: Asking<'_, '_>, entry: &EthicsEntry) -> Vec<Code> {
    let purpose = &asking.case.input.purpose;
    let checked = matches!(
        entry.verified_by,
        Some(VouchedBy::Dac | VouchedBy::SigningOfficial | VouchedBy::System)
    );
    let of_ours = purpose
        .institution
        .as_ref()
        .is_none_or(|ours| *ours == entry.institution);
    let for_project = entry
        .projects
        .as_ref()
        .is_none_or(|some| purpose.project.as_ref().is_some_and(|p| some.contains(p)));
    let for_dataset = entry
        .datasets
        .as_ref()
        .is_none_or(|some| some.contains(&asking.case.dataset.id));
    let tests = [
        (checked, Code::EthicsUnverified),
        (of_ours && for_project && for_dataset, Code::EthicsNotLocal),
    ];
    tests
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, code)| code)
        .collect()
}
