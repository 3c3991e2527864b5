//! The upstream providers of the register, with what belongs to each.

use std::sync::Arc;

use policy_engine::snapshot::InstitutionRecord;
use url::Url;

use super::{Upstream, VisaSource};
use crate::Broker;
use crate::store::StoreError;

/// All upstream providers that may log people in here, in the order of their ids.
///
/// A sample provider (it asserts what nobody checked) is left out, unless the configuration lets samples in.
pub(crate) async fn upstreams(broker: &Broker) -> Result<Vec<Arc<Upstream>>, StoreError> {
    let institutions: Vec<InstitutionRecord> = broker.live().await?;
    let rows = broker.upstreams().await?;
    let secrets = &broker.config().upstream_secrets;
    let let_in = rows
        .into_iter()
        .filter(|row| !row.sample || broker.config().sample_upstreams);
    let all = let_in.map(|row| {
        let own = institutions
            .iter()
            .filter(|institution| row.speaks_for.contains(&institution.id));
        let scopes = own.flat_map(|one| one.scopes.iter().map(|scope| (scope.clone(), one.id.clone())));
        let sources = row.visa_sources.iter().filter_map(|text| {
            let endpoint = Url::parse(text).ok()?;
            Some(VisaSource {
                endpoint,
                credential: secrets.get(text).cloned(),
            })
        });
        Arc::new(Upstream {
            affiliation_scopes: scopes.collect(),
            visa_sources: sources.collect(),
            client_secret: row.secret.as_ref().and_then(|name| secrets.get(name)).cloned(),
            id: row.id,
            name: row.name,
            issuer: row.issuer,
            client_id: row.client_id,
            scopes: row.scopes.into_iter().filter(|scope| scope != "openid").collect(),
            claims: row.claims,
            groups: row.groups,
            max_assurance: row.assurance_cap.min(3),
            mfa: row.mfa,
            unique: row.unique_ids,
        })
    });
    Ok(all.collect())
}
