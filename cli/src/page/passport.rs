//! A judgement of Passports as a page: the same document as `--json`, whether it was made here or by a node.

use comfy_table::{Cell, ColumnConstraint};
use serde_json::Value;
use visa_verifier::Timestamp;

use super::{Paint, plain, relative};
use crate::output::bare_table;

/// The page of a whole report, times told from `now`.
pub(crate) fn passports(report: &Value, now: Timestamp, paint: Paint) -> String {
    let mut out = match text(report, "request_code") {
        None => paint.good("Accepted.") + "\n",
        Some(code) => paint.bad(&format!("Rejected: {}.", plain(code))) + "\n",
    };
    let all = list(report, "passports");
    for (number, passport) in (1..).zip(all) {
        out.push('\n');
        out.push_str(&one(
            passport,
            if all.len() > 1 { Some(number) } else { None },
            now,
            paint,
        ));
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

fn one(passport: &Value, number: Option<usize>, now: Timestamp, paint: Paint) -> String {
    let name = number.map_or_else(|| "Passport".to_owned(), |number| format!("Passport {number}"));
    let code = text(passport, "code").unwrap_or("?");
    let visas = list(passport, "visas");
    if code != "OK" {
        let because = because(passport);
        return format!("{}: {}\n", paint.strong(&name), paint.bad(&because));
    }
    let counting = visas.iter().filter(|visa| counts(visa)).count();
    let mut out = paint.strong(&name);
    if let Some(holder) = passport.get("holder") {
        out.push_str(&format!(" of {}", identity(holder)));
    }
    out.push('\n');
    let others: Vec<String> = list(passport, "identities").iter().skip(1).map(identity).collect();
    if !others.is_empty() {
        out.push_str(&format!("  the same person as {}\n", others.join(", ")));
    }
    if let Some(at) = time(passport, "valid_until").filter(|_| counting > 0) {
        out.push_str(&format!("  stands until {}\n", instant(at, now)));
    }
    match visas.len() {
        0 => out.push_str("  holds no visas\n"),
        all => {
            out.push_str(&format!(
                "  {counting} of {all} visas {}\n",
                if counting == 1 { "counts" } else { "count" }
            ));
            out.push_str(&visa_table(visas, now, paint));
            out.push('\n');
        }
    }
    out
}

fn visa_table(visas: &[Value], now: Timestamp, paint: Paint) -> String {
    let mut table = bare_table(["counts", "visa", "until", "why"]);
    for visa in visas {
        let verdict = paint.verdict(counts(visa), if counts(visa) { "yes" } else { "no" });
        let until = time(visa, "expires").map_or_else(|| "-".to_owned(), |at| relative(at, now));
        table.add_row([verdict, Cell::new(what(visa)), Cell::new(until), Cell::new(why(visa))]);
    }
    // what is short keeps its width, the rest shares what the terminal has
    for at in [0, 2] {
        if let Some(column) = table.column_mut(at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.to_string()
}

/// What a visa says, a line each.
fn what(visa: &Value) -> String {
    let mut lines = vec![text(visa, "type").map_or_else(|| "-".to_owned(), plain)];
    lines.extend(text(visa, "value").map(plain));
    let source = text(visa, "source").map(|source| match text(visa, "by") {
        Some(by) => format!("source {} (by {})", plain(source), plain(by)),
        None => format!("source {}", plain(source)),
    });
    lines.extend(source);
    lines.extend(text(visa, "iss").map(|iss| format!("issuer {}", plain(iss))));
    lines.join("\n")
}

/// Why it counts or not: code and sentence, what exactly, the row and section behind it, relaxations, old keys.
fn why(visa: &Value) -> String {
    let mut lines = vec![because(visa)];
    if !counts(visa) {
        let rule: Vec<String> = ["row", "section"]
            .into_iter()
            .filter_map(|name| text(visa, name))
            .map(plain)
            .collect();
        if !rule.is_empty() {
            lines.push(rule.join(", "));
        }
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
    lines.join("\n")
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

/// `ada at https://broker.example.org`; a node tells identities as one text.
fn identity(holder: &Value) -> String {
    match (text(holder, "sub"), text(holder, "iss"), holder.as_str()) {
        (Some(sub), Some(iss), _) => format!("{} at {}", plain(sub), plain(iss)),
        (_, _, Some(whole)) => match whole.parse::<visa_verifier::VisaIdentity>() {
            Ok(known) => format!("{} at {}", plain(known.sub.as_str()), plain(known.iss.as_str())),
            Err(_) => plain(whole),
        },
        _ => "somebody".to_owned(),
    }
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
            let mut visa = json!({"valid": valid, "code": "OK", "sentence": "it counts", "type": "ControlledAccessGrants",
                "value": "https://d.example/1", "source": "https://dac.example", "by": "dac", "expires": "2027-01-18T08:00:00Z"});
            visa.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            visa
        };
        let bad = json!({"code": "EXPIRED", "sentence": "it has expired", "row": "EXP-01", "section": "AAI 1.2 \"x\"",
            "expires": "2027-01-15T06:00:00Z", "relaxed": ["old-typ"], "value": "\u{202e}evil"});
        let report = json!({"request": "accept", "passports": [{"code": "OK", "sentence": "it counts",
            "holder": {"iss": "https://b.example", "sub": "ada"}, "identities": ["ada,https%3A%2F%2Fb.example", "x,https%3A%2F%2Fi.example"],
            "valid_until": "2027-01-18T08:00:00Z", "visas": [visa(true, json!({"stale_keys": true})), visa(false, bad)]}],
            "requirement": {"granted": false}});
        let now = "2027-01-15T08:00:00Z".parse().unwrap();
        let page = passports(&report, now, Paint::none());
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
            "source https://dac.example (by dac)",
            "\\u{202e}evil",
            "requirement is not met",
        ] {
            assert!(page.contains(said), "{said}:\n{page}");
        }
        let none = json!({"request": "accept", "passports": [{"code": "OK", "holder": {"iss": "i", "sub": "s"}, "visas": []}]});
        assert!(passports(&none, now, Paint::none()).contains("holds no visas"));
        let rejected = json!({"request": "reject", "request_code": "EXPIRED", "passports": [{"code": "EXPIRED", "sentence": "it has expired", "visas": []}]});
        let page = passports(&rejected, now, Paint::none());
        assert!(
            page.contains("Rejected: EXPIRED.") && page.contains("Passport: EXPIRED: it has expired"),
            "{page}"
        );
    }
}
