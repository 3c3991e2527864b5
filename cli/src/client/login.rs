//! Logging in: authorization code and PKCE on a loopback redirect (RFC 8252), then the client's key is registered.

use std::time::Duration;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;
use visa_verifier::seam::{Clock, Random, Timestamp, token};

use super::{
    browser::{Answers, Browser},
    http::Client,
    key::ClientKey,
};
use crate::error::CommandError;

/// The client that every broker knows.
pub(crate) const CLIENT: &str = "visum-cli";
/// What the command line asks for.
pub(crate) const SCOPE: &str = "openid profile ga4gh_passport_v1 visum:self visum:admin";
/// What a login that stays asks for: it goes on for days, so administration is not in it.
const STAYING: &str = "openid profile ga4gh_passport_v1 visum:self offline_access";
/// How long a person may take in the browser.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a login needs from around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    /// Outgoing calls.
    pub(crate) client: &'a Client,
    /// What time it is.
    pub(crate) clock: &'a dyn Clock,
    /// Randomness.
    pub(crate) random: &'a dyn Random,
}

/// What a login asks for beside the person.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asks {
    /// Whom the institution's page should expect.
    pub(crate) hint: Option<String>,
    /// A refresh token; then nothing is asked for that administers.
    pub(crate) stay: bool,
    /// A stronger or fresher sign-in (RFC 9470): `acr_values`.
    pub(crate) acr_values: Option<String>,
    /// The same: `max_age`, in seconds.
    pub(crate) max_age: Option<u64>,
}

/// What the token endpoint gave.
#[derive(Debug)]
pub(crate) struct Given {
    /// The access token.
    pub(crate) access_token: String,
    /// Its life in seconds.
    pub(crate) seconds: u64,
    /// What renews it, if that was asked for.
    pub(crate) refresh_token: Option<String>,
}

impl Given {
    /// Of a token answer.
    ///
    /// # Errors
    /// `login.token` if it holds no access token.
    pub(crate) fn of(tokens: &Value) -> Result<Self, CommandError> {
        let text = |name: &str| tokens.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            access_token: text("access_token")
                .ok_or_else(|| CommandError::unknown("login.token", "the broker gave no access token"))?,
            seconds: tokens.get("expires_in").and_then(Value::as_u64).unwrap_or(300),
            refresh_token: text("refresh_token"),
        })
    }
}

/// Who opens the pages.
#[derive(Clone, Debug)]
pub(crate) enum Opens {
    /// A person, in a browser of theirs: the address is handed to this function.
    Person(fn(&Url)),
    /// A script, with answers to the forms (demo, tests).
    Script(Answers),
}

/// The broker, as its metadata tells it.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    /// Its issuer.
    pub(crate) issuer: String,
    authorize: Url,
    /// Its token endpoint.
    pub(crate) token: String,
    /// Where a login at another device begins, if it has such.
    pub(crate) device: Option<String>,
}

/// A finished login.
#[derive(Debug)]
pub(crate) struct Login {
    /// The access token.
    pub(crate) access_token: String,
    /// When it ends.
    pub(crate) expires: Timestamp,
    /// What renews it, if the login stays.
    pub(crate) refresh_token: Option<String>,
    /// Who it is, as the broker says: `GET /visum/v1/me`.
    pub(crate) me: Value,
    /// The key that was registered.
    pub(crate) key: ClientKey,
}

