//! Steps 1 and 2: a login, and what the Passport holds.

use serde_json::Value;

use super::{Tour, person, refusal, says};
use crate::{
    commands::purpose::attest,
    demo::{
        facts,
        people::{Person, purpose},
    },
    error::CommandError,
};

/// Step 1: Ada logs in with her institution (authorization code + PKCE).
pub(super) async fn ada_logs_in(tour: &mut Tour<'_>) -> Result<Person, CommandError> {
    tour.screen.step(1, "Ada logs in with her institution");
    tour.screen.request(&format!(
        "GET {}/authorize (code + PKCE) -> her institution at {} -> the release page -> code -> token",
        tour.fact("/broker/issuer")?,
        tour.fact("/home/issuer")?
    ));
    let shown = Person::release(tour.facts, "ada").await?;
    tour.screen
        .answer(&format!("the page shows what will be released: {}", shown.join(", ")));
    let ada = person(tour, "ada").await?;
    tour.screen
        .answer(&format!("a session and an access token: she is {}", ada.identity()));
    tour.screen.hand(&format!(
        "visum login --data {} --profile ada --login-hint ada",
        tour.data
    ));
    tour.screen
        .must(!shown.is_empty(), "she saw what will be released before she agreed");
    tour.screen.must(
        !ada.identity().is_empty(),
        "the broker knows her by an identity of its own",
    );
    tour.screen.done();
    Ok(ada)
}

/// Step 2: each visa, whether it counts and why; a foreign grant without purpose opens only after she attested one (D4).
pub(super) async fn ada_looks_at_her_passport(tour: &mut Tour<'_>, ada: &Person) -> Result<(), CommandError> {
    tour.screen
        .step(2, "Her Passport, and a purpose for a grant that carries none");
    tour.screen
        .request("POST /token (token exchange, RFC 8693) -> a Passport for the proxy; POST /visum/v1/passport/verify");
    let passport = ada.passport().await?;
    let report = ada
        .post(
            "/visum/v1/passport/verify",
            &serde_json::json!({ "passports": [passport] }),
        )
        .await?
        .ok()?;
    let visas = report
        .pointer("/passports/0/visas")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let text = |visa: &Value, name: &str| visa.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let lines: Vec<String> = visas
        .iter()
        .map(|visa| {
            let counts = visa.get("valid").and_then(Value::as_bool) == Some(true);
            let why = if counts {
                "counts".to_owned()
            } else {
                format!("does not count: {}", text(visa, "sentence"))
            };
            format!(
                "{:<24} {} [{}] {why}",
                text(visa, "type"),
                text(visa, "value"),
                text(visa, "code")
            )
        })
        .collect();
    tour.screen.answer(&lines.join("\n"));
    tour.screen.hand("visum passport show --profile ada");
    let counts = |kind: &str, value: &str| {
        visas.iter().any(|visa| {
            text(visa, "type") == kind
                && text(visa, "value") == value
                && visa.get("valid").and_then(Value::as_bool) == Some(true)
        })
    };
    tour.screen.must(
        counts("AffiliationAndRole", "faculty@uni.example.org"),
        "her affiliation counts",
    );
    tour.screen.must(
        counts("ControlledAccessGrants", facts::A),
        "the committee's grant for A counts",
    );
    tour.screen.must(
        counts("ControlledAccessGrants", facts::B),
        "the foreign grant for B counts",
    );

    tour.screen
        .request("GET drs objects/b-cohort.vcf/access: the grant for B carries no purpose");
    let before = ada.access("b-cohort.vcf").await?;
    let (_, words) = refusal(&before);
    tour.screen.answer(&words);
    tour.screen.must(
        before.status == 403 && says(&before, "policy.no_rule_permits"),
        "denied: a purpose that nobody recorded opens no controlled data",
    );
    let body = attest::body(facts::B, "P1", purpose());
    tour.screen.request(&format!("POST /visum/v1/purposes {body}"));
    let attested = ada.broker("purposes", &body).await?;
    let said = if attested.status.is_success() {
        "recorded, signed into the log, frozen for the grant's life".to_owned()
    } else {
        refusal(&attested).1
    };
    tour.screen.answer(&said);
    tour.screen.hand(&format!(
        "visum purpose attest --profile ada --dataset {} --project P1 purpose.json",
        facts::B
    ));
    let after = ada.access("b-cohort.vcf").await?;
    let words = if after.status.is_success() {
        "200, an access URL".to_owned()
    } else {
        refusal(&after).1
    };
    tour.screen.answer(&words);
    tour.screen
        .must(after.status.is_success(), "permitted after she attested a purpose");
    tour.screen.done();
    Ok(())
}
