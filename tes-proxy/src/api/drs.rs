//! DRS 1.5 wire types. Read leniently from backends of 1.2 to 1.5, written strictly.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A checksum of a blob, or of a bundle's members.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Checksum {
    pub(crate) checksum: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// Where bytes are, and the headers that open them. In an answer of a backend the headers are credentials.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct AccessUrl {
    pub(crate) url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "headers")]
    pub(crate) headers: Vec<String>,
}

impl std::fmt::Debug for AccessUrl {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("AccessUrl(…)")
    }
}

/// `headers` is a list; some servers send null or one string.
fn headers<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Many(Vec<String>),
        One(String),
        None(()),
    }
    Ok(match Either::deserialize(from)? {
        Either::Many(many) => many,
        Either::One(one) => vec![one],
        Either::None(()) => Vec::new(),
    })
}

/// A way to an object's bytes, as a backend tells it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BackendMethod {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) access_url: Option<AccessUrl>,
    #[serde(default)]
    pub(crate) access_id: Option<String>,
    #[serde(default)]
    pub(crate) cloud: Option<String>,
    #[serde(default)]
    pub(crate) region: Option<String>,
    #[serde(default)]
    pub(crate) available: Option<bool>,
}

/// What a caller must bring, and from whom.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Authorizations {
    pub(crate) drs_object_id: String,
    pub(crate) supported_types: Vec<&'static str>,
    pub(crate) passport_auth_issuers: Vec<String>,
    pub(crate) bearer_auth_issuers: Vec<String>,
}

/// A way to an object's bytes, as we tell it: our own, by `access_id`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AccessMethod {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) access_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cloud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) available: Option<bool>,
    pub(crate) authorizations: Authorizations,
}

/// An object as a backend tells it. Unknown members are dropped.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BackendObject {
    #[serde(default)]
    pub(crate) self_uri: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) size: Option<u64>,
    #[serde(default)]
    pub(crate) created_time: Option<String>,
    #[serde(default)]
    pub(crate) updated_time: Option<String>,
    #[serde(default)]
    pub(crate) version: Option<String>,
    #[serde(default)]
    pub(crate) mime_type: Option<String>,
    #[serde(default)]
    pub(crate) checksums: Option<Vec<Checksum>>,
    #[serde(default)]
    pub(crate) access_methods: Option<Vec<BackendMethod>>,
    #[serde(default)]
    pub(crate) contents: Option<Vec<BackendContent>>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) aliases: Option<Vec<String>>,
}

/// A member of a bundle as a backend tells it; what lies inside is asked for by its own id.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BackendContent {
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) drs_uri: Option<Vec<String>>,
}

/// A member of a bundle as we tell it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Contents {
    pub(crate) name: String,
    /// One of another host may have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) drs_uri: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contents: Option<Vec<Contents>>,
}

/// An object as we tell it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DrsObject {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) self_uri: String,
    pub(crate) size: u64,
    pub(crate) created_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) updated_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mime_type: Option<String>,
    pub(crate) checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) access_methods: Vec<AccessMethod>,
    /// Of a bundle; then it has no methods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contents: Option<Vec<Contents>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aliases: Option<Vec<String>>,
}

/// The body of `POST /objects/{id}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectBody {
    #[serde(default)]
    pub(crate) expand: bool,
    #[serde(default)]
    pub(crate) passports: Vec<String>,
}

/// The body of `POST /objects/{id}/access/{access_id}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessBody {
    #[serde(default)]
    pub(crate) passports: Vec<String>,
}

/// Things that one bulk request may name.
pub(crate) const MAX_BULK: usize = 100;

/// The body of `POST /objects` and of `OPTIONS /objects`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkBody {
    pub(crate) bulk_object_ids: Vec<String>,
    #[serde(default)]
    pub(crate) passports: Vec<String>,
}

/// The body of `POST /objects/access`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkAccessBody {
    pub(crate) bulk_object_access_ids: Vec<BulkAccessIds>,
    #[serde(default)]
    pub(crate) passports: Vec<String>,
}

/// The ways to one object that a bulk request asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkAccessIds {
    pub(crate) bulk_object_id: String,
    pub(crate) bulk_access_ids: Vec<String>,
}

/// One URL of a bulk answer.
#[derive(Debug, Serialize)]
pub(crate) struct BulkAccessUrl {
    pub(crate) drs_object_id: String,
    pub(crate) drs_access_id: String,
    pub(crate) url: String,
}

/// Counts for the service-info of DRS 1.4 (at the root) and 1.5 (in `drs`, and still at the root).
pub(crate) fn service_members() -> BTreeMap<&'static str, serde_json::Value> {
    BTreeMap::from([
        ("maxBulkRequestLength", serde_json::Value::from(MAX_BULK)),
        ("drs", serde_json::json!({ "maxBulkRequestLength": MAX_BULK })),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_old_and_odd_backends_are_read() {
        let galaxy = r#"{"id":"hda-1","name":null,"self_uri":"drs://drs.x:8080/hda-1","size":3,"created_time":"2026-01-01T00:00:00",
            "checksums":[{"checksum":"ab","type":"MD5"}],"access_methods":[{"type":"https","access_url":{"url":"http://x/y","headers":null},
            "access_id":null,"region":null}],"contents":null,"extra":{"a":1}}"#;
        let object: BackendObject = serde_json::from_str(galaxy).unwrap();
        assert_eq!(object.size, Some(3));
        assert!(
            object.access_methods.unwrap()[0]
                .access_url
                .as_ref()
                .unwrap()
                .headers
                .is_empty()
        );
    }

    #[test]
    fn e2_an_unknown_member_of_a_body_is_refused() {
        assert!(serde_json::from_str::<AccessBody>(r#"{"passports":[],"tokens":[]}"#).is_err());
        assert!(serde_json::from_str::<ObjectBody>(r#"{"expand":"true"}"#).is_err());
    }
}
