//! Ways around the gate: being someone else, seeing their things, and what leaks without data.

mod floods;
mod id_token;
mod in_front;
mod leaks;
mod log;
mod others;
mod tokens;

use serde_json::Value;
use tests::{binary, house::House, outside};

/// A Passport of somebody for the proxy.
fn passport(house: &House, person: &str) -> String {
    let data = house.node.data();
    let said = binary::run(&["demo", "passport", person, "--data", data.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out.trim().to_owned()
}

/// All events of the log so far, as Noor reads them.
async fn events(house: &House) -> Vec<Value> {
    let noor = house.token("noor");
    let url = house.broker("/visum/v1/admin/audit/events?from=0&limit=1000");
    let answer = outside::get(&url, Some(&noor)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let events = body.get("events").and_then(Value::as_array);
    events.into_iter().flatten().cloned().collect()
}
