use proptest::prelude::*;

use super::super::{Input, Verdict, evaluate};
use super::*;

fn answers(read: &[&str]) -> Answers {
    let mut answers = Answers::default();
    for one in read {
        answers.read(one, Tables::builtin()).unwrap();
    }
    answers
}

fn import(from: Source, text: &str, answers: &Answers) -> Imported {
    labels(from, text.as_bytes(), answers, Tables::builtin()).unwrap()
}

/// The first label's terms, `id[values]` each.
fn terms(imported: &Imported) -> Vec<String> {
    let groups = imported.labels.iter().flat_map(|label| &label.uses);
    groups
        .flat_map(|group| &group.terms)
        .map(|term| {
            let mut text = term.id.to_string();
            if !term.values.is_empty() {
                let values: Vec<&str> = term.values.iter().map(AsRef::as_ref).collect();
                text.push_str(&format!("[{}]", values.join(",")));
            }
            for part in [&term.date, &term.version].into_iter().flatten() {
                text.push_str(&format!("@{part}"));
            }
            if let Some(months) = term.months {
                text.push_str(&format!("#{months}"));
            }
            text
        })
        .collect()
}

fn asked(imported: &Imported) -> Vec<&'static str> {
    imported.asked.iter().map(|question| question.code.as_str()).collect()
}

/// What the label permits to health research with nothing else said.
fn verdict(imported: &Imported, category: &str) -> Verdict {
    let uses = serde_json::to_value(&imported.labels[0].uses).unwrap();
    let input = serde_json::json!({
        "version": 1, "stage": "apply", "action": "compute", "context": {"now": "2026-11-22T12:00:00Z"},
        "purpose": {"categories": [category], "commercial": false},
        "datasets": [{"id": "d", "access": "open", "uses": uses}]
    });
    let input = Input::parse(input.to_string().as_bytes()).unwrap();
    evaluate(&input, Tables::builtin()).decision
}

#[test]
fn a_rems_label_of_modifiers_only_stays_without_permission_and_asks_the_custodian() {
    let text = r#"{"resid":"urn:r1","resource/duo":{"duo/codes":[
        {"id":"DUO:0000019"},{"id":"DUO:0000024","restrictions":[{"type":"date","values":[{"value":"2027-01-31"}]}]},
        {"id":"DUO:0000025","restrictions":[{"type":"months","values":[{"value":"24"}]}]},
        {"id":"DUO:0000022","restrictions":[{"type":"location","values":[{"value":"FI"}]}]},
        {"id":"DUO:0000027","restrictions":[{"type":"project","values":[{"value":"P"}]}],"more-info":{"en":"see list"}}
    ]}}"#;
    let imported = import(Source::Rems, text, &Answers::default());
    assert_eq!(imported.labels[0].name, "urn:r1");
    assert_eq!(
        terms(&imported),
        [
            "DUO:0000019",
            "DUO:0000024@2027-01-31",
            "DUO:0000025#24",
            "DUO:0000022[FI]",
            "DUO:0000027[P]"
        ]
    );
    assert_eq!(asked(&imported), ["import.permission_missing"]);
    assert!(!imported.complete);
    assert_eq!(verdict(&imported, "biomedical"), Verdict::Deny);
    assert_eq!(imported.notes.len(), 1, "the further words are told");

    let mut given = Answers::default();
    given.permission("HMB", Tables::builtin()).unwrap();
    let imported = import(Source::Rems, text, &given);
    assert!(imported.complete);
    assert!(terms(&imported).contains(&"DUO:0000006".to_owned()));
}

#[test]
fn a_rems_disease_label_comes_over_whole_and_an_application_does_not() {
    let text = r#"[{"resid":"r","resource/duo":{"duo/codes":[{"id":"DUO:0000007","restrictions":
        [{"type":"mondo","values":[{"id":"MONDO:0005105"}]}]}]}}]"#;
    let imported = import(Source::Rems, text, &Answers::default());
    assert_eq!(terms(&imported), ["DUO:0000007[MONDO:0005105]"]);
    let application = r#"{"application/duo":{"duo/codes":[]}}"#;
    let refused = labels(
        Source::Rems,
        application.as_bytes(),
        &Answers::default(),
        Tables::builtin(),
    );
    assert_eq!(refused.unwrap_err().code(), "import.unreadable");
}

