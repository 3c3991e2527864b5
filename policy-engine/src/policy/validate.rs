//! Checking a bundle before anybody publishes it (policy.md 6, step 2): all that is wrong, each with its place.

use std::collections::BTreeMap;

use cedar_policy::{Effect, PolicyId, PolicySet, ValidationMode, Validator};
use visa_verifier::seam::Timestamp;

use super::{
    LINKS, MANIFEST, RESERVED,
    annotation::Origin,
    bundle::Bundle,
    finding::{Finding, Severity},
    lint::{self, Placed, nearest},
    set::Policies,
    source::{Place, statements},
};
use crate::{decide::DutyKind, entity::SchemaParts, error::BundleError, snapshot::PolicyText};

/// Checks a bundle beside the shipped policies: each policy parses, has its annotations and an id of its own that is not
/// reserved, and fits the schema strictly; links link; observe mode is allowed; the lints. Nothing: it is sound.
///
/// `now`: observe mode may end 14 days from it at most.
pub fn validate(bundle: &Bundle, now: Timestamp) -> Vec<Finding> {
    let schema = match SchemaParts::shared() {
        Ok(schema) => schema,
        Err(error) => return vec![whole("visum.cedarschema", &error)],
    };
    let shipped = match Policies::shipped() {
        Ok(shipped) => shipped,
        Err(error) => return vec![whole("shipped policies", &error)],
    };
    let mut taken: BTreeMap<String, String> = shipped
        .notes()
        .map(|note| (note.id.clone(), note.origin.to_string()))
        .collect();
    let mut findings = Vec::new();
    let mut placed = Vec::new();
    for file in &bundle.policies {
        match parse(file) {
            Ok(policies) => {
                for policy in policies {
                    annotations(&policy, &mut findings);
                    claim(&policy, &mut taken, &mut findings);
                    findings.extend(lint::committee(&bundle.manifest, &policy));
                    placed.push(policy);
                }
                findings.extend(lint::layout(file));
            }
            Err(wrong) => findings.extend(wrong),
        }
    }
    fit(bundle, &placed, schema, &mut findings);
    findings.extend(lint::unscoped(bundle, &placed, schema));
    findings.extend(lint::committee_watch(bundle, &placed));
    if findings.iter().all(|finding| finding.severity == Severity::Warning) {
        links(bundle, &shipped, &mut findings);
    }
    if findings.iter().all(|finding| finding.severity == Severity::Warning)
        && let Err(error) = bundle.compile(now)
    {
        findings.push(whole(MANIFEST, &error));
    }
    findings.sort_by(|a, b| (&a.file, a.at, a.severity).cmp(&(&b.file, b.at, b.severity)));
    findings
}

/// The policies of a file, in its order. Templates are for the build alone.
fn parse(file: &PolicyText) -> Result<Vec<Placed<'_>>, Vec<Finding>> {
    let parsed: PolicySet = file.text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        let errors = errors.iter();
        errors
            .map(|error| Finding::cedar(&file.name, &file.text, "bundle.parse", error))
            .collect::<Vec<_>>()
    })?;
    let statements = statements(&file.text);
    let position = |id: &PolicyId| {
        let id: &str = id.as_ref();
        id.strip_prefix("policy").and_then(|at| at.parse::<usize>().ok())
    };
    let place = |id: &PolicyId| {
        let (start, end) = position(id).and_then(|at| statements.get(at)).copied()?;
        Some(Place::of(&file.text, start, end.saturating_sub(start)))
    };
    if let Some(template) = parsed.templates().next() {
        let what = "a template: only shipped templates can be linked";
        let finding = Finding::error(&file.name, "bundle.template", what).at(place(template.id()));
        return Err(vec![finding.help("visum policy show templates")]);
    }
    let mut policies: Vec<_> = parsed.policies().collect();
    policies.sort_by_key(|policy| position(policy.id()));
    let placed = policies.into_iter().map(|policy| Placed {
        file: &file.name,
        id: policy
            .annotation("id")
            .unwrap_or_else(|| policy.id().as_ref())
            .to_owned(),
        place: place(policy.id()),
        policy: policy.clone(),
    });
    Ok(placed.collect())
}

