//! A judgement of Passports as a page: the same document as `--json`, whether it was made here or by a node.

use comfy_table::{Cell, ColumnConstraint, Table, Width};
use serde_json::Value;
use visa_verifier::Timestamp;

use super::{Paint, plain, relative};
use crate::output::bare_table;

/// A terminal narrower than this gets lines instead of a table.
const TABLE_COLUMNS: u16 = 72;

/// The page of a whole report, times told from `now`. `alone`: the last one is a visa on its own.
pub(crate) fn passports(report: &Value, alone: bool, now: Timestamp, paint: Paint) -> String {
    let mut out = match text(report, "request_code") {
        None => paint.good("Accepted.") + "\n",
        Some(code) => paint.bad(&format!("Rejected: {}.", plain(code))) + "\n",
    };
    let all = list(report, "passports");
    for (number, passport) in (1..).zip(all) {
        let name = match (alone && number == all.len(), all.len()) {
            (true, _) => "Visa".to_owned(),
            (false, 1) => "Passport".to_owned(),
            (false, _) => format!("Passport {number}"),
        };
        out.push('\n');
        out.push_str(&one(passport, &name, now, paint));
    }
    if let Some(requirement) = report.get("requirement") {
        let until = requirement
            .get("expiry")
            .and_then(Value::as_i64)
            .map(Timestamp::from_unix);
        let until = until
            .map(|at| format!(", until {}", instant(at, now)))
            .unwrap_or_default();
        let met = if requirement.get("granted").and_then(Value::as_bool) == Some(true) {
            paint.good("met")
        } else {
            paint.bad("not met")
        };
        out.push_str(&format!("\nThe requirement is {met}{until}.\n"));
    }
    out
}

fn one(passport: &Value, name: &str, now: Timestamp, paint: Paint) -> String {
    let code = text(passport, "code").unwrap_or("?");
    let visas = list(passport, "visas");
    let mut out = paint.strong(name);
    if code != "OK" {
        let why = why(passport, false);
        out.push_str(&format!(": {}\n", paint.bad(&why.join("\n  "))));
        return out;
    }
    let counting = visas.iter().filter(|visa| counts(visa)).count();
    if let Some(holder) = passport.get("holder").and_then(identity) {
        out.push_str(&format!(" of {holder}"));
    }
    out.push('\n');
    let others: Vec<String> = list(passport, "identities")
        .iter()
        .skip(1)
        .filter_map(identity)
        .collect();
    if !others.is_empty() {
        out.push_str(&format!("  the same person as {}\n", others.join(", ")));
    }
    if let Some(at) = time(passport, "valid_until").filter(|_| counting > 0) {
        out.push_str(&format!("  stands until {}\n", instant(at, now)));
    }
    match (visas, name) {
        ([], _) => out.push_str("  holds no visas\n"),
        (_, "Visa") => out.push_str(&visa_list(visas, now, paint)),
        (all, _) => {
            let verb = if counting == 1 { "counts" } else { "count" };
            out.push_str(&format!("  {counting} of {} visas {verb}\n", all.len()));
            out.push_str(&visa_list(visas, now, paint));
        }
    }
    out
}

/// A table on a terminal; else lines that can be searched, each value whole.
fn visa_list(visas: &[Value], now: Timestamp, paint: Paint) -> String {
    let table = bare_table(["counts", "visa", "until", "why"]);
    if table.is_tty() && table.width().is_none_or(|columns| columns >= TABLE_COLUMNS) {
        return visa_table(table, visas, now, paint) + "\n";
    }
    let mut out = String::new();
    for visa in visas {
        let verdict = if counts(visa) { "yes" } else { "no " };
        let until = until(visa, now);
        let lines = what(visa);
        let (first, rest) = lines
            .split_first()
            .map_or(("-", &[][..]), |(first, rest)| (first.as_str(), rest));
        out.push_str(&format!("\n  {verdict}  {first}, {until}\n"));
        for line in rest.iter().chain(&why(visa, counts(visa))) {
            out.push_str(&format!("       {line}\n"));
        }
    }
    out
}

/// Until when it counts, or what its end says.
fn until(visa: &Value, now: Timestamp) -> String {
    time(visa, "expires").map_or_else(|| "-".to_owned(), |at| relative(at, now))
}

fn visa_table(mut table: Table, visas: &[Value], now: Timestamp, paint: Paint) -> String {
    for visa in visas {
        let verdict = paint.verdict(counts(visa), if counts(visa) { "yes" } else { "no" });
        let why = why(visa, counts(visa)).join("\n");
        table.add_row([
            verdict,
            Cell::new(what(visa).join("\n")),
            Cell::new(until(visa, now)),
            Cell::new(why),
        ]);
    }
    // what is short keeps its width, what is long gets the larger part of the rest
    let widths = [
        (0, ColumnConstraint::ContentWidth),
        (1, ColumnConstraint::LowerBoundary(Width::Percentage(45))),
        (2, ColumnConstraint::ContentWidth),
    ];
    for (at, width) in widths {
        if let Some(column) = table.column_mut(at) {
            column.set_constraint(width);
        }
    }
    table.to_string()
}

