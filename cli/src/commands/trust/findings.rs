//! What in a trust file, or at its key addresses, breaks or surprises.

use serde::Serialize;
use visa_verifier::{
    Timestamp, TrustPolicy,
    keys::{Found, Probe, ProbeSource},
    seam::FetchError,
    trust::{self, Severity},
};

/// A certificate that ends this soon is told, in seconds: two weeks.
const CERTIFICATE_SOON: i64 = 14 * 86_400;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Weight {
    /// Something that was meant to be believed is not, or the other way round.
    Breaks,
    /// It could not be found out.
    Unknown,
    /// Worth a look.
    Note,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// How much it weighs.
    pub(crate) weight: Weight,
    /// Stable code.
    pub(crate) code: &'static str,
    /// About which issuer; none if about the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) iss: Option<String>,
    /// What it is.
    pub(crate) what: String,
}

/// What the file itself says of its entries.
pub(crate) fn of_file(trust: &TrustPolicy, now: Timestamp) -> Vec<Finding> {
    let weigh = |severity| match severity {
        Severity::Error => Weight::Breaks,
        Severity::Warning | Severity::Note => Weight::Note,
    };
    let tell = |told: trust::Finding| Finding {
        weight: weigh(told.severity),
        code: told.code,
        iss: told.issuer.map(|iss| iss.to_string()),
        what: told.what,
    };
    trust::lint(trust, now).into_iter().map(tell).collect()
}

/// What follows from the keys, fetched or in the file.
pub(crate) fn of_keys(probes: &[Probe], trust: &TrustPolicy, now: Timestamp) -> Vec<Finding> {
    let mut all = Vec::new();
    for probe in probes {
        let mut add = |weight, code, what: String| {
            all.push(Finding {
                weight,
                code,
                iss: Some(probe.issuer.to_string()),
                what,
            });
        };
        match &probe.found {
            Err(error) => add(
                unfetched(error),
                "trust.keys_not_had",
                format!("{}: {error}", place(&probe.source)),
            ),
            Ok(found) => of_set(found, &place(&probe.source), trust, now, &mut add),
        }
    }
    all
}

