//! `visum passport verify`: does this Passport count here, and why (not)?

use std::{path::PathBuf, sync::Arc};

use visa_verifier::{
    KeyStore, KeyStoreSettings, Timestamp, TrustPolicy,
    report::{self, Answer, PassportReport, Report, VerifyInput, VisaReport},
    seam::{Clock as _, FetchSettings, HttpsFetch, SystemClock},
    trust::TrustFormat,
};

use super::shown;
use crate::{
    error::CommandError,
    exit::Exit,
    input::Input,
    output::{Context, table},
};

/// A trust file with the key sets of some hundred issuers.
const TRUST_BYTES: u64 = 4 << 20;

/// Does this Passport count here, and why (not)?
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Whom to believe: a trust file, TOML or (named `.json`) JSON
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,

    /// Judge as of this time: unix seconds or YYYY-MM-DDThh:mm:ssZ; now if absent
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Timestamp>,

    /// Further certificate authorities for fetching keys, a PEM file
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Fetch keys from http:// on this machine too
    #[arg(long)]
    loopback_http: bool,

    /// A compact Passport, or a JSON document with passports, userinfo, polled and require; `-` for standard input
    input: Input,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    match text.parse::<i64>() {
        Ok(seconds) => Ok(Timestamp::from_unix(seconds)),
        Err(_) => text
            .parse()
            .map_err(|_| "neither unix seconds nor YYYY-MM-DDThh:mm:ssZ".to_owned()),
    }
}

pub(crate) async fn run(args: Verify, context: &Context) -> Result<Exit, CommandError> {
    let name = args.trust.display().to_string();
    let text = Input::File(args.trust).read(TRUST_BYTES)?;
    let text =
        String::from_utf8(text).map_err(|_| CommandError::refused("trust.file", format!("`{name}` is not UTF-8")))?;
    let trust = TrustPolicy::from_file_text(&text, TrustFormat::of_name(&name), &name).map_err(|wrong| {
        let error = CommandError::refused(wrong.code(), format!("{}:{}: {}", wrong.file, wrong.line, wrong.why));
        match wrong.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })?;
    let input = VerifyInput::read(&args.input.read(VerifyInput::MAX_BYTES)?)
        .map_err(|wrong| CommandError::refused(wrong.code(), wrong.to_string()))?;
    let fetch = HttpsFetch::new(FetchSettings {
        ca_file: args.ca_file,
        allow_loopback_http: args.loopback_http,
        ..FetchSettings::default()
    })
    .map_err(|wrong| CommandError::unknown(wrong.code(), wrong.to_string()))?;
    let clock = Arc::new(SystemClock);
    let now = args.at.unwrap_or_else(|| clock.now());
    let settings = KeyStoreSettings {
        allow_loopback_http: args.loopback_http,
        ..KeyStoreSettings::default()
    };
    let keys = KeyStore::new(Arc::new(fetch), clock, settings);

    let report = report::verify(&input, &trust, now, &keys).await;
    context.show(&report, human);
    Ok(match (report.request, report.request_code) {
        (Answer::Accept, _) => Exit::Yes,
        (Answer::Reject, Some("KEYS_UNAVAILABLE")) => Exit::Unknown,
        (Answer::Reject, _) => Exit::No,
    })
}

fn human(report: &Report) -> String {
    let mut out = match (report.request, report.request_code) {
        (Answer::Accept, _) => "The request is accepted.\n".to_owned(),
        (Answer::Reject, code) => format!("The request is rejected: {}.\n", code.unwrap_or("REJECTED")),
    };
    for (number, passport) in (1..).zip(&report.passports) {
        out.push_str(&one(number, passport));
    }
    if let Some(requirement) = &report.requirement {
        let until = requirement
            .expiry
            .map(|at| format!(", until {}", Timestamp::from_unix(at)))
            .unwrap_or_default();
        let met = if requirement.granted { "met" } else { "not met" };
        out.push_str(&format!("\nThe requirement is {met}{until}.\n"));
    }
    out
}

fn one(number: usize, passport: &PassportReport) -> String {
    let holder = passport
        .holder
        .as_ref()
        .map(|h| format!(" of {} at {}", shown(h.sub.as_str()), shown(h.iss.as_str())));
    let detail = passport
        .detail
        .as_ref()
        .map(|d| format!(" ({})", shown(d)))
        .unwrap_or_default();
    let head = format!(
        "\nPassport {number}{}: {}, {}{detail}\n",
        holder.unwrap_or_default(),
        passport.code,
        passport.sentence
    );
    if passport.visas.is_empty() {
        return head;
    }
    head + &table(
        ["counts", "type", "value", "issuer", "until", "why"],
        passport.visas.iter().map(row),
    ) + "\n"
}

fn row(visa: &VisaReport) -> [String; 6] {
    let text = |member: &Option<String>| member.as_deref().map_or_else(|| "-".to_owned(), shown);
    let why = if visa.valid {
        "OK".to_owned()
    } else {
        format!("{}: {}", visa.code, visa.sentence)
    };
    [
        if visa.valid { "yes" } else { "no" }.to_owned(),
        text(&visa.kind),
        text(&visa.value),
        text(&visa.iss),
        visa.expires.map_or_else(|| "-".to_owned(), |at| at.to_string()),
        why,
    ]
}
