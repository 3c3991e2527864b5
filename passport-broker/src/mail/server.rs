//! The mail server of the configuration: TLS always, but to this machine; one connection a mail; everything has its time.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::sync::Mutex;
use visa_verifier::seam::{Secret, Timestamp, may_be_called};

/// Longest name of a sender: one encoded word.
const NAME_BYTES: usize = 40;
/// A line of base64 (RFC 2045 §6.8).
const LINE: usize = 76;
/// For each answer of the server.
const ANSWER: Duration = Duration::from_secs(10);
/// For one mail, from the name of the server to its last answer.
const WHOLE: Duration = Duration::from_secs(30);

/// How the connection is kept from others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// TLS from the first byte (port 465, RFC 8314).
    Tls,
    /// TLS before anything is said (port 587); a server that does not offer it is told nothing.
    StartTls,
    /// None: to this machine only.
    None,
}

/// What a mail server is configured by.
#[derive(Debug)]
pub struct MailSettings {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub security: Security,
    /// Whom mail is from: `name <address>` or an address.
    pub from: String,
    /// User and password, if it asks for them.
    pub login: Option<(String, Secret)>,
    /// Further certificate authorities (PEM), beside the system's.
    pub authorities: Vec<u8>,
    /// Private, shared and loopback addresses may be called.
    pub inside: bool,
}

/// Settings of a mail server that do not hold together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The sender.
    #[error("`from` is no mail address")]
    From,
    /// No TLS, and another machine.
    #[error("mail goes without TLS to this machine only (127.0.0.1, ::1, localhost)")]
    Plain,
    /// TLS.
    #[error("TLS could not be set up: {why}")]
    Tls {
        /// What the library said.
        why: String,
    },
}

impl MailError {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::From => "mail.from",
            Self::Plain => "mail.plain",
            Self::Tls { .. } => "mail.tls",
        }
    }
}

/// Why a mail was not taken. What the server said is left out: it often repeats the address.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    /// It never will be.
    #[error("the mail server refused it for good ({status})")]
    ForGood {
        /// Its three digits, or what it was about.
        status: String,
    },
    /// Later, perhaps.
    #[error("the mail server did not take it ({status})")]
    Now {
        /// Its three digits, or where it failed.
        status: String,
        /// Nothing was answered at all: no other mail fares better now.
        unreachable: bool,
    },
}

/// One mail.
#[derive(Debug)]
pub(super) struct Letter<'l> {
    pub(super) to: &'l str,
    pub(super) subject: &'l str,
    pub(super) text: String,
    pub(super) id: String,
    pub(super) at: Timestamp,
}

/// The server, ready to be called.
#[derive(Clone)]
pub struct MailServer {
    settings: Arc<MailSettings>,
    from: Sender,
    tls: Option<TlsParameters>,
    /// INVARIANT: held by the one who sends; nobody waits for it.
    pub(super) busy: Arc<Mutex<()>>,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailServer")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl MailServer {
    /// Reads the settings; calls nobody.
    ///
    /// # Errors
    /// [`MailError`]
    pub fn new(settings: MailSettings) -> Result<Self, MailError> {
        let from = Sender::parse(&settings.from).ok_or(MailError::From)?;
        let here = settings.host.eq_ignore_ascii_case("localhost")
            || settings
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        let tls = match settings.security {
            Security::None if here => None,
            Security::None => return Err(MailError::Plain),
            Security::Tls | Security::StartTls => Some(parameters(&settings)?),
        };
        Ok(Self {
            settings: Arc::new(settings),
            from,
            tls,
            busy: Arc::default(),
        })
    }

    /// Hands a mail to the server.
    pub(super) async fn send(&self, letter: Letter<'_>, own: &str) -> Result<(), NotTaken> {
        let good = |status: &str| NotTaken::ForGood {
            status: status.to_owned(),
        };
        let to: Address = letter.to.parse().map_err(|_| good("the address is none"))?;
        let envelope =
            Envelope::new(Some(self.from.address.clone()), vec![to]).map_err(|_| good("the address is none"))?;
        let message = written(&self.from.head, &letter).ok_or_else(|| good("it could not be written"))?;
        let sending = async {
            let transport = self.transport(own).await?;
            transport
                .send_raw(&envelope, message.as_bytes())
                .await
                .map(drop)
                .map_err(|error| {
                    let status = error.status().map(|code| code.to_string());
                    let unreachable = status.is_none();
                    let status = status.unwrap_or_else(|| "no answer".to_owned());
                    if error.is_permanent() {
                        NotTaken::ForGood { status }
                    } else {
                        NotTaken::Now { status, unreachable }
                    }
                })
        };
        let slow = |_| NotTaken::Now {
            status: "it took too long".to_owned(),
            unreachable: true,
        };
        tokio::time::timeout(WHOLE, sending).await.map_err(slow)?
    }