fn of_set(
    found: &Found,
    place: &str,
    trust: &TrustPolicy,
    now: Timestamp,
    add: &mut dyn FnMut(Weight, &'static str, String),
) {
    let live = found.keys.len().saturating_sub(found.revoked.len());
    if live == 0 {
        let why = if found.keys.is_empty() {
            "holds no usable key"
        } else {
            "holds revoked keys only"
        };
        add(
            Weight::Breaks,
            "trust.no_keys",
            format!("{place} {why}: nothing of this issuer counts"),
        );
    } else if !found.revoked.is_empty() {
        let revoked = found.revoked.join(", ");
        add(
            Weight::Note,
            "trust.key_revoked",
            format!("{place} still holds a revoked key: {revoked}"),
        );
    }
    for odd in &found.odd {
        let kid = odd.kid.as_deref().map(|kid| format!(" `{kid}`")).unwrap_or_default();
        add(
            Weight::Note,
            "trust.key_odd",
            format!("{place}: the key{kid} is left out: {}", odd.why),
        );
    }
    let skew = i64::try_from(trust.clock_skew()).unwrap_or(i64::MAX);
    if let Some(ahead) = found.clock_ahead.filter(|ahead| ahead.abs() > skew) {
        let way = if ahead > 0 { "ahead of" } else { "behind" };
        let what = format!(
            "the clock of {place} is {} s {way} ours, and `clock_skew` is {skew} s",
            ahead.abs()
        );
        // what comes from ahead is refused as of the future; what comes from behind only ends early
        let weight = if ahead > 0 { Weight::Breaks } else { Weight::Note };
        add(weight, "trust.clock", what);
    }
    if let Some(ends) = found
        .certificate_ends
        .filter(|ends| ends.unix() - now.unix() < CERTIFICATE_SOON)
    {
        add(
            Weight::Note,
            "trust.certificate_ends",
            format!("the certificate of {place} ends at {ends}"),
        );
    }
}

/// Whether asking later could help.
fn unfetched(error: &FetchError) -> Weight {
    use FetchError::{Address, Document, Status, TooLarge, Url};
    let gone = matches!(error, Status { status, .. } if (400..500).contains(status) && *status != 429);
    let wrong = matches!(error, Document { .. } | TooLarge { .. } | Url { .. } | Address { .. });
    if gone || wrong { Weight::Breaks } else { Weight::Unknown }
}

/// Where keys come from, in words.
pub(crate) fn place(source: &ProbeSource) -> String {
    match source {
        ProbeSource::Pinned => "the file".to_owned(),
        ProbeSource::PinnedFor(jku) => format!("the file (for {jku})"),
        ProbeSource::Jku(url) => url.clone(),
        ProbeSource::Discovery => "discovery".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use visa_verifier::{keys::KeyInfo, token::Algorithm, trust::Role};

    use super::*;

    fn weights(found: Result<Found, FetchError>) -> Vec<(Weight, &'static str)> {
        let trust = TrustPolicy::default();
        let probe = Probe {
            role: Role::Broker,
            issuer: "https://b.example".parse().unwrap(),
            source: ProbeSource::Discovery,
            found,
        };
        let all = of_keys(&[probe], &trust, Timestamp::from_unix(1_000_000_000));
        all.iter().map(|one| (one.weight, one.code)).collect()
    }

    #[test]
    fn what_keys_are_like_breaks_or_is_noted() {
        let key = || KeyInfo {
            kid: None,
            algorithm: Algorithm::Es256,
            bits: 256,
            thumbprint: "t".to_owned(),
        };
        let good = || Found {
            keys: vec![key()],
            ..Found::default()
        };
        let host = || "b.example".to_owned();
        let after = |seconds: i64| Some(Timestamp::from_unix(1_000_000_000 + seconds));
        for (name, found, want) in [
            ("good keys", Ok(good()), vec![]),
            ("no keys", Ok(Found::default()), vec![(Weight::Breaks, "trust.no_keys")]),
            (
                "revoked keys only",
                Ok(Found {
                    revoked: vec!["t".to_owned()],
                    ..good()
                }),
                vec![(Weight::Breaks, "trust.no_keys")],
            ),
            (
                "a clock ahead",
                Ok(Found {
                    clock_ahead: Some(301),
                    ..good()
                }),
                vec![(Weight::Breaks, "trust.clock")],
            ),
            (
                "a clock behind",
                Ok(Found {
                    clock_ahead: Some(-301),
                    ..good()
                }),
                vec![(Weight::Note, "trust.clock")],
            ),
            (
                "a certificate for a week",
                Ok(Found {
                    certificate_ends: after(604_800),
                    ..good()
                }),
                vec![(Weight::Note, "trust.certificate_ends")],
            ),
            (
                "a certificate for a month",
                Ok(Found {
                    certificate_ends: after(2_592_000),
                    ..good()
                }),
                vec![],
            ),
            (
                "nobody there",
                Err(FetchError::Slow { host: host() }),
                vec![(Weight::Unknown, "trust.keys_not_had")],
            ),
            (
                "in trouble",
                Err(FetchError::Status {
                    host: host(),
                    status: 503,
                }),
                vec![(Weight::Unknown, "trust.keys_not_had")],
            ),
            (
                "no such document",
                Err(FetchError::Status {
                    host: host(),
                    status: 404,
                }),
                vec![(Weight::Breaks, "trust.keys_not_had")],
            ),
            (
                "another document",
                Err(FetchError::Document {
                    host: host(),
                    why: "x".to_owned(),
                }),
                vec![(Weight::Breaks, "trust.keys_not_had")],
            ),
        ] {
            assert_eq!(weights(found), want, "{name}");
        }
    }
}