/// The annotations that this policy must have, and those that nobody reads.
fn annotations(placed: &Placed<'_>, findings: &mut Vec<Finding>) {
    let forbids = placed.policy.effect() == Effect::Forbid;
    let required: &[&str] = if forbids {
        &["id", "reason", "code", "remedy"]
    } else {
        &["id", "reason", "needs"]
    };
    let missing = |name: &&&str| placed.policy.annotation(**name).is_none_or(str::is_empty);
    for name in required.iter().filter(missing) {
        let what = format!("lacks the annotation @{name}");
        let finding = Finding::error(placed.file, "bundle.annotation_missing", what)
            .of(&placed.id)
            .at(placed.place);
        let help = match *name {
            "id" => "@id(\"own.a-name\"): unique; `visum.` is reserved",
            "reason" => "@reason(\"One sentence to the person asking.\")",
            "code" => "@code(\"policy.a_stable_word\")",
            "remedy" => "@remedy(\"What they can do about it.\")",
            _ => "@needs(\"what somebody needs for this\")",
        };
        findings.push(finding.help(help));
    }
    for (name, value) in placed.policy.annotations() {
        if !lint::ANNOTATIONS.contains(&name) {
            findings.push(lint::unknown_annotation(placed.file, &placed.id, name, placed.place));
        }
        if name == "obligation" && (forbids || DutyKind::from_name(value).is_none()) {
            let what = format!("@obligation(\"{value}\") is no duty of a permit");
            let finding = Finding::error(placed.file, "bundle.obligation", what);
            findings.push(finding.of(&placed.id).at(placed.place));
        }
    }
}

/// Takes the policy's id.
fn claim(placed: &Placed<'_>, taken: &mut BTreeMap<String, String>, findings: &mut Vec<Finding>) {
    let wrong = |what: String| {
        Finding::error(placed.file, "bundle.policy_id", what)
            .of(&placed.id)
            .at(placed.place)
    };
    if placed.policy.annotation("id").is_none() {
        return;
    }
    if placed.id.starts_with(RESERVED) {
        let help = format!("choose an id that does not begin with `{RESERVED}`");
        findings.push(wrong(format!("the id `{}` is reserved for shipped policies", placed.id)).help(help));
    } else if let Some(other) = taken.insert(placed.id.clone(), placed.file.to_owned()) {
        findings.push(wrong(format!("the id `{}` is used twice; first in {other}", placed.id)));
    }
}

