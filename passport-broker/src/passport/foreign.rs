//! Collected visas, judged by this broker's trust: what goes into a Passport, and what does not, and why.

use std::collections::HashMap;

use serde_json::json;
use visa_verifier::seam::Timestamp;
use visa_verifier::trust::Role;
use visa_verifier::verify::Step;
use visa_verifier::{
    KeyServer, KeySet, Passport, Rejected, TrustEntry, TrustPolicy, Verification, VerifiedPassport, Visa,
};

use crate::broker::Broker;
use crate::front::Front;

/// A visa of another issuer that counts here.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    /// As verified.
    pub(crate) visa: Visa,
    /// As received, byte for byte (BRK-21).
    pub(crate) compact: String,
}

/// A visa of another issuer that does not count here.
#[derive(Clone, Debug)]
pub(crate) struct Odd {
    /// Why not.
    pub(crate) rejected: Rejected,
}

/// Judges `foreign` together with `own` (conditions may rest on ours). Only foreign ones come back.
pub(super) async fn judge(
    front: &Front,
    subject: &str,
    own: &[String],
    foreign: Vec<String>,
    now: Timestamp,
) -> (Vec<Foreign>, Vec<Odd>) {
    if foreign.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let trust = trust(front);
    let all: Vec<&String> = own.iter().chain(&foreign).collect();
    let answer = json!({ "iss": front.issuer(), "sub": subject, "ga4gh_passport_v1": all });
    let verified = match Passport::from_userinfo(&answer) {
        Ok(passport) => run(&front.broker, Verification::begin(passport, &trust, now)).await,
        Err(problem) => Err(problem),
    };
    let verified = match verified {
        Ok(verified) => verified,
        Err(problem) => {
            tracing::warn!(passport.code = %problem.code(), "collected visas could not be judged");
            return (Vec::new(), Vec::new());
        }
    };
    let mut texts: HashMap<usize, String> = foreign
        .into_iter()
        .enumerate()
        .map(|(at, text)| (at + own.len(), text))
        .collect();
    let odd = verified
        .rejected()
        .iter()
        .filter(|rejected| texts.contains_key(&rejected.index()));
    let odd = odd
        .map(|rejected| Odd {
            rejected: rejected.clone(),
        })
        .collect();
    let counting = verified.visas().iter().filter_map(|visa| {
        let compact = texts.remove(&visa.index())?;
        Some(Foreign {
            visa: visa.clone(),
            compact,
        })
    });
    (counting.collect(), odd)
}

/// This broker's trust; and itself as a broker, since it judges what it hands out.
fn trust(front: &Front) -> TrustPolicy {
    with_ourselves(&front.broker, front.broker.current().load().snapshot().trust.clone())
}

/// This trust, and ourselves as a broker.
pub(crate) fn with_ourselves(broker: &Broker, mut trust: TrustPolicy) -> TrustPolicy {
    let own = broker.config().issuer.clone();
    if trust.entry(Role::Broker, &own).is_none() {
        // An entry that believes nothing but the container, which we made ourselves.
        let _ = trust.add(TrustEntry::new(Role::Broker, own));
    }
    trust
}

/// The loop of `visa_verifier::drive`, with our own keys at hand: no call to ourselves.
pub(crate) async fn run(
    broker: &Broker,
    mut verification: Verification<'_>,
) -> Result<VerifiedPassport, visa_verifier::PassportRejected> {
    loop {
        match verification.step() {
            Step::Need(request) => {
                let ours = match &request.server {
                    KeyServer::Jku { url, .. } => url == broker.signer().jku(),
                    KeyServer::Discovery { issuer } => *issuer == broker.config().issuer,
                };
                let own = ours.then(|| KeySet::from_value(broker.signer().jwks()).ok()).flatten();
                let supplied = match own {
                    Some(keys) => Ok(keys.into()),
                    None => broker.visa_keys().get(&request).await,
                };
                verification.supply(supplied);
            }
            Step::Done(result) => return *result,
        }
    }
}
