//! The Research Organization Registry's dump, schema 1 and 2: country of an organisation, and whether it works for
//! profit as far as its type tells (issue: facts that somebody must supply).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::consent::CountryCode;

/// Bytes that a dump may have; version 2 has about 300 MB.
pub const ROR_BYTES: usize = 1024 * 1024 * 1024;
/// Organisations that a dump may hold; it has about 120 000.
const ORGANISATIONS: usize = 2_000_000;

/// What the dump says of one organisation, as our register takes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RorRecord {
    /// Its name for people.
    pub name: String,
    /// ISO 3166-1; None if it has none, or places in several countries.
    pub country: Option<CountryCode>,
    /// Company: false. Education, government, archive, nonprofit: true. Anything else, or both: nobody knows.
    pub nonprofit: Option<bool>,
    /// `active`, `inactive`, `withdrawn`.
    pub status: String,
    /// Its types, lower case.
    pub types: Vec<String>,
}

/// A file that is no dump of ROR.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is no dump of ROR: {what}")]
pub struct RorError {
    what: String,
}

impl RorError {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "register.ror_unreadable"
    }
}

#[derive(Deserialize)]
struct Organisation {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    names: Vec<Named>,
    #[serde(default)]
    types: Vec<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    country: Option<Country>,
    #[serde(default)]
    locations: Vec<Location>,
}

#[derive(Deserialize)]
struct Named {
    value: String,
    #[serde(default)]
    types: Vec<String>,
}

#[derive(Deserialize)]
struct Country {
    #[serde(default)]
    country_code: Option<String>,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default)]
    geonames_details: Option<Country>,
}

/// Reads a dump: a JSON list of organisations, by id. Never panics, whatever the bytes.
///
/// # Errors
/// [`RorError`]
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, RorRecord>, RorError> {
    let wrong = |what: String| RorError { what };
    if bytes.len() > ROR_BYTES {
        return Err(wrong(format!("it is longer than {ROR_BYTES} bytes")));
    }
    let list: Vec<Organisation> = serde_json::from_slice(bytes).map_err(|why| wrong(why.to_string()))?;
    if list.is_empty() || list.len() > ORGANISATIONS {
        return Err(wrong(format!("it holds {} organisations", list.len())));
    }
    let mut all = BTreeMap::new();
    for one in list {
        if !one.id.starts_with("https://ror.org/") {
            return Err(wrong("an organisation has another id than one of ROR".to_owned()));
        }
        let id = one.id.clone();
        if all.insert(id.clone(), record(one)).is_some() {
            return Err(wrong(format!("`{id}` stands twice")));
        }
    }
    Ok(all)
}

fn record(one: Organisation) -> RorRecord {
    let types: Vec<String> = one.types.iter().map(|kind| kind.to_ascii_lowercase()).collect();
    let has = |wanted: &[&str]| types.iter().any(|kind| wanted.contains(&kind.as_str()));
    let company = has(&["company"]);
    let public = has(&["education", "government", "archive", "nonprofit"]);
    let nonprofit = match (company, public) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        // both contradict each other, neither says nothing
        (true, true) | (false, false) => None,
    };
    let mut codes: Vec<&str> = one
        .country
        .iter()
        .chain(one.locations.iter().filter_map(|place| place.geonames_details.as_ref()))
        .filter_map(|country| country.country_code.as_deref())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let country = match codes.as_slice() {
        [code] => CountryCode::try_from(*code).ok(),
        _ => None,
    };
    let shown = one
        .names
        .iter()
        .find(|name| name.types.iter().any(|kind| kind == "ror_display"));
    let name = one
        .name
        .or_else(|| shown.or(one.names.first()).map(|name| name.value.clone()))
        .unwrap_or_default();
    RorRecord {
        name,
        country,
        nonprofit,
        status: one.status.unwrap_or_else(|| "active".to_owned()).to_ascii_lowercase(),
        types,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const V1: &str = r#"[{"id":"https://ror.org/1","name":"Uni","types":["Education"],"status":"active",
        "country":{"country_name":"Finland","country_code":"FI"}}]"#;
    const V2: &str = r#"[{"id":"https://ror.org/1","names":[{"value":"U","types":["acronym"]},
        {"value":"Uni","types":["label","ror_display"]}],"types":["education","funder"],"status":"active",
        "locations":[{"geonames_id":1,"geonames_details":{"country_code":"FI","name":"Turku"}}]}]"#;

    #[test]
    fn both_schemas_say_the_same() {
        for text in [V1, V2] {
            let all = read(text.as_bytes()).unwrap();
            let one = &all["https://ror.org/1"];
            assert_eq!((one.name.as_str(), one.nonprofit), ("Uni", Some(true)));
            assert_eq!(one.country.map(|code| code.to_string()).as_deref(), Some("FI"));
        }
    }

    #[test]
    fn types_say_profit_no_profit_or_nothing() {
        let cases: [(&[&str], Option<bool>); 12] = [
            (&["company"], Some(false)),
            (&["Company"], Some(false)),
            (&["company", "funder"], Some(false)),
            (&["education"], Some(true)),
            (&["government"], Some(true)),
            (&["archive"], Some(true)),
            (&["nonprofit", "healthcare"], Some(true)),
            (&["healthcare"], None),
            (&["facility"], None),
            (&["funder", "other"], None),
            (&["company", "nonprofit"], None),
            (&[], None),
        ];
        for (types, expected) in cases {
            let text = serde_json::json!([{"id": "https://ror.org/1", "types": types}]).to_string();
            assert_eq!(
                read(text.as_bytes()).unwrap()["https://ror.org/1"].nonprofit,
                expected,
                "{types:?}"
            );
        }
    }

    #[test]
    fn an_organisation_in_two_countries_has_none_that_counts() {
        let text = r#"[{"id":"https://ror.org/1","locations":[{"geonames_details":{"country_code":"FI"}},
            {"geonames_details":{"country_code":"SE"}}]}]"#;
        assert_eq!(read(text.as_bytes()).unwrap()["https://ror.org/1"].country, None);
        for wrong in [
            "",
            "[]",
            "{}",
            r#"[{"id":"x"}]"#,
            &V1.replace("}]", "},{\"id\":\"https://ror.org/1\"}]"),
        ] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..300) {
            let _ = read(&bytes);
            let mut changed = V2.as_bytes().to_vec();
            let at = at % changed.len();
            changed[at] = bytes.first().copied().unwrap_or(b'"');
            let _ = read(&changed);
        }
    }
}
