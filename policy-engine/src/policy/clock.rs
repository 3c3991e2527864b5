//! Whether a policy reads the clock: then what it says holds for a moment only (policy.md 5).

use cedar_policy::Policy;
use serde_json::Value;

/// Whether a policy reads the time since login, or the moment itself but to compare it with a grant's end, which a
/// decision's own end covers. One that cannot be looked through does.
pub(super) fn reads_clock(policy: &Policy) -> bool {
    policy
        .to_json()
        .map_or(true, |json| json.get("conditions").is_none_or(looks))
}

fn looks(json: &Value) -> bool {
    match json {
        Value::Array(items) => items.iter().any(looks),
        Value::Object(members) => members.iter().any(|(word, value)| match word.as_str() {
            "<" | "<=" | ">" | ">=" if compares_end(value) => false,
            "." | "has" if is_of(value, &["assurance"]) => names(value, "sinceLogin"),
            "has" if is_of(value, &[]) => names(value, "now"),
            "." if is_of(value, &[]) => names(value, "now") || names(value, "assurance"),
            // the context or `assurance` as a whole, the moment within
            "Var" => value == "context",
            _ => looks(value),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn names(get: &Value, member: &str) -> bool {
    get.get("attr").and_then(Value::as_str) == Some(member)
}

fn is_of(get: &Value, path: &[&str]) -> bool {
    get.get("left").is_some_and(|left| is(left, path))
}

/// `context.now` against `context.grant.expires`.
fn compares_end(sides: &Value) -> bool {
    let sides = [sides.get("left"), sides.get("right")];
    let side = |path: &[&str]| sides.into_iter().flatten().any(|side| is(side, path));
    side(&["now"]) && side(&["grant", "expires"])
}

/// Whether this is `context` with these members.
fn is(json: &Value, path: &[&str]) -> bool {
    let Some((last, rest)) = path.split_last() else {
        return json.get("Var").and_then(Value::as_str) == Some("context");
    };
    json.get(".").is_some_and(|get| names(get, last) && is_of(get, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_the_clock_by_whatever_way_it_gets_at_it() {
        let cases = [
            ("nothing", "context.network.internal", false),
            (
                "a grant's end",
                "context has grant && context.now < context.grant.expires",
                false,
            ),
            (
                "… turned",
                "context has grant && context.grant.expires >= context.now",
                false,
            ),
            ("the login's strength", "context.assurance.authn < 2", false),
            (
                "whether there is a login time",
                "context.assurance has sinceLogin",
                true,
            ),
            ("the moment", "context.now > datetime(\"2027-01-01\")", true),
            (
                "the moment by its name",
                "context[\"now\"] > datetime(\"2027-01-01\")",
                true,
            ),
            ("the day", "context.now.toDate() > datetime(\"2027-01-01\")", true),
            (
                "a grant's start",
                "context has grant && context.grant.asserted < context.now",
                true,
            ),
            (
                "an hour before a grant's end",
                "context has grant && context.now.offset(duration(\"1h\")) < context.grant.expires",
                true,
            ),
            (
                "the time since login",
                "context.assurance has sinceLogin && context.assurance.sinceLogin > duration(\"1h\")",
                true,
            ),
            (
                "the login as a whole",
                "[context.assurance].contains(context.assurance)",
                true,
            ),
            ("the context as a whole", "[context] == [context]", true),
        ];
        for (name, when, reads) in cases {
            let text = format!("forbid (principal, action, resource) when {{ {when} }};");
            let policy = Policy::parse(None, text).unwrap();
            assert_eq!(reads_clock(&policy), reads, "{name}");
        }
    }
}
