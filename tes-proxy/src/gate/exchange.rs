//! A caller's Passport from the broker, by token exchange (RFC 8693), as a client with a key (RFC 7523): what the
//! verifier's [`source::Exchange`] says, told to callers.

use std::sync::Arc;

use url::Url;
use visa_verifier::{
    seam::Timestamp,
    source::{self, ClientAuthentication, ExchangeSettings, SourceError},
};

use crate::{
    config::BrokerLink,
    opening::Seams,
    problem::{Challenge, Problem},
};

/// Asks the broker's token endpoint.
#[derive(Debug)]
pub(crate) struct Exchange {
    exchange: source::Exchange,
    endpoint: Url,
}

impl Exchange {
    /// To this broker.
    ///
    /// # Errors
    /// The sentence of what is wrong with our key.
    pub(crate) fn new(link: BrokerLink, audience: String, seams: &Seams) -> Result<Self, &'static str> {
        let client = ClientAuthentication::es256(link.client_id, link.key_id, &link.private_key)
            .ok_or("the proxy's key at the broker is empty, or no ES256 key in PKCS#8")?;
        let settings = ExchangeSettings {
            issuer: link.issuer,
            client,
            audience: vec![audience],
            resource: Vec::new(),
        };
        let exchange = source::Exchange::new(Arc::clone(&seams.fetch), Arc::clone(&seams.random), settings)
            .ok_or("the exchange asks for an impossible resource")?;
        Ok(Self {
            exchange,
            endpoint: link.token_endpoint,
        })
    }

    /// The Passport of the person whose access token this is, for us as audience.
    ///
    /// # Errors
    /// 401 where the broker says that the token does not count any more, 502 or 503 where it cannot be had.
    pub(crate) async fn passport(&self, access_token: &str, now: Timestamp) -> Result<String, Problem> {
        match self.exchange.passport(&self.endpoint, access_token, now).await {
            Ok(exchanged) => Ok(exchanged.passport),
            Err(error) => Err(told(&error)),
        }
    }
}

fn told(error: &SourceError) -> Problem {
    tracing::warn!(code = error.code(), %error, "the broker gave no Passport");
    match error {
        SourceError::Refused(_) => Problem::unauthenticated(
            Challenge::InvalidToken,
            "token.refused",
            "the broker gives no Passport for this token; log in again",
        ),
        SourceError::Unreachable(_) => Problem::unavailable(
            "broker.unreachable",
            "the broker that knows your Passport cannot be reached",
            5,
        ),
        SourceError::Answer(_) => Problem::unavailable("broker.answer", "the broker's answer cannot be read", 10),
        SourceError::Token(_)
        | SourceError::Form
        | SourceError::Unsupported(_)
        | SourceError::Client(_)
        | SourceError::Target(_)
        | SourceError::Later { .. }
        | SourceError::OtherPerson
        | SourceError::Passport(_)
        | SourceError::NoWay
        | _ => Problem::unavailable("broker.refused", "the broker gave no Passport", 10),
    }
}