/// What a visa says, a line each.
fn what(visa: &Value) -> Vec<String> {
    let mut lines = vec![text(visa, "type").map_or_else(|| "-".to_owned(), plain)];
    lines.extend(text(visa, "value").map(plain));
    let source = text(visa, "source").map(|source| match text(visa, "by") {
        Some(by) => format!("source {} (by {})", plain(source), plain(by)),
        None => format!("source {}", plain(source)),
    });
    lines.extend(source);
    lines.extend(text(visa, "iss").map(|iss| format!("issuer {}", plain(iss))));
    lines
}

/// Why it counts or not: code and sentence, what exactly, the row and section behind it, relaxations, old keys.
fn why(visa: &Value, counts: bool) -> Vec<String> {
    let mut lines = vec![because(visa)];
    if !counts {
        let rule: Vec<String> = ["row", "section"]
            .into_iter()
            .filter_map(|name| text(visa, name))
            .map(plain)
            .collect();
        if !rule.is_empty() {
            lines.push(rule.join(", "));
        }
    }
    if counts && visa.get("of_holder").is_none() {
        lines.push("but speaks of somebody else than the holder".to_owned());
    }
    let evidence: Vec<String> = list(visa, "evidence")
        .iter()
        .filter_map(Value::as_str)
        .map(plain)
        .collect();
    if !evidence.is_empty() {
        lines.push(format!("its issuer is believed: {}", evidence.join("; ")));
    }
    let relaxed: Vec<String> = list(visa, "relaxed")
        .iter()
        .filter_map(Value::as_str)
        .map(plain)
        .collect();
    if !relaxed.is_empty() {
        lines.push(format!("only by the trust entry's accept = {}", relaxed.join(", ")));
    }
    if visa.get("stale_keys").and_then(Value::as_bool) == Some(true) {
        lines.push("by old keys: its key server cannot be reached".to_owned());
    }
    lines
}

fn because(thing: &Value) -> String {
    let sentence = text(thing, "sentence").map(plain).unwrap_or_default();
    let detail = text(thing, "detail")
        .map(|detail| format!(" ({})", plain(detail)))
        .unwrap_or_default();
    match text(thing, "code") {
        Some("OK") | None => format!("{sentence}{detail}"),
        Some(code) => format!("{}: {sentence}{detail}", plain(code)),
    }
}

/// `ada at https://broker.example.org`, of the form `SUB,ISS`; `None` for nobody.
fn identity(holder: &Value) -> Option<String> {
    let known: visa_verifier::VisaIdentity = holder.as_str()?.parse().ok()?;
    let (sub, iss) = (known.sub.as_str(), known.iss.as_str());
    (iss != "urn:visum:nobody").then(|| format!("{} at {}", plain(sub), plain(iss)))
}

fn instant(at: Timestamp, now: Timestamp) -> String {
    format!("{at} ({})", relative(at, now))
}

fn counts(visa: &Value) -> bool {
    visa.get("valid").and_then(Value::as_bool) == Some(true)
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn time(value: &Value, name: &str) -> Option<Timestamp> {
    text(value, name)?.parse().ok()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_says_what_counts_until_when_and_why_not() {
        let visa = |valid: bool, more: Value| {
            let mut visa = json!({"of_holder": valid, "evidence": ["our own"], "valid": valid, "code": "OK", "sentence": "it counts", "type": "ControlledAccessGrants",
                "value": "https://d.example/1", "source": "https://dac.example", "by": "dac", "expires": "2027-01-18T08:00:00Z"});
            visa.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            visa
        };
        let bad = json!({"code": "EXPIRED", "sentence": "it has expired", "row": "EXP-01", "section": "AAI 1.2 \"x\"",
            "expires": "2027-01-15T06:00:00Z", "relaxed": ["old-typ"], "value": "\u{202e}evil"});
        let report = json!({"request": "accept", "passports": [{"code": "OK", "sentence": "it counts",
            "holder": "ada,https%3A%2F%2Fb.example", "identities": ["ada,https%3A%2F%2Fb.example", "x,https%3A%2F%2Fi.example"],
            "valid_until": "2027-01-18T08:00:00Z", "visas": [visa(true, json!({"stale_keys": true})), visa(false, bad)]}],
            "requirement": {"granted": false}});
        let now = "2027-01-15T08:00:00Z".parse().unwrap();
        let page = passports(&report, false, now, Paint::none());
        for said in [
            "Accepted.",
            "Passport of ada at https://b.example",
            "the same person as x at https://i.example",
            "2027-01-18T08:00:00Z (in 3 days)",
            "1 of 2 visas counts",
            "in 3 days",
            "2 h ago",
            "EXPIRED: it has expired",
            "EXP-01, AAI 1.2 \"x\"",
            "accept = old-typ",
            "old keys",
            "believed: our own",
            "source https://dac.example (by dac)",
            "\\u{202e}evil",
            "requirement is not met",
        ] {
            assert!(page.contains(said), "{said}:\n{page}");
        }
        let none = json!({"request": "accept", "passports": [{"code": "OK", "holder": "s,https%3A%2F%2Fi.example", "visas": []}]});
        assert!(passports(&none, false, now, Paint::none()).contains("holds no visas"));
        let rejected = json!({"request": "reject", "request_code": "EXPIRED", "passports": [{"code": "EXPIRED", "sentence": "it has expired", "visas": []}]});
        let page = passports(&rejected, false, now, Paint::none());
        assert!(
            page.contains("Rejected: EXPIRED.") && page.contains("Passport: EXPIRED: it has expired"),
            "{page}"
        );
    }
}
