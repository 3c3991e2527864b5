//! Changes of a node, each with what it is told as.

use super::before::*;
use std::collections::BTreeSet;

use visa_verifier::trust::{Role as TrustRole, TrustEntry};

use super::super::WeakerKind;
use crate::{
    consent::{Access, HoldKind, State, dataset::Role as AffiliationRole},
    decide::tests::node::*,
    snapshot::{DatasetMode, Governance, HoldOrigin, InstitutionRecord, RoleGrant, RoleRecord, Snapshot},
};

pub(super) type Change = fn(&mut Snapshot);
/// The name of a change, the change, and the kind that it must be told as; `None`: it narrows or says the same.
pub(super) type Case = (&'static str, Change, Option<WeakerKind>);

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn changes() -> Vec<Case> {
    use WeakerKind::*;
    vec![
        ("nothing", |_| {}, None),
        ("a title", |s| s.datasets[0].title = "Another".to_owned(), None),
        ("the order of datasets", |s| s.datasets.reverse(), None),
        ("the order of terms", |s| terms(s).reverse(), None),
        (
            "a version of a term",
            |s| terms(s)[1].version = Some(name("2021-02-23")),
            None,
        ),
        ("a label's term is gone", |s| drop(terms(s).pop()), Some(Label)),
        ("a label's term more", |s| terms(s).push(term("DUO:0000046", &[])), None),
        (
            "a value of DS more",
            |s| terms(s)[0].values.push(name("MONDO:0005148")),
            Some(Label),
        ),
        (
            "a narrower disease",
            |s| terms(s)[0].values = vec![name("MONDO:0007254")],
            None,
        ),
        ("GRU for DS", |s| terms(s)[0] = term("DUO:0000042", &[]), Some(Label)),
        ("CC more", |s| terms(s).push(term("DUO:0000043", &[])), Some(Label)),
        ("a country more", |s| terms(s)[2].values.push(name("US")), Some(Label)),
        (
            "a country for the region",
            |s| terms(s)[2].values = vec![name("FI")],
            None,
        ),
        (
            "an unknown term more",
            |s| terms(s).push(term("DUO:9999999", &[])),
            None,
        ),
        ("no label at all", |s| a(s).uses.clear(), None),
        (
            "another group",
            |s| {
                let mut group = a(s).uses[0].clone();
                group.group = name("late");
                group.terms = vec![term("DUO:0000004", &[])];
                a(s).uses.push(group);
            },
            None,
        ),
        (
            "a group under another name",
            |s| a(s).uses[0].group = name("every"),
            None,
        ),
        (
            "a group gone for a wider one",
            |s| {
                a(s).uses[0].group = name("every");
                terms(s).truncate(1);
            },
            Some(Label),
        ),
        ("approvals settle longer", |s| a(s).labelled = None, Some(Label)),
        ("a class more open", |s| a(s).access = Access::Registered, Some(Class)),
        (
            "a new dataset",
            |s| s.datasets.push(record("E", vec![term("DUO:0000042", &[])], DAC)),
            Some(Class),
        ),
        (
            "download for compute-only",
            |s| s.datasets[1].mode = DatasetMode::Download,
            Some(Mode),
        ),
        (
            "compute-only for download",
            |s| s.datasets[0].mode = DatasetMode::ComputeOnly,
            None,
        ),
        (
            "discoverable",
            |s| s.datasets[1].discoverable = true,
            Some(Discoverable),
        ),
        ("hidden", |s| s.datasets[0].discoverable = false, None),
        ("less identity", |s| s.datasets[0].min_identity = 1, Some(MinIdentity)),
        ("more identity", |s| s.datasets[0].min_identity = 3, None),
        ("a weaker login", |s| s.datasets[0].min_authn = 1, Some(MinAuthn)),
        ("any region", |s| s.datasets[0].allowed_regions = None, Some(Regions)),
        (
            "a wider region",
            |s| {
                s.datasets[0]
                    .allowed_regions
                    .as_mut()
                    .unwrap()
                    .extend(["EEA".to_owned()])
            },
            Some(Regions),
        ),
        (
            "a country of the region",
            |s| s.datasets[0].allowed_regions = Some(BTreeSet::from(["FI".to_owned()])),
            None,
        ),
        ("no agreement", |s| a(s).agreements.clear(), Some(Agreements)),
        (
            "another agreement",
            |s| a(s).agreements = vec![name("https://biobank.example.org/terms/2")],
            Some(Agreements),
        ),
        (
            "an agreement more",
            |s| a(s).agreements.push(name("https://biobank.example.org/terms/2")),
            None,
        ),
        (
            "no bound purpose",
            |s| s.datasets[1].consent.bound_purpose = false,
            Some(BoundPurpose),
        ),
        ("a bound purpose", |s| a(s).bound_purpose = true, None),
        ("a source more", |s| a(s).dac.push(name(FOREIGN_DAC)), Some(Source)),
        ("a source less", |s| a(s).dac.clear(), None),
        ("a set less", |s| a(s).approval_sets.clear(), Some(Source)),
        (
            "a source more in a set",
            |s| a(s).approval_sets[0].extend([name(DAC)]),
            Some(Source),
        ),
        (
            "a set more",
            |s| a(s).approval_sets.push(BTreeSet::from([name(DAC)])),
            None,
        ),
        (
            "any source of affiliations",
            |s| a(s).affiliation_sources = None,
            Some(Source),
        ),
        (
            "fewer roles",
            |s| a(s).affiliation_roles = Some(BTreeSet::from([AffiliationRole::Staff])),
            None,
        ),
        ("any role", |s| a(s).affiliation_roles = None, Some(Source)),
        ("a later end", |s| a(s).expires = None, Some(Other)),
        (
            "an earlier end",
            |s| a(s).expires = Some(at("2028-01-01T00:00:00Z")),
            None,
        ),
        (
            "active again",
            |s| s.datasets[3].consent.state = State::Active,
            Some(Other),
        ),
        ("withdrawn", |s| s.datasets[3].consent.state = State::Withdrawn, None),
        ("a lower quorum", |s| s.datasets[1].quorum = Some(1), Some(Quorum)),
        (
            "a participant whom the custodian no longer knows",
            |s| drop(s.datasets[1].participants.pop_first()),
            Some(Holds),
        ),
        (
            "one more participant whom the custodian knows",
            |s| s.datasets[1].participants.extend(["ab".repeat(32)]),
            None,
        ),
        ("a higher quorum", |s| s.datasets[1].quorum = Some(3), None),
        (
            "another committee",
            |s| {
                s.committees.push(crate::snapshot::CommitteeRecord {
                    id: FOREIGN_DAC.to_owned(),
                    ..s.committees[0].clone()
                });
                s.datasets[0].dac = FOREIGN_DAC.to_owned();
            },
            Some(Source),
        ),
        (
            "another custodian",
            |s| s.datasets[0].custodian = UNI.to_owned(),
            Some(Other),
        ),
        ("a hold gone", |s| s.holds.clear(), Some(Holds)),
        (
            "a hold that ends",
            |s| s.holds[0].hold = hold(HoldKind::Withdrawn, "p5", Some("2026-12-01T00:00:00Z")),
            Some(Holds),
        ),
        (
            "a hold of another kind",
            |s| s.holds[0].hold = hold(HoldKind::Disputed, "p5", None),
            Some(Holds),
        ),
        (
            "a hold of another origin",
            |s| s.holds[0].origin = HoldOrigin::Service(NODE.to_owned()),
            Some(Holds),
        ),
        (
            "a hold more",
            |s| s.datasets[0].consent.holds.push(hold(HoldKind::Withdrawn, "p1", None)),
            None,
        ),
        (
            "an object of another dataset",
            |s| objects(s, |list| list[4].dataset = name(&dataset_id("B"))),
            Some(Mapping),
        ),
        (
            "a new object",
            |s| {
                objects(s, |list| {
                    let mut more = list[0].clone();
                    more.id = name("a3");
                    list.push(more);
                })
            },
            Some(Mapping),
        ),
        ("an object gone", |s| objects(s, |list| drop(list.pop())), None),
        (
            "people of an object fewer",
            |s| objects(s, |list| drop(list[0].participants.as_mut().unwrap().pop())),
            Some(Mapping),
        ),
        (
            "people of an object more",
            |s| objects(s, |list| list[1].participants.as_mut().unwrap().push(name("p9"))),
            None,
        ),
        (
            "people of an object unknown",
            |s| objects(s, |list| list[1].participants = None),
            None,
        ),
        (
            "an object's new place",
            |s| objects(s, |list| list[0].urls = vec!["s3://free/a1".to_owned()]),
            Some(Mapping),
        ),
        (
            "an object's place in a stricter prefix",
            |s| objects(s, |list| list[2].urls = vec!["s3://lake/a/x".to_owned()]),
            Some(Mapping),
        ),
        (
            "a new prefix",
            |s| prefixes(s, |list| list.push(prefix("s3://other/", "C"))),
            Some(Mapping),
        ),
        (
            "a prefix of the same dataset within",
            |s| prefixes(s, |list| list.push(prefix("s3://lake/a/deep", "A"))),
            None,
        ),
        (
            "a prefix gone that another covers",
            |s| prefixes(s, |list| list.retain(|one| one.prefix != "s3://lake/a")),
            Some(Mapping),
        ),
        (
            "a prefix gone",
            |s| prefixes(s, |list| list.retain(|one| one.prefix != "s3://lake/")),
            None,
        ),
        (
            "a new issuer",
            |s| {
                trust(s, |list| {
                    list.push(TrustEntry::new(
                        TrustRole::VisaIssuer,
                        "https://new.example.net".parse().unwrap(),
                    ))
                })
            },
            Some(Trust),
        ),
        (
            "an issuer speaks for more",
            |s| trust(s, |list| list[0].speaks_for.push(UNI.to_owned())),
            Some(Trust),
        ),
        ("an issuer gone", |s| trust(s, |list| drop(list.pop())), None),
        (
            "an issuer until then",
            |s| trust(s, |list| list[0].until = Some(at("2027-01-01T00:00:00Z"))),
            None,
        ),
        (
            "a role",
            |s| {
                s.roles.push(RoleRecord {
                    person: identity("eve"),
                    grant: RoleGrant::Role("operator".to_owned()),
                    until: at("2027-01-01T00:00:00Z"),
                })
            },
            Some(Role),
        ),
        (
            "a role for longer",
            |s| s.roles[0].until = at("2029-01-01T00:00:00Z"),
            Some(Role),
        ),
        ("a role gone", |s| s.roles.truncate(1), None),
        ("logs are shared", |s| s.groups[0].shares_logs = true, Some(Sharing)),
        ("a member", |s| s.groups[0].members.push(identity("eve")), Some(Sharing)),
        ("a member gone", |s| drop(s.groups[0].members.pop()), None),
        (
            "outputs need not stay inside",
            |s| s.sinks[0].secure = false,
            Some(Other),
        ),
        ("no place for outputs", |s| s.sinks.clear(), None),
        (
            "a service certified for more",
            |s| s.services[0].certified.extend([Access::Registered]),
            Some(Other),
        ),
        (
            "a secure service",
            |s| s.services[0].secure_environment = true,
            Some(Other),
        ),
        ("a service suspended", |s| s.services[0].suspended = true, None),
        (
            "an institution",
            |s| {
                s.institutions.push(InstitutionRecord {
                    id: "https://new.example.net".to_owned(),
                    ..s.institutions[0].clone()
                })
            },
            Some(Other),
        ),
        (
            "an institution's country",
            |s| s.institutions[0].country = "SE".to_owned(),
            Some(Other),
        ),
        (
            "an institution for profit",
            |s| s.institutions[0].nonprofit = Some(false),
            None,
        ),
        (
            "an institution is a company",
            |s| s.institutions[0].commercial = None,
            None,
        ),
        ("a stop ends", |s| s.stop.datasets.clear(), Some(Stop)),
        ("a stop more", |s| s.stop.all = true, None),
        ("a bar ends", |s| s.bars.clear(), Some(Other)),
        ("a visa counts again", |s| s.revocations.visas.clear(), Some(Other)),
        ("one administrator", |s| s.governance = Governance::Single, Some(Other)),
        (
            "another DRS host",
            |s| s.drs_hosts.extend(["old.example.org".to_owned()]),
            Some(Other),
        ),
        (
            "a policy",
            |s| {
                s.policies.push(crate::snapshot::PolicyText {
                    name: "x".to_owned(),
                    text: String::new(),
                })
            },
            Some(Other),
        ),
    ]
}
