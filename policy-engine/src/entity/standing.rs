//! The snapshot's records as entities: countries, houses, committees, groups, services, datasets, sinks.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    register::chain,
    schema::{Types, uid},
    thing::{Thing, ThingBuilder},
};
use crate::{
    consent::{CountryCode, place::Countries},
    error::{BundleError, EngineError},
    snapshot::{DatasetMode, DatasetRecord, GroupRecord, RoleGrant, ServiceRecord, SinkRecord, Snapshot},
};

/// The roles that the shipped policies name; their entities are always there.
const ROLES: [&str; 6] = [
    "operator",
    "administrator",
    "auditor",
    "catalogue-editor",
    "workflow-engine",
    "consent-service",
];

/// Every entity that a snapshot makes by itself.
pub(crate) fn standing_things(
    snapshot: &Snapshot,
    types: &Types,
    countries: &Countries,
) -> Result<Vec<Thing>, BundleError> {
    let mut things = Vec::new();
    places(snapshot, types, countries, &mut things).map_err(|error| fault("country", &error))?;
    for role in roles(snapshot) {
        things.push(Thing::bare(uid(&types.role, role)));
    }
    for house in &snapshot.institutions {
        let thing = ThingBuilder::new(uid(&types.institution, &house.id))
            .link("country", uid(&types.country, &house.country))
            .flag("commercial", house.commercial.unwrap_or(true))
            .build();
        things.push(thing.map_err(|error| fault(&house.id, &error))?);
    }
    for committee in &snapshot.committees {
        let thing = ThingBuilder::new(uid(&types.dac, &committee.id))
            .link("institution", uid(&types.institution, &committee.institution))
            .build();
        things.push(thing.map_err(|error| fault(&committee.id, &error))?);
    }
    for group in &snapshot.groups {
        things.push(group_thing(group, types).map_err(|error| fault(&group.id, &error))?);
    }
    for service in &snapshot.services {
        things.push(service_thing(service, types).map_err(|error| fault(&service.id, &error))?);
    }
    for dataset in &snapshot.datasets {
        things.push(dataset_thing(dataset, types).map_err(|error| fault(dataset.id(), &error))?);
    }
    let collections: BTreeSet<&String> = snapshot
        .datasets
        .iter()
        .flat_map(|dataset| &dataset.collections)
        .collect();
    things.extend(
        collections
            .into_iter()
            .map(|id| Thing::bare(uid(&types.collection, id))),
    );
    for sink in &snapshot.sinks {
        let id = sink.prefix.to_string();
        things.push(sink_thing(sink, snapshot, types).map_err(|error| fault(&id, &error))?);
    }
    things.push(Thing::bare(uid(&types.stop_list, "stop-list")));
    things.push(Thing::bare(uid(&types.audit_log, "log")));
    Ok(things)
}

fn fault(what: &str, error: &EngineError) -> BundleError {
    BundleError::Entity {
        what: what.to_owned(),
        message: chain(error),
    }
}

fn roles(snapshot: &Snapshot) -> BTreeSet<&str> {
    let given = snapshot.roles.iter().filter_map(|row| match &row.grant {
        RoleGrant::Role(role) => Some(role.as_str()),
        RoleGrant::Committee(_) => None,
    });
    let of_services = snapshot
        .services
        .iter()
        .flat_map(|service| service.roles.iter().map(String::as_str));
    ROLES.into_iter().chain(given).chain(of_services).collect()
}

