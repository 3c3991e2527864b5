//! Terms that hand out duties: TS, MOR, PUB, COL, RTN (`consent.md` 2.6, 2.12).

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Span, Timestamp as Instant};
use visa_verifier::seam::Timestamp;

use super::findings::Findings;
use super::modifier::Asking;
use crate::consent::approval::Approval;
use crate::consent::code::{Code, DutyCode};
use crate::consent::input::Operation;
use crate::consent::name::Name;
use crate::consent::output::Date;

/// TS: months from the start of the approval.
pub(crate) fn time_limit(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    let Some(months) = asking.pool.months else { return };
    let end = asking.approval.map(|approval| months_after(approval.starts, months));
    match end {
        Some(end) => {
            // Its end counts whatever the decision (2.9, 2.10): of two approvals, the one that ends latest is told.
            findings.ends(end);
            if end <= asking.case.now() {
                findings.reason(asking.spot, Code::TimeLimitPassed);
            }
        }
        None if asking.case.lack_of_approval_is_told() => {}
        None => drop(findings.reason(asking.spot, Code::TimeLimitStartUnknown)),
    }
    let date = end.map_or(Date::Uncounted, |end| Date::On(end.to_string()));
    findings.duty(asking.spot, DutyCode::StopUseBy, date, Vec::new());
}

/// The same day and time of day that many months later, or the last day of that month.
fn months_after(start: Timestamp, months: i64) -> Timestamp {
    let later = || {
        let start: DateTime = Offset::UTC.to_datetime(Instant::from_second(start.unix()).ok()?);
        let end = start.checked_add(Span::new().try_months(months).ok()?).ok()?;
        Some(Timestamp::from_unix(Offset::UTC.to_timestamp(end).ok()?.as_second()))
    };
    // Beyond the year 9999 is never.
    later().unwrap_or(Timestamp::MAX)
}

/// MOR: nothing is published before the day.
pub(crate) fn moratorium(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    let Some((until, day)) = asking.pool.day else { return };
    if until <= asking.case.now() {
        return;
    }
    if asking.case.is(Operation::Publish) {
        findings.reason(asking.spot, Code::Moratorium);
    }
    if asking.case.input.purpose.agrees.moratorium == Some(false) {
        findings.reason(asking.spot, Code::ObligationRefused);
    }
    findings.duty(
        asking.spot,
        DutyCode::NoPublicationBefore,
        Date::On(day.to_string()),
        Vec::new(),
    );
}

/// PUB: agrees to publish; silence is no refusal.
pub(crate) fn publication(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    if asking.case.input.purpose.agrees.publish == Some(false) {
        findings.reason(asking.spot, Code::ObligationRefused);
    }
    findings.duty(asking.spot, DutyCode::PublishResults, Date::None, Vec::new());
}

/// COL: must agree to collaborate.
pub(crate) fn collaboration(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    must_agree(asking, asking.case.input.purpose.agrees.collaborate, findings);
    let investigators = asking.pool.values.iter().map(|name| (*name).clone()).collect();
    findings.duty(asking.spot, DutyCode::Collaborate, Date::None, investigators);
}

/// RTN: must agree to give data back.
pub(crate) fn return_of_results(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    must_agree(asking, asking.case.input.purpose.agrees.return_results, findings);
    findings.duty(asking.spot, DutyCode::ReturnResults, Date::None, Vec::new());
}

/// A yes is needed: in the purpose, in the committee's recorded decision, or in the dataset's agreement.
fn must_agree(asking: Asking<'_, '_>, said: Option<bool>, findings: &mut Findings<'_>) {
    let case = asking.case;
    let agreed = |url: &Name| case.accepted(url).is_some();
    let code = match said {
        Some(true) => return,
        Some(false) => Code::ObligationRefused,
        None if asking.approval.is_some_and(Approval::is_bound) || case.dataset.agreements.iter().any(agreed) => return,
        None if !case.is_use() || (asking.approval.is_none() && case.lack_of_approval_is_told()) => return,
        None => Code::ObligationNotAccepted,
    };
    findings.reason(asking.spot, code);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_on_the_same_day_or_the_last_of_the_month() {
        let cases = [
            ("2026-01-15T09:30:00Z", 12, "2027-01-15T09:30:00Z"),
            ("2026-01-31T00:00:00Z", 1, "2026-02-28T00:00:00Z"),
            ("2024-01-31T23:59:59Z", 1, "2024-02-29T23:59:59Z"),
            ("2024-02-29T00:00:00Z", 12, "2025-02-28T00:00:00Z"),
            ("9999-06-01T00:00:00Z", 1200, "9999-12-31T23:59:59Z"),
        ];
        for (start, months, end) in cases {
            assert_eq!(
                months_after(start.parse().unwrap(), months).to_string(),
                end,
                "{start} and {months} months"
            );
        }
    }
}