/// Strict validation against the schema. A warning of Cedar's is an error here: nobody writes what never applies.
fn fit(bundle: &Bundle, placed: &[Placed<'_>], schema: &SchemaParts, findings: &mut Vec<Finding>) {
    for file in &bundle.policies {
        let mut set = PolicySet::new();
        let mut names = BTreeMap::new();
        for (at, placed) in placed.iter().filter(|placed| placed.file == file.name).enumerate() {
            let id = format!("policy{at}");
            // Fresh ids can't clash.
            if set.add(placed.policy.new_id(PolicyId::new(&id))).is_ok() {
                names.insert(id, placed);
            }
        }
        let result = Validator::new(schema.schema.clone()).validate(&set, ValidationMode::Strict);
        let mut told = Vec::new();
        let mut tell = |id: &PolicyId, error: &dyn miette::Diagnostic| {
            let mut finding = Finding::cedar(&file.name, &file.text, "bundle.policy_invalid", error);
            if let Some(placed) = names.get(AsRef::<str>::as_ref(id)) {
                let number = format!("for policy `{}`, ", AsRef::<str>::as_ref(id));
                finding.what = finding.what.replace(&number, "");
                finding.at = finding.at.or(placed.place);
                finding.policy = Some(placed.id.clone());
            }
            if let Some(action) = unknown_action(&finding.what, schema) {
                finding.help = Some(format!("did you mean `{action}`?"));
            }
            told.push(finding);
        };
        for error in result.validation_errors() {
            tell(error.policy_id(), error);
        }
        for warning in result.validation_warnings() {
            tell(warning.policy_id(), warning);
        }
        // What is said of a policy as a whole follows from what is wrong within it.
        let whole = |finding: &Finding| {
            placed
                .iter()
                .any(|placed| placed.place.is_some() && placed.place == finding.at)
        };
        let within: Vec<Option<String>> = told
            .iter()
            .filter(|finding| !whole(finding))
            .map(|finding| finding.policy.clone())
            .collect();
        findings.extend(
            told.into_iter()
                .filter(|finding| !whole(finding) || !within.contains(&finding.policy)),
        );
    }
}

/// The action that a misspelt one is closest to. Cedar's own advice may be an action group far off.
fn unknown_action(what: &str, schema: &SchemaParts) -> Option<String> {
    let name = what.strip_prefix("unrecognized action `")?.split('`').next()?;
    let known: Vec<String> = schema.schema.actions().map(ToString::to_string).collect();
    nearest(name, known.iter().map(String::as_str)).map(str::to_owned)
}

/// Links: the template is there, the slots are filled with what fits, the ids are free.
fn links(bundle: &Bundle, shipped: &Policies, findings: &mut Vec<Finding>) {
    let mut policies = shipped.clone();
    for file in &bundle.policies {
        if let Err(error) = policies.add(&file.name, &file.text, false) {
            findings.push(whole(&file.name, &error));
            return;
        }
    }
    for link in &bundle.links {
        findings.extend(lint::committee_link(&bundle.manifest, link));
        if let Err(error) = policies.link(link) {
            let finding = whole(LINKS, &error).of(&link.id);
            let templates = shipped.notes().filter(|note| note.origin == Origin::Template);
            let known: Vec<&str> = templates.map(|note| note.id.as_str()).collect();
            findings.push(match shipped.note(&link.template) {
                Some(note) => finding.help(format!("this template takes {}", note.params)),
                None => match nearest(&link.template, known) {
                    Some(known) => finding.help(format!("did you mean `{known}`?")),
                    None => finding.help("visum policy show templates"),
                },
            });
        }
    }
}

fn whole(file: &str, error: &BundleError) -> Finding {
    Finding::error(file, error.code(), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"@id("own.a")
@reason("It is so.")
@code("own.code")
@remedy("None.")
forbid (
  principal,
  action,
  resource is Visum::Dataset
)
when { resource.discoverable };
"#;

    fn found(text: &str) -> Vec<Finding> {
        let file = PolicyText {
            name: "own.cedar".to_owned(),
            text: text.to_owned(),
        };
        validate(&Bundle::of_policies(vec![file]), Timestamp::from_unix(1_795_348_800))
    }

    #[test]
    fn faults_of_a_policy_are_told_with_place_code_and_help() {
        // name, text, code, line
        let cases = [
            ("good", GOOD.to_owned(), None, 0),
            ("no syntax", "permit (".to_owned(), Some("bundle.parse"), 1),
            (
                "no reason",
                GOOD.replace("@reason(\"It is so.\")\n", ""),
                Some("bundle.annotation_missing"),
                1,
            ),
            (
                "no code on a forbid, and it is the second policy",
                format!(
                    "{GOOD}\n{}",
                    GOOD.replace("own.a", "own.b").replace("@code(\"own.code\")\n", "")
                ),
                Some("bundle.annotation_missing"),
                12,
            ),
            (
                "no id",
                GOOD.replace("@id(\"own.a\")\n", ""),
                Some("bundle.annotation_missing"),
                1,
            ),
            (
                "a reserved id",
                GOOD.replace("own.a", "visum.own"),
                Some("bundle.policy_id"),
                1,
            ),
            (
                "an unknown attribute",
                GOOD.replace("discoverable", "discoverabel"),
                Some("bundle.policy_invalid"),
                10,
            ),
            (
                "an unknown action",
                GOOD.replace("action,", "action == Visum::Action::\"drs:acess-url\","),
                Some("bundle.policy_invalid"),
                7,
            ),
            (
                "twice the same id",
                format!("{GOOD}\n{GOOD}"),
                Some("bundle.policy_id"),
                12,
            ),
            (
                "a permit without needs",
                "@id(\"own.b\")\n@reason(\"x\")\npermit (principal, action, resource);\n".to_owned(),
                Some("bundle.annotation_missing"),
                1,
            ),
            (
                "a template",
                GOOD.replace("resource is Visum::Dataset", "resource in ?resource")
                    .replace("when { resource.discoverable }", ""),
                Some("bundle.template"),
                1,
            ),
            (
                "a misspelt annotation",
                format!("@raeson(\"x\")\n{GOOD}"),
                Some("lint.annotation_unknown"),
                1,
            ),
            (
                "another layout",
                GOOD.replace("\nforbid", "\n\n forbid"),
                Some("lint.layout"),
                5,
            ),
        ];
        for (name, text, code, line) in cases {
            let found = found(&text);
            let first = found.first();
            assert_eq!(first.map(|finding| finding.code), code, "{name}: {found:?}");
            let at = first.and_then(|finding| finding.at).map_or(0, |place| place.line);
            assert_eq!(at, line, "{name}: {found:?}");
        }
        let action = found(&GOOD.replace("action,", "action == Visum::Action::\"drs:acess-url\","));
        assert_eq!(action.len(), 1, "what follows from it is not told: {action:?}");
        assert!(
            action[0]
                .help
                .as_ref()
                .is_some_and(|help| help.contains("drs:access-url")),
            "{action:?}"
        );
        let misspelt = found(&GOOD.replace("discoverable", "discoverabel"));
        assert!(
            misspelt[0]
                .help
                .as_ref()
                .is_some_and(|help| help.contains("discoverable")),
            "{misspelt:?}"
        );
    }

    #[test]
    fn a_committee_stays_within_its_own_data() {
        let bundle = |text: &str| {
            let mut bundle = Bundle::of_policies(vec![PolicyText {
                name: "own.cedar".to_owned(),
                text: text.to_owned(),
            }]);
            bundle.manifest.committee = Some("dac-a".to_owned());
            bundle.manifest.datasets = vec!["https://data.example.org/d".to_owned()];
            bundle
        };
        let now = Timestamp::from_unix(1_795_348_800);
        let scoped = |scope: &str| GOOD.replace("resource is Visum::Dataset", scope);
        let cases = [
            ("its own", scoped("resource is Visum::Dataset in Visum::Dac::\"dac-a\""), None),
            ("its dataset", scoped("resource == Visum::Dataset::\"https://data.example.org/d\""), None),
            (
                "another committee's",
                scoped("resource is Visum::Dataset in Visum::Dac::\"dac-b\""),
                Some("lint.scope_outside_dac"),
            ),
            (
                "another dataset",
                scoped("resource == Visum::Dataset::\"https://data.example.org/e\""),
                Some("lint.scope_outside_dac"),
            ),
            ("everything", GOOD.to_owned(), Some("lint.scope_outside_dac")),
            (
                "a permit of its own",
                "@id(\"own.b\")\n@reason(\"x\")\n@needs(\"y\")\npermit (principal, action, resource in Visum::Dac::\"dac-a\");\n".to_owned(),
                Some("lint.permit_of_committee"),
            ),
        ];
        for (name, text, code) in cases {
            let found = validate(&bundle(&text), now);
            let errors = found.iter().filter(|finding| finding.severity == Severity::Error);
            assert_eq!(errors.map(|finding| finding.code).next(), code, "{name}: {found:?}");
        }
        // what it only watches is its own as well: else it would open what the node forbids
        for (policy, code) in [
            ("own.a", None),
            ("visum.standard.purpose-required", Some("lint.watch_outside_dac")),
        ] {
            let mut bundle = bundle(&scoped("resource is Visum::Dataset in Visum::Dac::\"dac-a\""));
            bundle.manifest.observe.push(crate::snapshot::ObserveRow {
                policy: policy.to_owned(),
                until: now.plus(std::time::Duration::from_secs(3600)),
                reason: "to try it".to_owned(),
            });
            let found = validate(&bundle, now);
            assert_eq!(found.first().map(|finding| finding.code), code, "{policy}: {found:?}");
        }
    }
}
