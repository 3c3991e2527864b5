//! Institutions, committees, services, places for outputs, trust entries, upstream providers: what the node knows of
//! the world.

use policy_engine::snapshot::{CommitteeRecord, InstitutionRecord, ServiceRecord, SinkRecord};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use visa_verifier::trust::{Role, TrustEntry, TrustError, TrustPolicy};

use super::claim_map::{ClaimMap, GroupRule, RULES};
use super::governed::{Governed, RowKind};

impl Governed for InstitutionRecord {
    const KIND: RowKind = RowKind::Institution;

    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Governed for ServiceRecord {
    const KIND: RowKind = RowKind::Service;

    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Governed for SinkRecord {
    const KIND: RowKind = RowKind::Sink;

    fn id(&self) -> String {
        self.prefix.to_string()
    }
}

impl Governed for CommitteeRecord {
    const KIND: RowKind = RowKind::Dac;

    fn id(&self) -> String {
        self.id.clone()
    }
}

/// Whom this node believes what: one entry, in the form of the trust file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrustRow {
    /// `broker:ISS` or `visa-issuer:ISS`.
    pub id: String,
    /// A policy of exactly this entry.
    pub policy: TrustPolicy,
}

impl TrustRow {
    /// The row of an entry.
    ///
    /// # Errors
    /// The entry contradicts itself.
    pub fn of(entry: TrustEntry) -> Result<Self, TrustError> {
        let role = match entry.role {
            Role::Broker => "broker",
            Role::VisaIssuer => "visa-issuer",
        };
        let id = format!("{role}:{}", entry.id);
        Ok(Self {
            id,
            policy: TrustPolicy::new(Vec::new(), vec![entry])?,
        })
    }
}

impl Governed for TrustRow {
    const KIND: RowKind = RowKind::Trust;

    fn id(&self) -> String {
        self.id.clone()
    }
}

/// An upstream login provider. Its client secret is not here: `secret` names a key of the node's secrets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamRow {
    /// A short word for URLs, such as `uni`.
    pub id: String,
    /// Its name on the login page.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// Our `client_id` there.
    pub client_id: String,
    /// The name of the secret in the configuration; none: public client with PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// What differs from plain OpenID Connect: `generic`, `ls-login`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The institutions for which it may assert affiliations (their ids).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speaks_for: Vec<String>,
    /// The highest identity assurance that is believed of it, 0 to 3.
    pub assurance_cap: u8,
    /// Its `sub`s are never given to another person.
    pub unique_ids: bool,
    /// Its word on a second factor is believed.
    pub mfa: bool,
    /// Persons with roles may log in with it.
    pub admin: bool,
    /// A sample that asserts what nobody checked: refused outside of the demo.
    #[serde(default)]
    pub sample: bool,
    /// Which of its claims are read for what; the usual ones unless it says otherwise.
    #[serde(default, skip_serializing_if = "ClaimMap::is_usual")]
    pub claims: ClaimMap,
    /// What its groups mean here (AARC-G069). Without a rule a group means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "few")]
    pub groups: Vec<GroupRule>,
    /// Where visas of the person may be collected with its access token (a userinfo or visa endpoint).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visa_sources: Vec<String>,
}

fn few<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<GroupRule>, D::Error> {
    let rules: Vec<GroupRule> = Vec::deserialize(from)?;
    if rules.len() > RULES {
        return Err(D::Error::custom(format!(
            "a login provider has at most {RULES} rules for groups"
        )));
    }
    Ok(rules)
}

impl Governed for UpstreamRow {
    const KIND: RowKind = RowKind::Upstream;

    fn id(&self) -> String {
        self.id.clone()
    }
}
