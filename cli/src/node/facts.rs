//! The facts that a node starts with, as a file: register, committees, datasets, objects, roles, trust, clients, providers.
//!
//! `visum init --facts FILE` and the demo enter them as break-glass events in `single` governance (D16).

use passport_broker::{
    bootstrap::Bootstrap,
    store::{clients::ClientRow, register::UpstreamRow, roles::RoleRow, terms::TermsRow, webhooks::WebhookRow},
};
use policy_engine::{
    catalogue::{ObjectRecord, PrefixRecord},
    snapshot::{CommitteeRecord, DatasetRecord, InstitutionRecord, ServiceRecord, SinkRecord},
};
use serde::Deserialize;
use serde_json::Value;
use visa_verifier::trust::{TrustFormat, TrustPolicy};

use crate::error::CommandError;

/// A facts file, JSON. Unknown members are refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Facts {
    institutions: Vec<InstitutionRecord>,
    committees: Vec<CommitteeRecord>,
    datasets: Vec<DatasetRecord>,
    objects: Vec<ObjectRecord>,
    prefixes: Vec<PrefixRecord>,
    sinks: Vec<SinkRecord>,
    services: Vec<ServiceRecord>,
    roles: Vec<RoleRow>,
    /// A trust file's `trusted_brokers` and `trusted_visa_issuers`.
    trust: Value,
    clients: Vec<ClientRow>,
    upstreams: Vec<UpstreamRow>,
    terms: Vec<TermsRow>,
    webhooks: Vec<WebhookRow>,
}

impl Facts {
    /// Reads a document.
    ///
    /// # Errors
    /// `facts.invalid` (exit 2) with the member that is wrong.
    pub(crate) fn read(bytes: &[u8], name: &str) -> Result<Bootstrap, CommandError> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let facts: Self = serde_path_to_error::deserialize(&mut reader).map_err(|wrong| {
            CommandError::refused(
                "facts.invalid",
                format!("{name}: at `{}`: {}", wrong.path(), wrong.inner()),
            )
            .hint("docs/operators/quickstart.md, \"Facts\", shows each member")
        })?;
        facts.bootstrap(name)
    }

    fn bootstrap(self, name: &str) -> Result<Bootstrap, CommandError> {
        let trust = if self.trust.is_null() {
            Vec::new()
        } else {
            TrustPolicy::from_file_text(&self.trust.to_string(), TrustFormat::Json, name)
                .map_err(|wrong| CommandError::refused("facts.trust", wrong.to_string()))?
                .entries()
                .cloned()
                .collect()
        };
        Ok(Bootstrap {
            institutions: self.institutions,
            dacs: self.committees,
            datasets: self.datasets,
            objects: self.objects,
            prefixes: self.prefixes,
            sinks: self.sinks,
            services: self.services,
            roles: self.roles,
            trust,
            clients: self.clients,
            upstreams: self.upstreams,
            terms: self.terms,
            webhooks: self.webhooks,
            registrations: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../docs/operators/facts.example.json");

    #[test]
    fn the_documented_example_is_read_and_a_misspelt_member_is_refused_with_its_place() {
        let facts = Facts::read(EXAMPLE.as_bytes(), "facts.json").unwrap();
        assert_eq!((facts.datasets.len(), facts.roles.len(), facts.trust.len()), (1, 3, 2));
        let misspelt = EXAMPLE.replace(
            "\"country\": \"FI\", \"nonprofit\"",
            "\"country\": \"FI\", \"nonproft\"",
        );
        let wrong = Facts::read(misspelt.as_bytes(), "facts.json").unwrap_err();
        assert_eq!(wrong.code(), "facts.invalid");
        assert!(wrong.to_string().contains("institutions[0]"), "{wrong}");
    }
}
