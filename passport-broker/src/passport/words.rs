//! Visas in words, for pages.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::assemble::holding;
use crate::front::Front;
use crate::store::StoreError;
use crate::store::people::PersonId;

/// What a purpose is called that the person attested, where the grant carries none.
pub(crate) const ATTESTED: &str = "Purpose that you attested";

/// What a kind of visa is called on a page, and what its value says.
pub(crate) fn visa_in_words(kind: &str, value: &str) -> (String, String) {
    let (name, value) = match kind {
        "AffiliationAndRole" => ("Affiliation", value.to_owned()),
        "AcceptedTermsAndPolicies" => ("Terms accepted", value.to_owned()),
        "ResearcherStatus" => ("Researcher status", value.to_owned()),
        "ControlledAccessGrants" => ("Grant", value.to_owned()),
        "LinkedIdentities" => ("Linked identities", linked(value)),
        custom if custom.ends_with("/visas/group/v1") => ("Group", value.to_owned()),
        custom if custom.ends_with("/visas/purpose/v1") => ("Approved purpose", value.to_owned()),
        custom => (custom, value.to_owned()),
    };
    (name.to_owned(), value)
}

/// `sub,iss;sub,iss` with its encoding taken off.
fn linked(value: &str) -> String {
    let one = |entry: &str| match entry.parse::<VisaIdentity>() {
        Ok(identity) => format!("{} at {}", identity.sub, identity.iss),
        Err(_) => entry.to_owned(),
    };
    value.split(';').map(one).collect::<Vec<_>>().join(", ")
}

/// What a Passport would hold now, a line a visa: for the release page.
pub(crate) async fn in_words(
    front: &Front,
    person: &PersonId,
    login: &VisaIdentity,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let holding = holding(front, person, Some(login), now).await?;
    let own = holding.own.iter().map(|draft| {
        // What the person said of a grant themself is no committee's word.
        let kind = if draft.by == "self" && draft.claim.is_some() {
            ATTESTED
        } else {
            draft.kind.as_str()
        };
        (kind.to_owned(), draft.value.clone(), draft.source.clone())
    });
    let foreign = holding.foreign.iter().map(|foreign| {
        let object = foreign.visa.object();
        (
            object.kind().to_string(),
            object.value().to_owned(),
            object.source().to_owned(),
        )
    });
    let line = |(kind, value, source): (String, String, String)| {
        let (name, value) = visa_in_words(&kind, &value);
        format!("{name}: {value} (says {source})")
    };
    Ok(own.chain(foreign).map(line).collect())
}
