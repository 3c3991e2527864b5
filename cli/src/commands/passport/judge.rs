//! By what a command judges tokens itself: trust, time, keys.

use std::{path::PathBuf, sync::Arc};

use visa_verifier::{
    KeyStore, KeyStoreSettings, Timestamp, TrustPolicy,
    report::{self, Answer, Report, VerifyInput},
    seam::{Clock as _, FetchSettings, HttpsFetch, SystemClock},
    trust::TrustFormat,
};

use crate::{error::CommandError, exit::Exit, input::Input, output::Context, page};

/// A trust file with the key sets of some hundred issuers.
const TRUST_BYTES: u64 = 4 << 20;
/// What says that keys could not be had.
const KEYS: &str = "KEYS_UNAVAILABLE";

/// The flags of every command that judges tokens.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Flags {
    /// Judge as of this time: unix seconds or YYYY-MM-DDThh:mm:ssZ; now if absent
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    at: Option<Timestamp>,

    #[command(flatten)]
    keys: KeyFlags,
}

/// The flags of every command that fetches keys.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct KeyFlags {
    /// Further certificate authorities for fetching keys, a PEM file
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Fetch keys from http:// on this machine too
    #[arg(long)]
    loopback_http: bool,

    /// Fetch keys from private addresses too
    #[arg(long)]
    private_addresses: bool,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    match text.parse::<i64>() {
        Ok(seconds) => Ok(Timestamp::from_unix(seconds)),
        Err(_) => text
            .parse()
            .map_err(|_| "neither unix seconds nor YYYY-MM-DDThh:mm:ssZ".to_owned()),
    }
}

/// Reads a trust file: TOML, or JSON if it is named so or begins so.
///
/// # Errors
/// `trust.file` with place and suggestion (exit 2); unreadable (exit 3).
pub(crate) fn trust(path: &std::path::Path) -> Result<TrustPolicy, CommandError> {
    let name = path.display().to_string();
    let text = Input::File(path.to_owned()).read(TRUST_BYTES)?;
    let text =
        String::from_utf8(text).map_err(|_| CommandError::refused("trust.file", format!("`{name}` is not UTF-8")))?;
    let format = if text.trim_start().starts_with('{') {
        TrustFormat::Json
    } else {
        TrustFormat::of_name(&name)
    };
    let beside = path.parent().unwrap_or_else(|| std::path::Path::new("."));
    TrustPolicy::from_file_text_in(&text, format, &name, beside).map_err(|wrong| {
        let error = CommandError::refused(wrong.code(), format!("{}:{}: {}", wrong.file, wrong.line, wrong.why));
        match wrong.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })
}

impl KeyFlags {
    /// The hardened client.
    ///
    /// # Errors
    /// If a certificate authority can't be read (exit 3).
    pub(crate) fn fetch(&self) -> Result<HttpsFetch, CommandError> {
        HttpsFetch::new(FetchSettings {
            ca_file: self.ca_file.clone(),
            allow_loopback_http: self.loopback_http,
            allow_private: self.private_addresses,
            ..FetchSettings::default()
        })
        .map_err(|wrong| CommandError::unknown(wrong.code(), wrong.to_string()))
    }
}

impl Flags {
    /// As of when.
    pub(crate) fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| SystemClock.now())
    }

    /// Judges.
    ///
    /// # Errors
    /// If the client for keys can't be made (exit 3).
    pub(crate) async fn judge(&self, input: &VerifyInput, trust: &TrustPolicy) -> Result<Report, CommandError> {
        let settings = KeyStoreSettings {
            allow_loopback_http: self.keys.loopback_http,
            ..KeyStoreSettings::default()
        };
        let keys = KeyStore::new(Arc::new(self.keys.fetch()?), Arc::new(SystemClock), settings);
        Ok(report::verify(input, trust, self.now(), &keys).await)
    }

    /// Shows a report, and gives its exit status.
    pub(crate) fn answer(&self, report: &Report, input: &VerifyInput, context: &Context) -> Exit {
        context.show(report, |report| {
            let document = serde_json::to_value(report).unwrap_or_default();
            page::passports(&document, input.visa.is_some(), self.now(), page::Paint::of_output())
        });
        exit(report)
    }
}

/// 0 accepted, 1 rejected, 3 if that is for want of keys.
fn exit(report: &Report) -> Exit {
    match (report.request, report.request_code) {
        (Answer::Accept, _) => Exit::Yes,
        (Answer::Reject, Some(KEYS)) => Exit::Unknown,
        (Answer::Reject, _) => Exit::No,
    }
}

/// Whether a visa of it was left out for want of keys: then "no" is not known.
pub(crate) fn lacks_keys(report: &Report) -> bool {
    let mut visas = report.passports.iter().flat_map(|one| &one.visas);
    visas.any(|visa| visa.code == KEYS)
}