    /// To the very address that was judged: a second answer of the name server changes nothing.
    async fn transport(&self, own: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotTaken> {
        let settings = &self.settings;
        let nowhere = |why: &str| NotTaken::Now {
            status: why.to_owned(),
            unreachable: true,
        };
        let found = tokio::net::lookup_host((settings.host.as_str(), settings.port)).await;
        let found: Vec<SocketAddr> = found.map_err(|_| nowhere("its name leads nowhere"))?.collect();
        let allowed = |address: &SocketAddr| may_be_called(address.ip(), settings.inside || self.tls.is_none());
        let Some(address) = found.first().filter(|_| found.iter().all(allowed)) else {
            return Err(nowhere("its address may not be called"));
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(settings.port)
            .timeout(Some(ANSWER))
            .hello_name(ClientId::Domain(own.to_owned()))
            .tls(match (&self.tls, settings.security) {
                (Some(tls), Security::StartTls) => Tls::Required(tls.clone()),
                (Some(tls), _) => Tls::Wrapper(tls.clone()),
                (None, _) => Tls::None,
            });
        if let Some((user, password)) = &settings.login {
            let password = password.expose_str().unwrap_or_default().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(builder.build())
    }
}

/// Whom mail is from.
#[derive(Clone)]
struct Sender {
    /// As the head of a mail writes it.
    head: String,
    address: Address,
}

impl Sender {
    /// From an address, or `name <address>`; all of it ASCII but the name.
    fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(text) => text.rsplit_once('<')?,
            None => ("", text.trim()),
        };
        let name = name.trim().trim_matches('"');
        if !address.is_ascii() || name.len() > NAME_BYTES || name.chars().any(char::is_control) {
            return None;
        }
        let head = if name.is_empty() {
            address.to_owned()
        } else {
            // an encoded word (RFC 2047): nothing in a name is a comma, a quote or a second address
            format!("=?utf-8?B?{}?= <{address}>", STANDARD.encode(name))
        };
        let address = address.parse().ok()?;
        Some(Self { head, address })
    }
}

/// A mail as it goes over the wire (RFC 5322): its head is ASCII, its text in base64.
fn written(from: &str, letter: &Letter<'_>) -> Option<String> {
    let date = jiff::Timestamp::from_second(letter.at.unix()).ok()?;
    let date = date.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let one_line = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if ![from, letter.to, letter.subject, letter.id.as_str()]
        .into_iter()
        .all(one_line)
    {
        return None;
    }
    let mut mail = format!(
        "From: {from}\r\nTo: {}\r\nSubject: {}\r\nDate: {date}\r\nMessage-ID: {}\r\nAuto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        letter.to, letter.subject, letter.id
    );
    let text = STANDARD.encode(letter.text.replace('\n', "\r\n"));
    for line in text.as_bytes().chunks(LINE) {
        mail.push_str(std::str::from_utf8(line).ok()?);
        mail.push_str("\r\n");
    }
    Some(mail)
}

fn parameters(settings: &MailSettings) -> Result<TlsParameters, MailError> {
    let tls = |error: lettre::transport::smtp::Error| MailError::Tls { why: error.to_string() };
    let mut builder = TlsParameters::builder(settings.host.clone());
    if !settings.authorities.is_empty() {
        builder = builder.add_root_certificate(Certificate::from_pem(&settings.authorities).map_err(tls)?);
    }
    builder.build_rustls().map_err(tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_mail_goes_to_this_machine_only() {
        let server = |host: &str, security, from: &str| {
            let settings = MailSettings {
                host: host.to_owned(),
                port: 25,
                security,
                from: from.to_owned(),
                login: Some(("visum".to_owned(), Secret::from("word".to_owned()))),
                authorities: Vec::new(),
                inside: true,
            };
            MailServer::new(settings)
                .map(|server| format!("{server:?}"))
                .map_err(|error| error.code())
        };
        let from = "Visum <visum@biobank.example.org>";
        let cases = [
            ("127.0.0.1", Security::None, from, None),
            ("LOCALHOST", Security::None, from, None),
            ("::1", Security::None, from, None),
            ("10.0.0.1", Security::None, from, Some("mail.plain")),
            ("localhost.example.org", Security::None, from, Some("mail.plain")),
            ("mail.example.org", Security::Tls, from, None),
            ("mail.example.org", Security::StartTls, "nobody", Some("mail.from")),
            (
                "127.0.0.1",
                Security::None,
                "A\r\nBcc: x <a@example.org>",
                Some("mail.from"),
            ),
        ];
        for (host, security, from, refused) in cases {
            match server(host, security, from) {
                Ok(shown) => {
                    assert_eq!(refused, None, "{host}");
                    assert!(!shown.contains("word"), "{shown}");
                }
                Err(code) => assert_eq!(Some(code), refused, "{host}"),
            }
        }
    }
}
