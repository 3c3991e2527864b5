//! The judgement over all datasets (`consent.md` 2.1): the worst of its parts, all reasons at once, sorted.

use super::approval::Approval;
use super::code::{Code, Effect};
use super::dataset::Dataset;
use super::input::{Input, Question};
use super::judge::{Case, Findings, Judgement, Spot, judge};
use super::name::Name;
use super::output::{DatasetVerdict, Obligation, Output, Reason, Settled, Verdict, Warning};
use super::purpose::Category;
use super::tables::Tables;

/// Judges a question. Pure: equal inputs and tables give equal answers; nothing that is not understood permits.
///
/// A question about no dataset at all, which cannot be read but could be made, is denied without a reason.
#[must_use]
pub fn evaluate(input: &Input, tables: &Tables) -> Output {
    answer(&Question::from(input), tables)
}

/// The same for a question by its parts.
pub(crate) fn answer(input: &Question<'_>, tables: &Tables) -> Output {
    let whole = judge_purpose(input, tables);
    let mut output = Output {
        version: 1,
        decision: if input.datasets.is_empty() {
            Verdict::Deny
        } else {
            whole.verdict()
        },
        per_dataset: Vec::with_capacity(input.datasets.len()),
        reasons: reasons(&whole, None, tables),
        settled: Vec::new(),
        obligations: Vec::new(),
        warnings: Vec::new(),
        valid_until: None,
    };
    for part in &input.datasets {
        let judged = judge(&Case::new(input, tables, *part));
        output.take(part.dataset, &judged, &input.approvals, tables);
    }
    if output.decision == Verdict::Deny {
        output.obligations.clear();
    }
    if output.decision != Verdict::Permit {
        output.valid_until = None;
    }
    output
}

/// What is wrong with the purpose itself, whatever the data (2.3).
fn judge_purpose<'t>(input: &Question<'_>, tables: &'t Tables) -> Findings<'t> {
    let mut findings = Findings::new(tables);
    let (purpose, categories) = (&input.purpose, input.purpose.categories);
    let judged = categories.aims_and_scope();
    if categories.has_barred() {
        findings.reason(&Spot::WHOLE, Code::UseBarred);
    }
    let only_barred = categories.has_barred() && judged.is_empty();
    let no_aim = judged.aims().is_empty() && !only_barred && !categories.is_unstated();
    let no_disease = judged.contains(Category::Disease) && purpose.diseases.is_empty();
    if no_aim || no_disease {
        findings.reason(&Spot::WHOLE, Code::PurposeIncomplete);
    }
    findings
}

impl Output {
    fn take(&mut self, dataset: &Dataset, judged: &Judgement<'_>, approvals: &[&Approval], tables: &Tables) {
        let findings = &judged.findings;
        let decision = findings.verdict();
        let mut codes: Vec<Code> = findings.reasons.values().map(|found| found.code).collect();
        codes.sort_unstable_by_key(|code| code.as_str());
        codes.dedup();
        self.per_dataset.push(DatasetVerdict {
            dataset: dataset.id.clone(),
            decision,
            basis: judged.basis(),
            approval: judged
                .approval
                .and_then(|chosen| approvals.iter().position(|approval| std::ptr::eq(*approval, chosen))),
            reasons: codes,
        });
        self.decision = self.decision.max(decision);
        self.reasons.extend(reasons(findings, Some(&dataset.id), tables));
        if let Some(approval) = judged.approval {
            self.settled
                .extend(findings.settled.iter().map(|((spot, _), code)| Settled {
                    code: *code,
                    dataset: dataset.id.clone(),
                    group: spot.group.name().cloned(),
                    term: spot.term.clone(),
                    source: approval.source.clone(),
                }));
        }
        self.obligations
            .extend(findings.duties.iter().map(|((spot, _), owed)| Obligation {
                code: owed.code,
                dataset: dataset.id.clone(),
                group: spot.group.name().cloned(),
                term: spot.term.clone(),
                date: owed.date.clone(),
                values: owed.values.clone(),
            }));
        self.warnings
            .extend(findings.warnings.iter().map(|((spot, _), code)| Warning {
                code: *code,
                dataset: dataset.id.clone(),
                group: spot.group.name().cloned(),
                term: spot.term.clone(),
                message: tables.sentence(*code).message,
            }));
        self.valid_until = [self.valid_until, findings.end].into_iter().flatten().min();
    }
}

fn reasons(findings: &Findings<'_>, dataset: Option<&Name>, tables: &Tables) -> Vec<Reason> {
    let reason = |spot: &Spot, code: Code, effect: Effect, details: &[String]| {
        let sentence = tables.sentence(code);
        let message = details
            .iter()
            .fold(sentence.message, |message, detail| format!("{message} {detail}"));
        Reason {
            code,
            effect,
            dataset: dataset.cloned(),
            group: spot.group.name().cloned(),
            term: spot.term.clone(),
            message,
            remedy: sentence.remedy,
        }
    };
    findings
        .reasons
        .iter()
        .map(|((spot, _), found)| reason(spot, found.code, found.effect, &found.details))
        .collect()
}
