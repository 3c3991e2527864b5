//! Our tags on tasks and runs: owner as a pseudonym for this backend, decision, datasets as salted digests (E79).

use std::collections::BTreeMap;

use crate::capability::Sealer;

/// The caller's tags and ours.
pub(crate) fn stamp<'d>(
    sealer: &Sealer,
    backend: &str,
    owner: &str,
    decision: &str,
    datasets: impl Iterator<Item = &'d str>,
    tags: Option<&BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let mut stamped = tags.cloned().unwrap_or_default();
    let datasets: Vec<String> = datasets
        .map(|dataset| sealer.pairwise(backend, "dataset", dataset))
        .collect();
    stamped.insert("visum.owner".to_owned(), sealer.pairwise(backend, "owner", owner));
    stamped.insert("visum.decision".to_owned(), decision.to_owned());
    stamped.insert("visum.datasets".to_owned(), datasets.join(","));
    stamped
}

#[cfg(test)]
mod tests {
    use crate::config::NodeSecret;

    use super::*;

    #[test]
    fn e79_tags_tell_neither_owner_nor_dataset_and_differ_between_backends() {
        let sealer = Sealer::new(&NodeSecret::new([5; 32])).unwrap();
        let own = BTreeMap::from([("project".to_owned(), "p1".to_owned())]);
        let tags = |backend| {
            stamp(
                &sealer,
                backend,
                "ada,https://home.example.org",
                "d1",
                ["https://data.example.org/a"].into_iter(),
                Some(&own),
            )
        };
        let (tes, wes) = (tags("tes"), tags("wes"));
        assert_eq!(tes["project"], "p1");
        assert_eq!(tes["visum.decision"], "d1");
        assert!(!format!("{tes:?}").contains("ada") && !format!("{tes:?}").contains("data.example.org"));
        assert_ne!(tes["visum.owner"], wes["visum.owner"]);
        assert_ne!(tes["visum.datasets"], wes["visum.datasets"]);
    }
}