#[test]
fn nmds_without_a_release_asks_for_the_date_of_the_form_and_takes_the_release_of_that_day() {
    let text = "http://purl.obolibrary.org/obo/DUO_0000042\nhttp://purl.obolibrary.org/obo/DUO_0000015\n";
    let imported = import(Source::Iri, text, &Answers::default());
    assert_eq!(asked(&imported), ["import.form_date_missing"]);
    assert_eq!(verdict(&imported, "methods"), Verdict::Review);
    let cases = [
        ("2020-02-03", Some("2020-02-03"), Verdict::Review),
        ("2021-02-22", Some("2020-02-03"), Verdict::Review),
        ("2021-02-23", Some("2021-02-23"), Verdict::Deny),
        ("2022-09-14", Some("2021-02-23"), Verdict::Deny),
        ("2026-01-01", Some("2022-09-15"), Verdict::Deny),
        ("2014-05-05", None, Verdict::Review),
    ];
    for (day, release, verdict_of_methods) in cases {
        let mut answers = Answers::default();
        answers.form_date(day).unwrap();
        let imported = import(Source::Iri, text, &answers);
        let found = imported.labels[0].uses[0].terms[1].version.as_ref().map(AsRef::as_ref);
        assert_eq!(found, release, "{day}");
        assert_eq!(imported.complete, release.is_some(), "{day}");
        assert_eq!(verdict(&imported, "methods"), verdict_of_methods, "{day}");
    }
    for wrong in ["2021-02-30", "yesterday", "23.02.2021", ""] {
        assert!(Answers::default().form_date(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn words_become_terms_where_they_leave_no_doubt() {
    let cases: [(&str, &str, &[&str]); 12] = [
        ("DUO:0000042", "DUO:0000042", &[]),
        ("obo:DUO_0000042", "DUO:0000042", &[]),
        ("https://www.ebi.ac.uk/x/DUO_0000042", "DUO:0000042", &[]),
        ("http://purl.obolibrary.org/obo/DUO_00000044", "DUO:0000044", &[]),
        ("general research use", "DUO:0000042", &[]),
        ("GRU", "DUO:0000042", &[]),
        ("NPU", "NPU", &["import.shorthand_ambiguous"]),
        ("DUO:0000099", "DUO:0000099", &["import.term_unreadable"]),
        ("DUO:00000442", "DUO:00000442", &["import.term_unreadable"]),
        ("gru", "gru", &["import.term_unreadable"]),
        ("DS MONDO:0005105", "DUO:0000007[MONDO:0005105]", &[]),
        ("DS DOID:1909", "DUO:0000007[DOID:1909]", &["import.disease_not_mondo"]),
    ];
    for (line, expected, questions) in cases {
        let imported = import(Source::Iri, line, &Answers::default());
        assert_eq!(terms(&imported), [expected], "{line}");
        let about: Vec<&str> = asked(&imported)
            .into_iter()
            .filter(|code| *code != "import.permission_missing")
            .collect();
        assert_eq!(about, questions, "{line}");
    }
}

#[test]
fn what_is_not_understood_denies_until_it_is_answered() {
    let imported = import(Source::Iri, "GRU\nNPU\n", &Answers::default());
    assert_eq!(verdict(&imported, "biomedical"), Verdict::Deny);
    let mut older = Answers::default();
    older.release("2020-02-03").unwrap();
    assert_eq!(
        terms(&import(Source::Iri, "GRU\nNPU\n", &older)),
        ["DUO:0000042", "DUO:0000018"]
    );
    let answered = import(Source::Iri, "GRU\nNPU\n", &answers(&["NPU=DUO:0000045"]));
    assert_eq!(terms(&answered), ["DUO:0000042", "DUO:0000045"]);
    assert!(answered.complete);
    let nothing = import(Source::Iri, "GRU\nNPU\n", &answers(&["NPU=nothing"]));
    assert_eq!(terms(&nothing), ["DUO:0000042"]);
    assert_eq!(nothing.notes.len(), 1, "it is on record that somebody said so");
}

#[test]
fn dbgap_codes_are_groups_and_diseases_in_short_are_asked() {
    let text = "# study\n1\tHealth/Medical/Biomedical (IRB, MDS) (HMB-IRB-MDS)\nc2 DS-CA-RD-IRB-NPU\nGRU-XYZ\n";
    let imported = import(Source::Dbgap, text, &Answers::default());
    let names: Vec<&str> = imported.labels[0].uses.iter().map(|one| one.group.as_ref()).collect();
    assert_eq!(names, ["c1", "c2", "GRU-XYZ"]);
    assert_eq!(
        terms(&imported),
        [
            "DUO:0000006",
            "DUO:0000021",
            "DUO:0000007[DS-CA-RD]",
            "DUO:0000021",
            "DUO:0000045",
            "DUO:0000042",
            "XYZ"
        ]
    );
    assert_eq!(asked(&imported), ["import.disease_not_mondo", "import.term_unreadable"]);
    let answered = import(Source::Dbgap, "DS-CA-IRB", &answers(&["DS-CA=MONDO:0004992"]));
    assert_eq!(terms(&answered), ["DUO:0000007[MONDO:0004992]", "DUO:0000021"]);
    assert!(answered.complete);
}

#[test]
fn ega_policies_are_read_from_xml_and_json() {
    let xml = r#"<?xml version="1.0"?><POLICY_SET><POLICY alias="p" accession="EGAP00001000001"><DATA_USES>
        <DATA_USE ontology="DUO" code="0000042" version="17-07-2016"/>
        <DATA_USE ontology="DUO" code="0000015" version="23-02-2021"/>
        <DATA_USE>http://purl.obolibrary.org/obo/DUO_0000019</DATA_USE>
        <DATA_USE ontology="DUO" code="0000007"><MODIFIER><DB>MONDO</DB><ID>0005105</ID></MODIFIER></DATA_USE>
        </DATA_USES></POLICY><POLICY accession="EGAP2"/></POLICY_SET>"#;
    let imported = import(Source::Ega, xml, &Answers::default());
    assert_eq!(imported.labels[0].name, "EGAP00001000001");
    let all = terms(&imported);
    assert_eq!(
        all,
        [
            "DUO:0000042@2016-07-17",
            "DUO:0000015@2021-02-23",
            "DUO:0000019",
            "DUO:0000007[MONDO:0005105]"
        ]
    );
    assert_eq!(asked(&imported), ["import.permission_missing"], "of the second policy");

    let json = r#"{"accession_id":"EGAP1","data_uses":[{"ontology":"DUO","code":"0000042"},
        {"code":"DUO:0000007","modifiers":[{"db":"EFO","id":"0000311"}]},"DUO:0000021"]}"#;
    let imported = import(Source::Ega, json, &Answers::default());
    assert_eq!(
        terms(&imported),
        ["DUO:0000042", "DUO:0000007[EFO:0000311]", "DUO:0000021"]
    );
    assert_eq!(asked(&imported), ["import.disease_not_mondo"]);
}

#[test]
fn duos_flags_with_two_senses_are_asked_and_the_others_are_read() {
    let text = r#"{"datasetIdentifier":"DUOS-1","dataUse":{"generalUse":true,"hmbResearch":false,
        "diseaseRestrictions":["http://purl.obolibrary.org/obo/MONDO_0005105"],"geneticStudiesOnly":true,
        "publicationMoratorium":"2027-05-01","geographicalRestrictions":"Yes","methodsResearch":false,
        "other":"ask first","gender":null,"controls":false}}"#;
    let imported = import(Source::Duos, text, &Answers::default());
    assert_eq!(imported.labels[0].name, "DUOS-1");
    let mut found = terms(&imported);
    found.sort();
    assert_eq!(
        found,
        [
            "DUO:0000007[MONDO:0005105]",
            "DUO:0000016",
            "DUO:0000022",
            "DUO:0000024@2027-05-01",
            "DUO:0000042",
            "methodsResearch:false",
            "other"
        ]
    );
    let mut codes = asked(&imported);
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            "import.term_unreadable",
            "import.term_unreadable",
            "import.value_missing"
        ]
    );
    let registration = r#"{"consentGroups":[{"consentGroupName":"g","hmb":true,"nmds":true,"gs":"FI","col":false}]}"#;
    let mut dated = Answers::default();
    dated.form_date("2023-01-01").unwrap();
    let imported = import(Source::Duos, registration, &dated);
    assert!(imported.complete, "{:?}", imported.asked);
    let mut found = terms(&imported);
    found.sort();
    assert_eq!(found, ["DUO:0000006", "DUO:0000015@2022-09-15", "DUO:0000022[FI]"]);
}

