//! The verifier as the other crates use it, one module a subject.

#[cfg(test)]
mod access_tokens;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod hostile_bounds;
#[cfg(test)]
mod hostile_conditions;
#[cfg(test)]
mod hostile_crypto;
#[cfg(test)]
mod hostile_jose;
#[cfg(test)]
mod hostile_json;
#[cfg(test)]
mod hostile_messages;
#[cfg(test)]
mod hostile_support;
#[cfg(test)]
mod hostile_trust;
#[cfg(test)]
mod https;
#[cfg(test)]
mod https_tls;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod keys_rest;
#[cfg(test)]
mod keys_withdrawn;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod people;
#[cfg(test)]
mod polling;
#[cfg(test)]
mod polling_calls;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod properties_tokens;
#[cfg(test)]
mod remembered;
#[cfg(test)]
mod rows_access;
#[cfg(test)]
mod rows_conditions;
#[cfg(test)]
mod rows_links;
#[cfg(test)]
mod rows_objects;
#[cfg(test)]
mod rows_passports;
#[cfg(test)]
mod rows_requests;
#[cfg(test)]
mod rows_visas;
#[cfg(test)]
mod rows_witnesses;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod sources_exchange;
#[cfg(test)]
mod sources_expiry;
#[cfg(test)]
mod sources_scene;
#[cfg(test)]
mod sources_table;
#[cfg(test)]
mod sources_tokens;
#[cfg(test)]
mod support;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod trust_people;
#[cfg(test)]
mod vectors;
