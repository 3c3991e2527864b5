//! `Caller`: what an access token of ours says of who calls. `provider::access_token` alone makes one, by checking.

use policy_engine::decide::{Client, ClientKind, Session};
use std::net::{IpAddr, Ipv4Addr};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use crate::store::people::PersonId;

/// REFEDS: more than one factor.
pub const REFEDS_MFA: &str = "https://refeds.org/profile/mfa";

/// Who calls one of our own routes, proven by a live access token whose audience is our issuer.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person (the token's `sub`).
    pub person: PersonId,
    /// The person as our tokens name them: our issuer and `sub`.
    pub identity: VisaIdentity,
    /// The upstream identity that logged in, if known.
    pub login: Option<VisaIdentity>,
    /// The client that holds the token.
    pub client: String,
    /// What kind of client.
    pub client_kind: ClientKind,
    /// The scopes.
    pub scope: Vec<String>,
    /// When the person logged in.
    pub auth_time: Option<Timestamp>,
    /// The provider's word on the login's strength.
    pub acr: Option<String>,
    /// Its methods.
    pub amr: Vec<String>,
    /// Identity assurance, 0 to 3.
    pub assurance: u8,
    /// When the token ends.
    pub expires: Timestamp,
    /// The token's `jti`.
    pub jti: String,
    /// SHA-256 of the token, for the audit log.
    pub token_digest: [u8; 32],
    /// Where the connection comes from, if the listener said.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// Whether the token carries this scope.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.scope.iter().any(|held| held == scope)
    }

    /// Strength of the login: 0 unknown, 1 one factor, 2 more than one.
    #[must_use]
    pub fn authn(&self) -> u8 {
        let mfa = self.acr.as_deref() == Some(REFEDS_MFA) || self.amr.iter().any(|method| method == "mfa");
        match (mfa, self.auth_time) {
            (true, Some(_)) => 2,
            (false, Some(_)) => 1,
            (_, None) => 0,
        }
    }

    /// The session as the policies see it.
    #[must_use]
    pub fn session(&self) -> Session {
        let address = self.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Session {
            authn: self.authn(),
            identity: self.assurance,
            authenticated: self.auth_time,
            client: Client {
                id: self.client.clone(),
                kind: self.client_kind,
                sender_constrained: false,
            },
            ..Session::unknown(address, self.expires)
        }
    }
}
