//! `POST /visum/v1/passport/verify`: what counts here of Passports, UserInfo answers or a visa, and why (not).
//!
//! Two may ask. A registered service (a DRS server, say) asks about what its users show it, and learns what counts. A
//! person asks about their own Passport, and learns the reasons too (ERR-04). The answer is the document that
//! `visum passport verify --json` prints. Each answer is on record before it leaves.

use audit_log::{AboutKind, Digest, Event, EventType, Outcome, Via, Who, Why};
use axum::{body::Body, response::Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use visa_verifier::{
    VisaIdentity,
    report::{Answer, PassportReport, Report, VerifyInput},
    token::limits::PASSPORT_BYTES,
    verify::{Judged, Requirement},
};

use crate::{
    api::{Incoming, body, parse_json},
    gate::{Caller, NoPermit, Presented, Service, Taken, credential, who},
    limits,
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router,
};

/// Visas of each kind (counting, not counting) that one record names: an entry has at most 64 KiB.
const VISAS_ON_RECORD: usize = 300;

/// The question. A person may leave all of it out: then it is the Passport that the broker gave us.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Asked {
    passports: Vec<String>,
    userinfo: Option<Value>,
    visa: Option<String>,
    require: Option<Requirement>,
}

/// Who asks.
enum Asking {
    Service(Service),
    Person(Box<Caller>),
}

/// `POST`.
pub(crate) async fn verify(proxy: &Proxy, incoming: &Incoming, posted: Body) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let parts = &*proxy.0;
    let asking = asking(parts, incoming).await?;
    let bytes = body(&incoming.headers, posted, &["application/json"], limits::VERIFY_BYTES).await?;
    let input = parse_json::<Asked>(&bytes)?.input()?;
    let report = match &asking {
        Asking::Person(caller) if input.is_empty() => {
            let own = Judged::from(caller.person.passport().ok_or_else(nothing)?.clone());
            Report::of(&own, input.require.as_ref(), parts.gate.now())
        }
        _ if input.is_empty() => return Err(nothing()),
        Asking::Person(_) => parts.identify.report(&input, &[]).await,
        Asking::Service(service) => parts.identify.report(&input, &service.stands_for).await,
    };
    match report.request_code {
        Some("TOO_LARGE") => return Err(too_large()),
        Some("KEYS_UNAVAILABLE") => {
            return Err(Problem::unavailable(
                "passport.keys_unavailable",
                "the keys of the Passport's broker cannot be fetched; nothing is known about it",
                30,
            ));
        }
        Some(_) | None => {}
    }
    let receipt = parts.gate.writer.append(event(&asking, incoming, parts, &report)).await;
    let receipt = receipt.map_err(|_| Problem::from(NoPermit::Unrecorded))?;
    let shown = match &asking {
        Asking::Service(_) => report.for_others(),
        Asking::Person(caller) => of_holder(report, &input, caller.person.identities())?,
    };
    router::json(&shown, Some(receipt.header_value()))
}

async fn asking(parts: &Parts, incoming: &Incoming) -> Result<Asking, Problem> {
    if let Presented::Token(token) = credential(&incoming.headers, Taken::default(), Vec::new())?
        && let Some(service) = parts
            .identify
            .service(&token)
            .await
            .inspect_err(|_| parts.gate.unauthenticated())?
    {
        return Ok(Asking::Service(service));
    }
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    Ok(Asking::Person(Box::new(caller)))
}

impl Asked {
    /// The same as the command line takes it, within bounds.
    fn input(self) -> Result<VerifyInput, Problem> {
        let userinfo = match self.userinfo {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(many)) => many,
            Some(one) => vec![one],
        };
        let input = VerifyInput {
            passports: self.passports,
            userinfo,
            visa: self.visa,
            require: self.require,
            ..VerifyInput::default()
        };
        if input.len() > limits::PASSPORTS {
            return Err(Problem::refused(
                "passport.too_many",
                "at most 8 Passports and UserInfo answers are judged in one request",
            ));
        }
        if input.passports.iter().any(|one| one.len() > PASSPORT_BYTES) {
            return Err(too_large());
        }
        Ok(input)
    }
}

fn nothing() -> Problem {
    Problem::refused("passport.nothing", "say `passports`, `userinfo` or `visa`")
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "passport.too_large",
        "a Passport is larger than 1 MiB, holds more than 500 visas or one of more than 16 KiB",
    )
}

/// What a person sees: reasons for a signed Passport that is proven to be their own, and for nothing else.
fn of_holder(mut report: Report, input: &VerifyInput, own: &[VisaIdentity]) -> Result<Report, Problem> {
    let is_own = |one: &PassportReport| one.holder.as_ref().is_some_and(|holder| own.contains(holder));
    if report.passports.iter().any(|one| one.code == "OK" && !is_own(one)) {
        return Err(Problem::refused(
            "token.two_people",
            "the token and the Passport are of two people",
        ));
    }
    // without a signed container nobody is proven to be the holder; without an input it is the broker's own word
    let signed = if input.is_empty() { 1 } else { input.passports.len() };
    let mut all_own = true;
    for (at, one) in report.passports.iter_mut().enumerate() {
        if at >= signed || !is_own(one) {
            all_own = false;
            *one = one.clone().for_others();
        }
    }
    Ok(if all_own { report } else { report.for_others_code() })
}

/// The record: who asked, what was answered, and each visa by its code and digest; never a token.
fn event(asking: &Asking, incoming: &Incoming, parts: &Parts, report: &Report) -> Event {
    let outcome = match report.request {
        Answer::Accept => Outcome::Success,
        Answer::Reject => Outcome::Denied,
    };
    let actor: Who = match asking {
        Asking::Service(service) => service.who(),
        Asking::Person(caller) => who(caller),
    };
    let visas = || report.passports.iter().flat_map(|one| &one.visas);
    let counting = visas()
        .filter(|visa| visa.valid)
        .map(|visa| Digest::of(visa.digest.as_bytes()));
    let why = Why::code(report.request_code.unwrap_or("OK"))
        .visas(counting.take(VISAS_ON_RECORD))
        .snapshot(parts.gate.current.load().snapshot().version);
    let mut event = Event::new(EventType::PassportVerify, outcome)
        .who(actor)
        .via(Via::request(incoming.request_id.as_str()))
        .why(why);
    if let Asking::Service(service) = asking {
        event = event.about(AboutKind::Client, service.client.as_str());
    }
    for visa in visas()
        .filter(|visa| !visa.valid || visa.stale_keys || !visa.relaxed.is_empty())
        .take(VISAS_ON_RECORD)
    {
        let stale = if visa.stale_keys { "+stale_keys" } else { "" };
        let relaxed: String = visa.relaxed.iter().map(|one| format!("+{}", one.as_str())).collect();
        event = event.about(
            AboutKind::Visa,
            format!("{}{stale}{relaxed}:{}", visa.code, visa.digest),
        );
    }
    event
}
