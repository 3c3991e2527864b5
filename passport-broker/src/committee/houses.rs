//! The houses of whoever gains by a grant.

use visa_verifier::VisaIdentity;

use super::{Asked, GovernError};
use crate::broker::Broker;
use crate::store::people::{self, FactKind};

/// The houses for which a conflict of interest is judged: those that are named, and those that are known of whoever
/// gains, so that leaving one out opens nothing.
pub(crate) async fn houses(
    broker: &Broker,
    asked: &Asked,
    named: &[String],
    gaining: &[VisaIdentity],
) -> Result<Vec<String>, GovernError> {
    let mut houses: Vec<String> = Vec::new();
    for house in named {
        if !houses.contains(house) {
            houses.push(house.clone());
        }
    }
    for identity in gaining {
        let Some(person) = broker.person_of(identity).await? else {
            continue;
        };
        for fact in people::facts(&mut broker.db(), &person, broker.now()).await? {
            let scope = fact.value.split_once('@').map(|(_, scope)| scope.to_ascii_lowercase());
            let (FactKind::Affiliation, Some(scope)) = (fact.kind, scope) else {
                continue;
            };
            let known = asked
                .engine
                .snapshot()
                .institutions
                .iter()
                .find(|house| house.scopes.contains(&scope));
            if let Some(house) = known.filter(|house| !houses.contains(&house.id)) {
                houses.push(house.id.clone());
            }
        }
    }
    if houses.is_empty() {
        return Err(GovernError::input(
            "grant.institution",
            "Nothing is known here of the applicant's institution: name it (`institution`).",
        ));
    }
    Ok(houses)
}
