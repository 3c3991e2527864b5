//! An upstream provider: its settings, and its metadata once it was discovered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, Client, ClientId, ClientSecret, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, ProviderMetadata, RedirectUrl, StandardErrorResponse,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use visa_verifier::KeySet;
use visa_verifier::seam::{Fetch, Secret, Timestamp};

use super::claims::UpstreamClaims;
use super::{LoginProblem, Outside};
use crate::store::claim_map::{ClaimMap, GroupRule};

/// How long a provider's metadata and keys are used before they are fetched anew.
const METADATA_LIFE: Duration = Duration::from_secs(3600);
/// Least time between two fetches that a failed check asks for.
const METADATA_REST: Duration = Duration::from_secs(60);

/// One home institution or login service.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    /// Short name in our own URLs: lower-case letters, digits, `-`.
    pub(crate) id: String,
    /// What the choice page calls it.
    pub(crate) name: String,
    /// Its issuer, exactly as its metadata writes it.
    pub(crate) issuer: String,
    /// Our client id there.
    pub(crate) client_id: String,
    /// Our secret there, if it gave one; PKCE is used in any case.
    pub(crate) client_secret: Option<Secret>,
    /// Scopes asked for beside `openid`.
    pub(crate) scopes: Vec<String>,
    /// Scopes (the part after the `@`) for which its affiliations count, each with the institution of the register
    /// whose it is; exact (Part B, `scopes[]`).
    pub(crate) affiliation_scopes: Vec<(String, String)>,
    /// The highest identity assurance that is believed of it, 0 to 3.
    pub(crate) max_assurance: u8,
    /// Whether its word on multi-factor authentication is believed.
    pub(crate) mfa: bool,
    /// Whether it never gives an identifier to a second person.
    pub(crate) unique: bool,
    /// Which of its claims are read for what.
    pub(crate) claims: ClaimMap,
    /// What its groups mean here.
    pub(crate) groups: Vec<GroupRule>,
    /// Where visas of its people are collected.
    pub(crate) visa_sources: Vec<VisaSource>,
}

/// A visa issuer that gives the visas of a person whom an upstream has logged in.
#[derive(Clone, Debug)]
pub(crate) struct VisaSource {
    /// The endpoint; `?sub=` with the person's `sub` at the upstream is added.
    pub(crate) endpoint: url::Url,
    /// Our bearer credential there.
    pub(crate) credential: Option<Secret>,
}

/// The one member of the metadata that the library does not know.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Promises {
    /// RFC 9207: every authorization answer carries `iss`.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Promises {}

type Metadata = ProviderMetadata<
    Promises,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type TokenFields = IdTokenFields<
    UpstreamClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The library's client, with our claims in its ID Token.
pub(crate) type RelyingParty = Client<
    UpstreamClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<TokenFields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// An upstream with its metadata.
#[derive(Clone, Debug)]
pub(crate) struct Discovered {
    /// Its settings.
    pub(crate) upstream: Arc<Upstream>,
    metadata: Arc<Metadata>,
    fetched: Timestamp,
}

impl Discovered {
    /// A client of it that comes back to `redirect`.
    pub(crate) fn relying_party(&self, redirect: RedirectUrl) -> RelyingParty {
        let secret = self
            .upstream
            .client_secret
            .as_ref()
            .and_then(Secret::expose_str)
            .map(str::to_owned);
        let id = ClientId::new(self.upstream.client_id.clone());
        Client::from_provider_metadata((*self.metadata).clone(), id, secret.map(ClientSecret::new))
            .set_auth_type(self.proves_by())
            .set_redirect_uri(redirect)
    }

    /// How our secret is shown: in the header, which every provider has to know (OpenID Connect Core, 9), unless this one
    /// says that it takes it in the body only, as ORCID does.
    fn proves_by(&self) -> AuthType {
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_some_and(|methods| methods.contains(&method));
        if takes(CoreClientAuthMethod::ClientSecretPost) && !takes(CoreClientAuthMethod::ClientSecretBasic) {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        }
    }

    /// Its keys, as it publishes them.
    pub(super) fn key_set(&self) -> Option<KeySet> {
        KeySet::from_value(serde_json::to_value(self.metadata.jwks()).ok()?).ok()
    }

    /// Whether it promised `iss` in every answer.
    pub(crate) fn promises_issuer(&self) -> bool {
        self.metadata
            .additional_metadata()
            .authorization_response_iss_parameter_supported
    }

    /// Its public keys, as a JWK Set.
    pub(crate) fn keys(&self) -> serde_json::Value {
        serde_json::to_value(self.metadata.jwks()).unwrap_or_default()
    }

    /// Its UserInfo endpoint.
    pub(super) fn userinfo_endpoint(&self) -> Option<String> {
        self.metadata.userinfo_endpoint().map(|url| url.as_str().to_owned())
    }

    /// Whether it has a UserInfo endpoint.
    pub(crate) fn has_userinfo(&self) -> bool {
        self.metadata.userinfo_endpoint().is_some()
    }
}

/// What was fetched of the upstream providers: their metadata and keys, for an hour.
#[derive(Debug, Default)]
pub(crate) struct Discoveries {
    known: Mutex<HashMap<String, Discovered>>,
}

impl Discoveries {
    /// An upstream with its metadata, fetched if it is not known, has changed here, or was fetched long ago.
    pub(crate) async fn discover(
        &self,
        upstream: &Arc<Upstream>,
        fetch: &dyn Fetch,
        now: Timestamp,
    ) -> Result<Discovered, LoginProblem> {
        self.fetch(upstream, fetch, now, METADATA_LIFE).await
    }

    /// The same after a check failed: its keys may have changed. Asked again at most once a minute.
    pub(crate) async fn refresh(
        &self,
        upstream: &Arc<Upstream>,
        fetch: &dyn Fetch,
        now: Timestamp,
    ) -> Result<Discovered, LoginProblem> {
        self.fetch(upstream, fetch, now, METADATA_REST).await
    }

    async fn fetch(
        &self,
        upstream: &Arc<Upstream>,
        fetch: &dyn Fetch,
        now: Timestamp,
        life: Duration,
    ) -> Result<Discovered, LoginProblem> {
        if let Some(known) = self.known.lock().await.get(&upstream.issuer)
            && now < known.fetched.plus(life)
        {
            return Ok(Discovered {
                upstream: upstream.clone(),
                ..known.clone()
            });
        }
        // No lock is held while another host is asked: two callers may both ask, and the later answer stays.
        let issuer = IssuerUrl::new(upstream.issuer.clone()).map_err(|error| LoginProblem::Discovery {
            name: upstream.name.clone(),
            why: error.to_string(),
        })?;
        let metadata = Metadata::discover_async(issuer, &Outside(fetch))
            .await
            .map_err(|error| LoginProblem::discovery(&upstream.name, &error))?;
        let discovered = Discovered {
            upstream: upstream.clone(),
            metadata: Arc::new(metadata),
            fetched: now,
        };
        self.known
            .lock()
            .await
            .insert(upstream.issuer.clone(), discovered.clone());
        Ok(discovered)
    }
}
