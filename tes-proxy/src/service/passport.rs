//! `POST /visum/v1/passport/verify`: what counts of the caller's Passport here, and why (not). Only its holder sees it.

use axum::{body::Body, response::Response};
use serde::Deserialize;
use serde_json::{Value, json};
use visa_verifier::VerifiedPassport;

use crate::{
    api::{Incoming, json_body},
    gate::Presented,
    problem::{Api, Problem},
    proxy::Proxy,
    router,
};

/// The question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A Passport of the caller's own; without it the one that the broker gave us.
    #[serde(default)]
    passport: Option<String>,
}

/// `POST`.
pub(crate) async fn verify(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let parts = &*proxy.0;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let asked: Asked = json_body(&incoming.headers, body).await?;
    let report = match asked.passport {
        None => report(&caller.person.passport),
        Some(compact) => {
            let posted = parts.identify.person(&Presented::Passports(vec![compact])).await?;
            let posted =
                posted.ok_or_else(|| Problem::refused("token.passport", "there is no Passport in the request"))?;
            let own = caller.person.passport.identities();
            if !posted
                .passport
                .identities()
                .iter()
                .any(|identity| own.contains(identity))
            {
                return Err(Problem::refused(
                    "token.two_people",
                    "the token and the Passport are of two people",
                ));
            }
            report(&posted.passport)
        }
    };
    router::json(&report, None)
}

/// All visas in the order of the Passport.
fn report(passport: &VerifiedPassport) -> Value {
    let mut visas: Vec<(usize, Value)> = passport
        .visas()
        .iter()
        .map(|visa| {
            let (identity, object) = (visa.identity(), visa.object());
            let told = json!({
                "type": object.kind().as_str(), "value": object.value(), "source": object.source(),
                "by": object.by().map(visa_verifier::By::as_str), "issuer": identity.iss.as_str(), "subject": identity.sub.as_str(),
                "asserted": object.asserted().to_string(), "expires": visa.expires().to_string(),
                "valid": true, "code": "OK", "sentence": "It counts here.",
            });
            (visa.index(), told)
        })
        .collect();
    visas.extend(passport.rejected().iter().map(|rejected| {
        let told = json!({
            "type": rejected.said_of_object("type"), "value": rejected.said_of_object("value"),
            "source": rejected.said_of_object("source"), "by": rejected.said_of_object("by"),
            "issuer": rejected.said("iss"), "subject": rejected.said("sub"),
            "expires": rejected.said_expires().map(|at| at.to_string()),
            "valid": false, "code": rejected.code().as_str(), "sentence": rejected.sentence(), "detail": rejected.detail(),
        });
        (rejected.index(), told)
    }));
    visas.sort_by_key(|(index, _)| *index);
    json!({
        "holder": passport.holder().to_string(),
        "identities": passport.identities().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "valid_until": passport.valid_until().to_string(),
        "visas": visas.into_iter().map(|(_, told)| told).collect::<Vec<_>>(),
    })
}