impl Provider {
    /// Reads the broker's metadata (OpenID Connect Discovery §4).
    ///
    /// # Errors
    /// If it can't be had, or names another issuer.
    pub(crate) async fn discover(client: &Client, issuer: &str) -> Result<Self, CommandError> {
        let issuer = issuer.trim_end_matches('/');
        let metadata = client
            .get(&format!("{issuer}/.well-known/openid-configuration"), None)
            .await?
            .ok()?;
        let text = |name: &str| {
            metadata
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        if text("issuer") != issuer {
            return Err(CommandError::unknown(
                "login.issuer",
                format!("{issuer} says that it is `{}`; it is not trusted", text("issuer")),
            ));
        }
        let authorize = Url::parse(&text("authorization_endpoint")).map_err(|_| {
            CommandError::unknown("login.metadata", format!("{issuer} names no authorization endpoint"))
        })?;
        Ok(Self {
            issuer: issuer.to_owned(),
            authorize,
            token: text("token_endpoint"),
            device: Some(text("device_authorization_endpoint")).filter(|url| !url.is_empty()),
        })
    }
}

/// Logs in, asks who it is, registers a key.
///
/// # Errors
/// If a party can't be reached, a page stops the login, or the person says no.
pub(crate) async fn login(
    around: Around<'_>,
    provider: &Provider,
    asks: &Asks,
    opens: Opens,
    key: Option<ClientKey>,
) -> Result<Login, CommandError> {
    let given = tokens(around, provider, asks, opens).await?;
    finish(around, provider, given, key).await
}

/// Asks who it is, registers a key.
///
/// # Errors
/// If the broker can't be reached or refuses.
pub(crate) async fn finish(
    around: Around<'_>,
    provider: &Provider,
    given: Given,
    key: Option<ClientKey>,
) -> Result<Login, CommandError> {
    let Given {
        access_token,
        seconds,
        refresh_token,
    } = given;
    let expires = around.clock.now().plus(Duration::from_secs(seconds));
    let own = format!("{}/visum/v1", provider.issuer);
    let me = around
        .client
        .get(&format!("{own}/me"), Some(&access_token))
        .await?
        .ok()?;
    let key = match key {
        Some(key) => key,
        None => ClientKey::generate()?,
    };
    around
        .client
        .post(
            &format!("{own}/cli-keys"),
            Some(&access_token),
            &json!({ "jwk": key.jwk() }),
        )
        .await?
        .ok()?;
    Ok(Login {
        access_token,
        expires,
        refresh_token,
        me,
        key,
    })
}

/// Tokens by authorization code and PKCE.
pub(crate) async fn tokens(
    around: Around<'_>,
    provider: &Provider,
    asks: &Asks,
    opens: Opens,
) -> Result<Given, CommandError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|source| {
        CommandError::unknown("login.loopback", format!("no port of this machine is free: {source}"))
    })?;
    let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
    let redirect = format!("http://127.0.0.1:{port}/callback");
    let (verifier, state) = (token(around.random, 32), token(around.random, 16));
    let challenge = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()));
    let start = authorization(provider, &redirect, &state, &challenge, asks);
    let back = match opens {
        Opens::Script(answers) => {
            let stop =
                Url::parse(&redirect).map_err(|_| CommandError::unknown("login.loopback", "no redirect address"))?;
            Browser::new(around.client).through(start, &answers, &stop).await?
        }
        Opens::Person(tell) => {
            tell(&start);
            wait(&listener, &redirect).await?
        }
    };
    let answer = |name: &str| {
        back.query_pairs()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.into_owned())
    };
    if answer("state").as_deref() != Some(state.as_str()) {
        return Err(CommandError::denied(
            "login.state",
            "the answer belongs to another login; nothing was kept",
        ));
    }
    if answer("iss").is_some_and(|issuer| issuer != provider.issuer) {
        return Err(CommandError::denied(
            "login.issuer",
            "the answer comes from another broker; nothing was kept",
        ));
    }
    if let Some(error) = answer("error") {
        let words = answer("error_description").unwrap_or_else(|| "the broker refused the login".to_owned());
        return Err(CommandError::denied(error, words));
    }
    let code = answer("code").ok_or_else(|| CommandError::unknown("login.code", "the broker gave no code"))?;
    let tokens = around
        .client
        .form(
            &provider.token,
            &[
                ("grant_type", "authorization_code"),
                ("client_id", CLIENT),
                ("code", &code),
                ("redirect_uri", &redirect),
                ("code_verifier", &verifier),
            ],
        )
        .await?
        .ok()?;
    Given::of(&tokens)
}

