//! What the demo's node is told at its start: register, datasets, objects, roles, trust (specs: the demo's own page).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sample_node::SampleNode;
use serde_json::{Value, json};

use super::facts::{A, ARCHIVE, B, BIOBANK, C, COMMITTEE, D, UNI};

/// The end of the demo's roles.
const ROLES_UNTIL: &str = "2030-12-31T00:00:00Z";

/// The id of the sample TES and WES in the register.
pub(crate) const COMPUTE: &str = "https://compute.biobank.example.org";

/// The facts file of the demo, as `visum init --facts` would read it.
pub(crate) fn facts(sample: &SampleNode, broker: &str, client_id: &str) -> Value {
    let data = sample.data_dir().display().to_string();
    let outputs = sample.outputs_dir().display().to_string();
    let sub = |login: &str| {
        sample
            .people()
            .iter()
            .find(|person| person.login == login)
            .map(|person| person.sub.clone())
            .unwrap_or_default()
    };
    // `SUB,ISS`, as roles and LinkedIdentities visas name a person.
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let identity = |login: &str| format!("{},{}", encoded(&sub(login)), encoded(sample.issuer()));
    let cohorts = [("a", A), ("b", B), ("c", C), ("d", D)];
    json!({
        "institutions": [
            { "id": UNI, "scopes": ["uni.example.org"], "country": "FI", "nonprofit": true, "commercial": false },
            { "id": BIOBANK, "scopes": ["biobank.example.org"], "country": "FI", "nonprofit": true, "commercial": false }
        ],
        "committees": [{ "id": COMMITTEE, "institution": BIOBANK, "title": "Data access committee of the Example Biobank" }],
        "datasets": [
            dataset(A, "a", "Cancer cohort A", COMMITTEE, true, &json!([{ "id": "DUO:0000007", "values": ["MONDO:0004992"] }])),
            dataset(B, "b", "Health cohort B", ARCHIVE, false, &json!([{ "id": "DUO:0000006" }])),
            dataset(C, "c", "Breast cancer cohort C", COMMITTEE, true, &json!([{ "id": "DUO:0000007", "values": ["MONDO:0007254"] }])),
            dataset(D, "d", "Diabetes cohort D", ARCHIVE, false, &json!([{ "id": "DUO:0000007", "values": ["MONDO:0005015"] }]))
        ],
        "objects": sample.objects().iter().filter_map(|object| {
            let dataset = cohorts.iter().find(|(cohort, _)| *cohort == object.cohort).map(|(_, id)| *id)?;
            Some(json!({ "id": object.id, "dataset": dataset, "participants": object.participants,
                "urls": [object.file_url()] }))
        }).collect::<Vec<_>>(),
        "prefixes": cohorts.iter().map(|(cohort, id)| json!({ "prefix": format!("file://{data}/{cohort}/"), "dataset": id })).collect::<Vec<_>>(),
        "sinks": [{ "prefix": format!("file://{outputs}/uni/"), "owner": UNI, "country": "FI" }],
        "services": [{ "id": COMPUTE, "operator": BIOBANK, "country": "FI", "certified": ["open", "registered", "controlled"] }],
        "roles": [
            { "person": identity("dan"), "role": { "committee": COMMITTEE }, "until": ROLES_UNTIL },
            { "person": identity("dan"), "role": { "role": "catalogue-editor" }, "until": ROLES_UNTIL },
            { "person": identity("noor"), "role": { "role": "administrator" }, "until": ROLES_UNTIL },
            { "person": identity("noor"), "role": { "role": "operator" }, "until": ROLES_UNTIL },
            { "person": identity("noor"), "role": { "role": "auditor" }, "until": ROLES_UNTIL }
        ],
        "trust": {
            "trusted_brokers": [{ "iss": broker, "evidence": ["this node's own broker"] }],
            "trusted_visa_issuers": [
                { "iss": broker, "types": ["*"], "sources": ["*"], "jku": [format!("{broker}/jwks")],
                  "may_link": [sample.visa_issuer(), sample.issuer()], "scopes": ["uni.example.org", "biobank.example.org"],
                  "evidence": ["this node's own broker"] },
                { "iss": sample.visa_issuer(), "types": ["ControlledAccessGrants"], "sources": [ARCHIVE], "jku": [sample.visa_jku()],
                  "datasets": [B, D], "evidence": ["the demo's second house"] }
            ]
        },
        "clients": [],
        "upstreams": [{
            "id": "sample", "name": "Sample home institution (uni.example.org, biobank.example.org)", "issuer": sample.issuer(),
            "client_id": client_id, "secret": "sample", "scopes": ["openid", "profile", "email"],
            "speaks_for": [UNI, BIOBANK], "assurance_cap": 2, "unique_ids": true, "mfa": true, "admin": true, "sample": true,
            "visa_sources": [format!("{}/visas", sample.visa_issuer())]
        }]
    })
}

fn dataset(id: &str, short: &str, title: &str, source: &str, bound: bool, terms: &Value) -> Value {
    json!({
        "consent": { "id": id, "access": "controlled", "dac": [source], "bound_purpose": bound,
            "uses": [{ "group": "all", "terms": terms }] },
        "title": title, "short_name": short, "dac": COMMITTEE, "custodian": BIOBANK, "mode": "download",
        "discoverable": true, "min_identity": 2, "min_authn": 1
    })
}
