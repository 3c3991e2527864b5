//! Research types (RS) and methods (NMDS) (`consent.md` 2.6, 4.1, 4.5).

use super::findings::Findings;
use super::modifier::Asking;
use crate::consent::code::Code;
use crate::consent::label::first_second;
use crate::consent::name::Name;
use crate::consent::purpose::{Categories, Category};

/// The DUO release since which NMDS is a plain prohibition.
const PROHIBITION_SINCE: &str = "2021-02-23";

/// RS: the aims are covered by the types on the label.
pub(crate) fn research_types(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    let (mut covered, mut in_words, mut scope) = (Vec::new(), false, false);
    for value in &asking.pool.values {
        match research_type(value) {
            Some(Type::Aims(aims)) => covered.push(aims),
            Some(Type::Scope) => scope = true,
            None => in_words = true,
        }
    }
    let aims = asking.case.categories.aims();
    let is_covered = |aim: Category| covered.iter().any(|types| types.contains(aim));
    let holds = !aims.is_empty() && aims.iter().all(is_covered);
    if scope || (!holds && in_words) {
        findings.reason(asking.spot, Code::ResearchTypeUnclear);
    } else if !holds {
        findings.reason(asking.spot, Code::ResearchTypeOutside);
    }
}

enum Type {
    Aims(Categories),
    /// Whom and how: says not enough until somebody defines the pairing with a term (4.5).
    Scope,
}

fn research_type(value: &Name) -> Option<Type> {
    let text = value.as_str();
    let aims = match text.split_once('=').map_or(text, |(id, _)| id) {
        "DUO:0000032" | "DUO:0000034" | "DUO:0000035" | "DUO:0000036" => return Some(Type::Scope),
        _ if text.contains('=') => return None,
        "DUO:0000031" => Categories::METHODS,
        "DUO:0000033" => Categories::of(&[Category::Ancestry]),
        "DUO:0000037" => Categories::HEALTH,
        "DUO:0000038" => Categories::of(&[Category::Genetic]),
        "DUO:0000039" => Categories::of(&[Category::DrugDevelopment]),
        "DUO:0000040" => Categories::of(&[Category::Disease]),
        _ => return None,
    };
    Some(Type::Aims(aims))
}

/// NMDS: what it says depends on the release of the label; each entry is judged by its own.
pub(crate) fn methods(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    let categories = asking.case.categories;
    if !categories.meets(Categories::METHODS) {
        return;
    }
    let other_aim = !categories.aims().without(Categories::METHODS).is_empty();
    for release in &asking.pool.releases {
        match release.map(Name::as_str) {
            Some(release) if release >= PROHIBITION_SINCE => drop(findings.reason(asking.spot, Code::MethodsExcluded)),
            // The old wording allowed methods within the other limits.
            Some(release) if other_aim && first_second(release).is_some() => {}
            _ => drop(findings.reason(asking.spot, Code::MethodsMeaningUnknown)),
        }
    }
}