/// The address with which a login begins.
fn authorization(provider: &Provider, redirect: &str, state: &str, challenge: &str, asks: &Asks) -> Url {
    let mut start = provider.authorize.clone();
    start
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", CLIENT)
        .append_pair("redirect_uri", redirect)
        .append_pair("scope", if asks.stay { STAYING } else { SCOPE })
        .append_pair("state", state)
        .append_pair("code_challenge", challenge)
        .append_pair("code_challenge_method", "S256");
    let age = asks.max_age.map(|seconds| seconds.to_string());
    let wishes = [
        ("login_hint", asks.hint.as_deref()),
        ("acr_values", asks.acr_values.as_deref()),
        ("max_age", age.as_deref()),
    ];
    for (name, value) in wishes {
        if let Some(value) = value {
            start.query_pairs_mut().append_pair(name, value);
        }
    }
    start
}

/// What the release page says that a login would give this client, without answering it.
///
/// # Errors
/// If a page or a party stops the way there.
pub(crate) async fn release(around: Around<'_>, provider: &Provider, hint: &str) -> Result<Vec<String>, CommandError> {
    let challenge = URL_SAFE_NO_PAD.encode(ring::digest::digest(
        &ring::digest::SHA256,
        token(around.random, 32).as_bytes(),
    ));
    let state = token(around.random, 16);
    let asks = Asks {
        hint: Some(hint.to_owned()),
        ..Asks::default()
    };
    let start = authorization(provider, "http://127.0.0.1/callback", &state, &challenge, &asks);
    let page = Browser::new(around.client).open(start, None).await?.reply.text();
    Ok(page
        .split("<strong>")
        .skip(1)
        .filter_map(|rest| rest.split("</strong>").next())
        .map(str::to_owned)
        .collect())
}

/// Waits for the browser to come back; other requests to the port are answered 404.
async fn wait(listener: &TcpListener, redirect: &str) -> Result<Url, CommandError> {
    let gone =
        || CommandError::unknown("login.timeout", "nobody came back from the browser").hint("run the command again");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let (mut socket, _) = tokio::time::timeout_at(deadline, listener.accept())
            .await
            .map_err(|_| gone())?
            .map_err(|source| CommandError::unknown("login.loopback", source.to_string()))?;
        let mut head = vec![0; 16 << 10];
        let mut filled = 0;
        while filled < head.len() {
            let Some(room) = head.get_mut(filled..) else { break };
            match tokio::time::timeout(Duration::from_secs(5), socket.read(room)).await {
                Ok(Ok(count)) if count > 0 => filled += count,
                _ => break,
            }
            if head
                .get(..filled)
                .is_some_and(|bytes| bytes.windows(4).any(|four| four == b"\r\n\r\n"))
            {
                break;
            }
        }
        let text = String::from_utf8_lossy(head.get(..filled).unwrap_or_default()).into_owned();
        let target = text
            .strip_prefix("GET ")
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or_default();
        let found = Url::parse(redirect)
            .ok()
            .and_then(|base| base.join(target).ok())
            .filter(|url| url.path() == "/callback");
        let (status, words) = if found.is_some() {
            (
                "200 OK",
                "You are logged in. You can close this window and go back to the terminal.",
            )
        } else {
            ("404 Not Found", "Nothing is here.")
        };
        let page = format!("<!doctype html><meta charset=utf-8><title>Visum</title><p>{words}</p>");
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = socket.write_all(answer.as_bytes()).await;
        let _ = socket.shutdown().await;
        if let Some(url) = found {
            return Ok(url);
        }
    }
}

/// A Passport for `audience` by token exchange (RFC 8693), the client proved by its key.
///
/// # Errors
/// If the broker refuses.
pub(crate) async fn passport(
    around: Around<'_>,
    provider: &Provider,
    access_token: &str,
    key: &ClientKey,
    audience: &str,
) -> Result<String, CommandError> {
    let assertion = key.assertion(CLIENT, &provider.issuer, around.clock.now(), around.random)?;
    let answer = around
        .client
        .form(
            &provider.token,
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("client_id", CLIENT),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", &assertion),
                ("subject_token", access_token),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("requested_token_type", "urn:ga4gh:params:oauth:token-type:passport"),
                ("audience", audience),
            ],
        )
        .await?
        .ok()?;
    answer
        .get("access_token")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| CommandError::unknown("login.passport", "the broker gave no Passport"))
}

/// The key as it is kept in a profile.
pub(crate) fn kept(key: &ClientKey) -> String {
    STANDARD.encode(key.pkcs8())
}