#[test]
fn an_obsolete_disease_is_told_with_its_replacement_and_not_replaced() {
    let obsolete = Tables::builtin().diseases().some_obsolete().unwrap();
    let imported = import(Source::Iri, &format!("DS {obsolete}"), &Answers::default());
    assert_eq!(asked(&imported), ["import.disease_obsolete"]);
    assert_eq!(terms(&imported), [format!("DUO:0000007[{obsolete}]")]);
}

proptest! {
    #[test]
    fn no_bytes_make_the_import_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for from in Source::ALL {
            let _ = labels(*from, &bytes, &Answers::default(), Tables::builtin());
        }
    }

    #[test]
    fn whatever_a_source_says_nothing_is_permitted_that_it_does_not_name(
        words in prop::collection::vec("(GRU|HMB|DS|POA|NRES|NPU|NMDS|IRB|GS|TS|[A-Za-z:_0-9]{1,12})", 1..6)
    ) {
        let text = words.join("\n");
        let imported = import(Source::Iri, &text, &Answers::default());
        // one term for each line that says something, or a question: nothing is dropped in silence
        prop_assert_eq!(imported.labels[0].uses[0].terms.len(), words.len());
        if imported.asked.iter().any(|question| matches!(question.code,
            Ask::TermUnreadable | Ask::ShorthandAmbiguous | Ask::PermissionMissing | Ask::ValueMissing)) {
            prop_assert_eq!(verdict(&imported, "biomedical"), Verdict::Deny);
        }
    }
}
