//! Lints: what parses and fits the schema, and is still not as it should be (policy.md 3 and 6).

use std::collections::BTreeMap;

use cedar_policy::{EntityUid, Policy, ResourceConstraint};

use super::{
    bundle::{Bundle, Manifest},
    finding::Finding,
    format::format,
    slice::{actions_of, scope_entity},
    source::Place,
};
use crate::{
    entity::SchemaParts,
    snapshot::{PolicyText, TemplateLink},
};

/// Annotations that policies have.
pub(super) const ANNOTATIONS: [&str; 7] = ["id", "reason", "code", "remedy", "needs", "params", "obligation"];
/// More policies than this with a condition and no scope, on one action, make every question about it slow.
const UNSCOPED: usize = 50;

/// A policy of a bundle with its place.
pub(super) struct Placed<'a> {
    pub(super) file: &'a str,
    pub(super) id: String,
    pub(super) policy: Policy,
    pub(super) place: Option<Place>,
}

/// A file that is not in the one layout.
pub(super) fn layout(file: &PolicyText) -> Option<Finding> {
    let formatted = format(&file.name, &file.text).ok()?;
    if formatted == file.text {
        return None;
    }
    let same = file
        .text
        .bytes()
        .zip(formatted.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let finding = Finding::warning(&file.name, "lint.layout", "is not in the one layout of policy files");
    Some(
        finding
            .at(Some(Place::of(&file.text, same, 0)))
            .help("visum policy fmt FOLDER"),
    )
}

/// Annotations that nobody reads: mostly a misspelt one.
pub(super) fn unknown_annotation(file: &str, id: &str, name: &str, place: Option<Place>) -> Finding {
    let finding = Finding::warning(file, "lint.annotation_unknown", format!("nobody reads @{name}"))
        .of(id)
        .at(place);
    match nearest(name, ANNOTATIONS) {
        Some(known) => finding.help(format!("did you mean @{known}?")),
        None => finding,
    }
}

/// A committee's policies lie in its scope, and permit by template only.
pub(super) fn committee(manifest: &Manifest, placed: &Placed<'_>) -> Vec<Finding> {
    let Some(committee) = &manifest.committee else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let own = match placed.policy.resource_constraint() {
        ResourceConstraint::In(id) | ResourceConstraint::Eq(id) | ResourceConstraint::IsIn(_, id) => {
            is_own(&id, committee, &manifest.datasets)
        }
        ResourceConstraint::Any | ResourceConstraint::Is(_) => false,
    };
    if !own {
        let finding = Finding::error(
            placed.file,
            "lint.scope_outside_dac",
            format!("reaches beyond the data of the committee `{committee}`"),
        );
        findings.push(finding.of(&placed.id).at(placed.place).help(format!(
            "write `resource in Visum::Dac::\"{committee}\"`, or name one of its datasets"
        )));
    }
    if placed.policy.effect() == cedar_policy::Effect::Permit {
        let finding = Finding::error(
            placed.file,
            "lint.permit_of_committee",
            "a committee permits by links of templates, not by permits of its own",
        );
        findings.push(
            finding
                .of(&placed.id)
                .at(placed.place)
                .help("visum policy show templates"),
        );
    }
    findings
}

/// The same of a link.
pub(super) fn committee_link(manifest: &Manifest, link: &TemplateLink) -> Option<Finding> {
    let committee = manifest.committee.as_ref()?;
    let own = link
        .resource
        .as_ref()
        .and_then(|name| super::set::entity_uid(name).ok())
        .is_some_and(|id| is_own(&id, committee, &manifest.datasets));
    let what = format!("reaches beyond the data of the committee `{committee}`");
    (!own).then(|| Finding::error(super::LINKS, "lint.scope_outside_dac", what).of(&link.id))
}

/// … and of what a committee only watches: its own policies and links, never the node's or the shipped ones.
pub(super) fn committee_watch(bundle: &Bundle, placed: &[Placed<'_>]) -> Vec<Finding> {
    let Some(committee) = &bundle.manifest.committee else {
        return Vec::new();
    };
    let own = |id: &str| placed.iter().any(|placed| placed.id == id) || bundle.links.iter().any(|link| link.id == id);
    let others = bundle.manifest.observe.iter().filter(|row| !own(&row.policy));
    others
        .map(|row| {
            let what = format!("watches a policy that is none of the committee `{committee}`");
            Finding::error(super::MANIFEST, "lint.watch_outside_dac", what).of(&row.policy)
        })
        .collect()
}

fn is_own(id: &EntityUid, committee: &str, datasets: &[String]) -> bool {
    let name: &str = id.id().unescaped();
    match id.type_name().to_string().as_str() {
        "Visum::Dac" => name == committee,
        "Visum::Dataset" => datasets.iter().any(|dataset| dataset == name),
        _ => false,
    }
}

/// Actions with too many policies that every question about them has to try.
pub(super) fn unscoped(bundle: &Bundle, placed: &[Placed<'_>], schema: &SchemaParts) -> Vec<Finding> {
    let groups: Vec<&EntityUid> = schema.schema.action_groups().collect();
    let actions = schema.schema.actions().filter(|action| !groups.contains(action));
    let actions: Vec<EntityUid> = actions.cloned().collect();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for placed in placed
        .iter()
        .filter(|placed| placed.policy.has_non_scope_constraint() && scope_entity(&placed.policy).is_none())
    {
        for action in actions_of(&placed.policy, &actions, schema) {
            let name: &str = action.id().unescaped();
            let seen = count.entry(name.to_owned()).or_default();
            *seen = seen.saturating_add(1);
        }
    }
    count
        .into_iter()
        .filter(|(_, count)| *count > UNSCOPED)
        .map(|(action, count)| {
            let what = format!(
                "{count} policies of `{}` have conditions and no scope on `{action}`",
                bundle.manifest.id
            );
            Finding::warning("", "lint.unscoped_condition", what).help(format!(
                "scope them by resource or principal; over {UNSCOPED} slow every such request"
            ))
        })
        .collect()
}

/// The known word that a misspelt one is closest to, if it is close.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.into_iter().map(|known| (distance(word, known), known)).min()?;
    (near.0 <= 2.max(word.chars().count() / 4)).then_some(near.1)
}

/// Letters to change, add or take away.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.chars().enumerate() {
        let mut next = vec![at.saturating_add(1)];
        for (other, (above, pair)) in b.iter().zip(row.iter().zip(row.iter().skip(1))) {
            let left = next.last().copied().unwrap_or_default();
            let same = above.saturating_add(usize::from(*other != letter));
            next.push(same.min(pair.saturating_add(1)).min(left.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_told_its_neighbour() {
        assert_eq!(nearest("raeson", ANNOTATIONS), Some("reason"));
        assert_eq!(nearest("cod", ANNOTATIONS), Some("code"));
        assert_eq!(nearest("owner", ANNOTATIONS), None);
        assert_eq!(
            (distance("", "ab"), distance("ab", "ab"), distance("ab", "")),
            (2, 0, 2)
        );
    }
}
