//! No output is an input (E78): its size and checksums are compared with those of every object of its lineage.

use futures::{StreamExt, stream};
use policy_engine::{consent::Name, decide::Engine};

use crate::{
    api::drs::{BackendObject, Checksum},
    backend::BackendError,
    gate::Permit,
    limits,
    problem::Problem,
    proxy::Parts,
};

use super::check::{Finding, Sums};

/// What an input and an output have in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Alike {
    Differs,
    Equal,
    /// Nothing that could be compared, but for the size.
    Untold,
}

fn alike(object: &BackendObject, sums: &Sums) -> Alike {
    let kind = |checksum: &Checksum| checksum.kind.to_ascii_lowercase().replace(['-', '_'], "");
    let mut compared = false;
    for checksum in object.checksums.iter().flatten() {
        let own = match kind(checksum).as_str() {
            "sha256" => &sums.sha256,
            "md5" => &sums.md5,
            _ => continue,
        };
        if checksum.checksum.trim().eq_ignore_ascii_case(own) {
            return Alike::Equal;
        }
        compared = true;
    }
    let same_size = object.size.is_none_or(|size| size == sums.size);
    if compared || !same_size {
        Alike::Differs
    } else {
        Alike::Untold
    }
}

fn is_input() -> Finding {
    Finding::refuses(
        "output.is_input",
        "the file is equal to an object of a dataset that it comes from: inputs never leave by a release",
    )
}

fn unknown(why: &str) -> Finding {
    Finding::refuses(
        "output.inputs_unknown",
        format!("the file cannot be compared with the inputs that it comes from: {why}; ask the operator"),
    )
}

/// One finding or none for each file.
///
/// # Errors
/// 502 or 503 when the DRS does not say what its objects are.
pub(super) async fn compared(
    parts: &Parts,
    permit: &Permit,
    engine: &Engine,
    datasets: &[String],
    sums: &[Sums],
) -> Result<Vec<Option<Finding>>, Problem> {
    let mut found: Vec<Option<Finding>> = vec![None; sums.len()];
    let mut all = |finding: &Finding| {
        for one in &mut found {
            one.get_or_insert_with(|| finding.clone());
        }
    };
    let objects = &engine.snapshot().objects;
    let mut ids = Vec::new();
    for dataset in datasets {
        let Ok(name) = Name::try_from(dataset.as_str()) else {
            all(&unknown("one of its datasets is not in the catalogue"));
            continue;
        };
        if objects.count_of(&name).saturating_add(ids.len()) > limits::RELEASE_INPUTS {
            all(&unknown("its datasets have more objects than are compared"));
            return Ok(found);
        }
        ids.extend(objects.of_dataset(&name).map(|record| record.id.as_str().to_owned()));
    }
    if ids.is_empty() {
        return Ok(found);
    }
    let Some(drs) = &parts.drs else {
        all(&unknown("the node has no DRS that tells their checksums"));
        return Ok(found);
    };
    let mut told = stream::iter(ids)
        .map(|id| async move { drs.object(permit, &id).await })
        .buffer_unordered(limits::RELEASE_CALLS);
    while let Some(object) = told.next().await {
        let object = match object {
            Ok(object) => object,
            // what the backend does not have, nobody read
            Err(BackendError::Unknown { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        for (place, own) in found.iter_mut().zip(sums) {
            match alike(&object, own) {
                Alike::Differs => {}
                Alike::Equal => *place = Some(is_input()),
                Alike::Untold => {
                    place.get_or_insert_with(|| {
                        unknown("one of them has its size, and no checksum that could be compared")
                    });
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e78_an_output_is_an_input_by_any_checksum_that_both_have() {
        let sums = Sums::of(b"abc");
        let (sha, md5) = (sums.sha256.clone(), sums.md5.clone());
        let cases = [
            ("by SHA-256", Some(3), vec![("sha-256", sha.clone())], Alike::Equal),
            (
                "by its other spelling",
                Some(3),
                vec![("SHA256", sha.to_uppercase())],
                Alike::Equal,
            ),
            ("by MD5", Some(3), vec![("md5", md5)], Alike::Equal),
            ("without a size", None, vec![("sha-256", sha)], Alike::Equal),
            ("another", Some(3), vec![("sha-256", "0".repeat(64))], Alike::Differs),
            ("another size, no checksum", Some(4), vec![], Alike::Differs),
            ("the size, no checksum", Some(3), vec![], Alike::Untold),
            (
                "the size, a checksum that we do not make",
                Some(3),
                vec![("crc32c", "x".to_owned())],
                Alike::Untold,
            ),
            ("nothing", None, vec![], Alike::Untold),
        ];
        for (name, size, checksums, expected) in cases {
            let checksums: Vec<serde_json::Value> = checksums
                .into_iter()
                .map(|(kind, checksum)| serde_json::json!({ "type": kind, "checksum": checksum }))
                .collect();
            let object = serde_json::json!({ "size": size, "checksums": checksums });
            let object: BackendObject = serde_json::from_value(object).unwrap();
            assert_eq!(alike(&object, &sums), expected, "{name}");
        }
    }
}
