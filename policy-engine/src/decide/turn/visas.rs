//! Visas that a person could obtain, as they would arrive here: of an issuer that this node believes.

use std::time::Duration;

use serde_json::{Map, Value, json};
use visa_verifier::{VisaType, seam::Timestamp, trust::Role};

use crate::{
    consent::{ResearchPurpose, VouchedBy},
    decide::{Engine, facts::REGISTERED, presented::Held},
};

/// How long such a visa would hold.
const LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Makes visas of an issuer that counts here.
pub(crate) struct Mint {
    issuer: String,
    now: Timestamp,
}

impl Mint {
    /// `None` if nobody is believed here.
    pub(crate) fn of(engine: &Engine, now: Timestamp) -> Option<Self> {
        let snapshot = engine.snapshot();
        let entry = snapshot.trust.entries().find(|entry| {
            entry.role == Role::VisaIssuer && entry.stands(now) && !snapshot.stop.issuers.contains(entry.id.as_str())
        })?;
        Some(Self {
            issuer: entry.id.as_str().to_owned(),
            now,
        })
    }

    fn visa(&self, kind: VisaType, value: &str, source: &str, by: VouchedBy) -> Held {
        Held {
            digest: format!("would-be|{kind}|{value}|{source}"),
            kind,
            issuer: self.issuer.clone(),
            value: value.to_owned(),
            source: source.to_owned(),
            by: Some(by),
            asserted: self.now,
            expires: self.now.plus(LIFE),
            jti: None,
            purpose: None,
            institution: None,
            let_by: Vec::new(),
        }
    }

    /// The status of a registered researcher.
    pub(crate) fn status(&self, source: &str) -> Held {
        self.visa(VisaType::ResearcherStatus, REGISTERED, source, VouchedBy::Peer)
    }

    /// Accepted terms.
    pub(crate) fn terms(&self, terms: &str, source: &str) -> Held {
        self.visa(VisaType::AcceptedTermsAndPolicies, terms, source, VouchedBy::Own)
    }

    /// An affiliation with a house of the register.
    pub(crate) fn affiliation(&self, institution: &str, scope: &str) -> Held {
        let mut held = self.visa(
            VisaType::AffiliationAndRole,
            &format!("faculty@{scope}"),
            institution,
            VouchedBy::System,
        );
        held.institution = Some(institution.to_owned());
        held
    }

    /// A committee's grant with its purpose, and what it settles.
    pub(crate) fn grant(
        &self,
        dataset: &str,
        source: &str,
        purpose: &ResearchPurpose,
        settles: &[String],
    ) -> Vec<Held> {
        let grant = self.visa(VisaType::ControlledAccessGrants, dataset, source, VouchedBy::Dac);
        let mut beside = self.purpose(&grant, VouchedBy::Dac, purpose);
        if let Some(claim) = beside.purpose.as_mut().and_then(Value::as_object_mut) {
            claim.insert("settles".to_owned(), json!(settles));
        }
        vec![grant, beside]
    }

    /// The person's own word for a grant that they hold.
    pub(crate) fn attested(&self, grant: &Held, purpose: &ResearchPurpose) -> Held {
        self.purpose(grant, VouchedBy::Own, purpose)
    }

    fn purpose(&self, grant: &Held, by: VouchedBy, purpose: &ResearchPurpose) -> Held {
        let kind = VisaType::named(&format!("{}/visas/purpose/v1", self.issuer.trim_end_matches('/')));
        let mut held = self.visa(kind, &grant.value, &grant.source, by);
        held.asserted = grant.asserted;
        held.expires = held.expires.min(grant.expires);
        let mut claim = Map::new();
        claim.insert(
            "purpose".to_owned(),
            json!({ "categories": purpose.categories, "diseases": purpose.diseases, "commercial": purpose.commercial }),
        );
        for (name, value) in [("project", &purpose.project), ("institution", &purpose.institution)] {
            if let Some(value) = value {
                claim.insert(name.to_owned(), json!(value));
            }
        }
        held.purpose = Some(Value::Object(claim));
        held
    }
}
