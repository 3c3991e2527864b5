//! Modifiers: each asks its own question (`consent.md` 2.6). Every one of a group has to hold.

use super::case::Case;
use super::findings::{Findings, Spot};
use super::{affiliation, duty, ethics, geography, method};
use crate::consent::approval::Approval;
use crate::consent::code::Code;
use crate::consent::label::{Label, Pool};
use crate::consent::name::Name;
use crate::consent::purpose::Category;
use crate::consent::rule::Modifier;

/// A modifier that is looked at: where it stands, its values, and what it is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'j, 'q> {
    pub(crate) case: &'j Case<'q>,
    pub(crate) approval: Option<&'q Approval>,
    pub(crate) spot: &'j Spot,
    pub(crate) pool: &'j Pool<'q>,
}

pub(crate) fn judge<'q>(
    case: &Case<'q>,
    approval: Option<&'q Approval>,
    spot: &Spot,
    label: &Label<'q>,
    findings: &mut Findings<'_>,
) {
    for (modifier, pool) in label.modifiers.iter().filter(|(_, pool)| pool.can_be_judged()) {
        let spot = spot.term(pool.id);
        let asking = Asking {
            case,
            approval,
            spot: &spot,
            pool,
        };
        let categories = case.categories;
        // These ask what the data are for; who has said nothing is judged no further.
        let asks_what_for = matches!(
            modifier,
            Modifier::Rs | Modifier::Nmds | Modifier::Gso | Modifier::Npoa | Modifier::Ru
        );
        if asks_what_for && categories.is_unstated() {
            findings.reason(&spot, Code::PurposeUnstated);
            continue;
        }
        match modifier {
            // Widens the permissions, and asks nothing itself.
            Modifier::Cc => {}
            Modifier::Rs => method::research_types(asking, findings),
            Modifier::Nmds => method::methods(asking, findings),
            Modifier::Gso if categories.contains(Category::Genetic) => {}
            Modifier::Gso => drop(findings.reason(&spot, Code::NotGenetic)),
            Modifier::Npoa => {
                if categories.contains(Category::Ancestry) {
                    findings.reason(&spot, Code::AncestryExcluded);
                }
                if categories.contains(Category::Population) {
                    findings
                        .reason(&spot, Code::PurposeNeedsJudgement)
                        .about("It is `population`.");
                }
            }
            Modifier::Ru if categories.contains(Category::ClinicalCare) => {
                findings.reason(&spot, Code::ClinicalCareNotAllowed);
            }
            Modifier::Ru => {}
            Modifier::Npu => affiliation::nonprofit(asking, findings),
            Modifier::Ncu => non_commercial(asking, findings),
            Modifier::Npuncu => {
                affiliation::nonprofit(asking, findings);
                non_commercial(asking, findings);
            }
            Modifier::Is => affiliation::institution(asking, findings),
            Modifier::Ps => project(asking, findings),
            Modifier::Us => user(asking, findings),
            Modifier::Gs => geography::judge(asking, findings),
            Modifier::Ts => duty::time_limit(asking, findings),
            Modifier::Mor => duty::moratorium(asking, findings),
            Modifier::Pub => duty::publication(asking, findings),
            Modifier::Col => duty::collaboration(asking, findings),
            Modifier::Rtn => duty::return_of_results(asking, findings),
            Modifier::Irb => ethics::judge(asking, findings),
        }
    }
}

/// What the approval tried says, for a term that rests on it: a code only where the lack is not told already.
pub(crate) fn named(asking: Asking<'_, '_>, names_it: impl Fn(&Approval) -> bool, code: Code, to: &mut Findings<'_>) {
    let holds = match asking.approval {
        Some(approval) => names_it(approval),
        None => asking.case.lack_of_approval_is_told(),
    };
    if !holds {
        to.reason(asking.spot, code);
    }
}

fn non_commercial(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    match asking.case.input.purpose.commercial {
        Some(false) => {}
        Some(true) => drop(findings.reason(asking.spot, Code::CommercialUse)),
        None => drop(findings.reason(asking.spot, Code::CommercialUseUnknown)),
    }
}

fn project(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    let Some(project) = &asking.case.input.purpose.project else {
        findings.reason(asking.spot, Code::ProjectMissing);
        return;
    };
    if !asking.pool.values.is_empty() && !asking.pool.values.contains(project) {
        findings.reason(asking.spot, Code::ProjectOutside);
        return;
    }
    // A typed name proves nothing.
    named(
        asking,
        |approval| approval.project.as_ref() == Some(project),
        Code::ProjectNotApproved,
        findings,
    );
}

fn user(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    if asking.pool.values.is_empty() {
        // Any approval in force is this user's.
        return named(asking, |_| true, Code::UserNotApproved, findings);
    }
    let allowed = |id: &Name| asking.pool.values.contains(id);
    if !asking.case.input.user.ids.iter().any(allowed) {
        findings.reason(asking.spot, Code::UserOutside);
    }
}