/// All assigned countries, under the EU and the EEA where they belong, and every region that a dataset names.
fn places(
    snapshot: &Snapshot,
    types: &Types,
    countries: &Countries,
    things: &mut Vec<Thing>,
) -> Result<(), EngineError> {
    let mut regions: BTreeMap<&str, Option<crate::consent::place::Region>> = ["EU", "EEA"]
        .into_iter()
        .map(|name| (name, countries.region(name)))
        .collect();
    for name in snapshot
        .datasets
        .iter()
        .flat_map(|dataset| dataset.allowed_regions.iter().flatten())
    {
        regions.insert(name, countries.region(name));
    }
    things.extend(regions.keys().map(|name| Thing::bare(uid(&types.region, name))));
    for first in b'A'..=b'Z' {
        for second in b'A'..=b'Z' {
            let code = format!("{}{}", char::from(first), char::from(second));
            let Some(country) = CountryCode::try_from(code.as_str())
                .ok()
                .filter(|code| countries.has(*code))
            else {
                continue;
            };
            let within = regions.iter().filter(|(_, region)| {
                region.is_some_and(|region| countries.is_inside(country, &[region]) == Some(true))
            });
            let parents: Vec<_> = within.map(|(name, _)| uid(&types.region, name)).collect();
            things.push(ThingBuilder::new(uid(&types.country, &code)).parents(parents).build()?);
        }
    }
    Ok(())
}

fn group_thing(group: &GroupRecord, types: &Types) -> Result<Thing, EngineError> {
    ThingBuilder::new(uid(&types.group, &group.id))
        .flag("sharesTasks", group.shares_tasks)
        .flag("sharesLogs", group.shares_logs)
        .link_if("admins", group.admins.as_ref().map(|id| uid(&types.group, id)))
        .parents(group.within.as_ref().map(|id| uid(&types.group, id)))
        .build()
}

/// A machine. Public to the crate, since a service may also be the caller.
fn service_thing(service: &ServiceRecord, types: &Types) -> Result<Thing, EngineError> {
    ThingBuilder::new(uid(&types.service, &service.id))
        .link("operator", uid(&types.institution, &service.operator))
        .link("country", uid(&types.country, &service.country))
        .words(
            "certified",
            &types.data_class,
            service.certified.iter().map(|class| class.as_str()),
        )
        .flag("secureEnvironment", service.secure_environment)
        .flag("suspended", service.suspended)
        .parents(service.roles.iter().map(|role| uid(&types.role, role)))
        .build()
}

fn dataset_thing(dataset: &DatasetRecord, types: &Types) -> Result<Thing, EngineError> {
    let mode = match dataset.mode {
        DatasetMode::Download => "download",
        DatasetMode::ComputeOnly => "compute-only",
    };
    let mut thing = ThingBuilder::new(uid(&types.dataset, dataset.id()))
        .link("dac", uid(&types.dac, &dataset.dac))
        .link("custodian", uid(&types.institution, &dataset.custodian))
        .word("dataClass", &types.data_class, dataset.consent.access.as_str())
        .word("mode", &types.access_mode, mode)
        .word("state", &types.dataset_state, dataset.consent.state.as_str())
        .flag("discoverable", dataset.discoverable)
        .flag("boundPurpose", dataset.consent.bound_purpose)
        .long("quorum", dataset.votes_needed())
        .link_if("project", dataset.project.as_ref().map(|id| uid(&types.group, id)))
        .long("minIdentity", dataset.min_identity)
        .long("minAuthn", dataset.min_authn)
        .parent(uid(&types.dac, &dataset.dac))
        .parents(dataset.collections.iter().map(|id| uid(&types.collection, id)));
    if let Some(regions) = &dataset.allowed_regions {
        thing = thing.links(
            "allowedRegions",
            regions.iter().map(|name| uid(&types.region, name)).collect(),
        );
    }
    thing.build()
}

/// A sink; the longest sink that covers it is its parent.
fn sink_thing(sink: &SinkRecord, snapshot: &Snapshot, types: &Types) -> Result<Thing, EngineError> {
    let above = snapshot
        .sinks
        .iter()
        .filter(|other| other.prefix != sink.prefix && sink.prefix.is_under(&other.prefix))
        .max_by_key(|other| other.prefix.key().len());
    ThingBuilder::new(uid(&types.storage, &sink.prefix.to_string()))
        .link("owner", uid(&types.institution, &sink.owner))
        .link("country", uid(&types.country, &sink.country))
        .flag("secure", sink.secure)
        .link_if("group", sink.group.as_ref().map(|id| uid(&types.group, id)))
        .link_if("project", sink.project.as_ref().map(|id| uid(&types.group, id)))
        .parents(above.map(|other| uid(&types.storage, &other.prefix.to_string())))
        .build()
}
