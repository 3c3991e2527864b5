use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::consent::Name;

const XML: &str = r#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
    <Name>arc</Name><Prefix>a/</Prefix><IsTruncated>true</IsTruncated>
    <Contents><Key>a/1.bam</Key><Size>5</Size></Contents><Contents><Key>a/</Key></Contents>
    <Contents><Key>b/x &amp; y.bam</Key></Contents></ListBucketResult>"#;
const S3: &str = r#"{"Contents":[{"Key":"a/1.bam","Size":5}],"RequestCharged":null}"#;
const DRS: &str = r#"{"objects":[{"id":"o1","access_methods":[{"type":"s3","access_url":{"url":"s3://arc/a/1.bam"}},
    {"type":"globus","access_url":{"url":"globus://x/1"}}]},{"id":"bundle","contents":[{"name":"o1"}]}],
    "next_page_token":"t"}"#;
const GEN3: &str = "GUID\tmd5\tsize\tacl\turl\n\
    ada5\tff53\t137\t['phs000001']\ts3://arc/ada5/1.txt\n2127\tc4de\t136\t['phs000002']\ts3://arc/2127/2.txt\n\
    3333\tc4de\t136\t[]\ts3://arc/3333/3.txt\n";
const INDEXD: &str = r#"{"records":[{"did":"dg.1/ada5","urls":["s3://arc/1"],"acl":["phs000001"],"authz":[],
    "hashes":{"md5":"x"},"size":1}]}"#;
const SDA: &str = "id,stable_id,submission_file_path,archive_file_path,archive_location,dataset_id\n\
    7,EGAF00000000001,u/1.c4gh,ab/cd,,EGAD1\n8,EGAF00000000002,u/2.c4gh,ab/ce,,\n";
const LINES: &str = "{\"id\":\"o1\",\"url\":\"s3://arc/1\",\"participants\":[\"P1\",\"P2\"],\"group\":\"adults\"}\n\
    {\"id\":\"o2\",\"url\":\"s3://arc/2\"}\n";

fn hints() -> Hints {
    Hints {
        bucket: Some("arc".to_owned()),
        base: Some("s3://arc/base/".to_owned()),
    }
}

fn ids(text: &str) -> (Shape, Vec<String>) {
    let manifest = read(text.as_bytes(), &hints()).unwrap();
    (
        manifest.shape,
        manifest.entries.into_iter().map(|entry| entry.id).collect(),
    )
}

fn mapped(text: &str, names: &[&str], prefixes: &[&str]) -> (Vec<String>, Vec<(String, LeftOut)>) {
    let mapping = Mapping {
        dataset: Name::try_from("https://data.example.org/a").unwrap(),
        names: names.iter().map(ToString::to_string).collect(),
        prefixes: prefixes.iter().map(ToString::to_string).collect(),
        groups: None,
    };
    let mut out = Mapped::default();
    map(read(text.as_bytes(), &hints()).unwrap().entries, &mapping, &mut out);
    (out.objects.keys().map(ToString::to_string).collect(), out.left_out)
}

#[test]
fn each_shape_is_told_from_the_others_and_read() {
    let cases: [(&str, &str, Shape, &[&str]); 7] = [
        (
            "a listing in XML",
            XML,
            Shape::S3Xml,
            &["s3://arc/a/1.bam", "s3://arc/b/x & y.bam"],
        ),
        ("a listing in JSON", S3, Shape::S3Json, &["s3://arc/a/1.bam"]),
        ("objects of DRS", DRS, Shape::Json, &["o1"]),
        ("a manifest of Gen3", GEN3, Shape::Table, &["ada5", "2127", "3333"]),
        ("records of indexd", INDEXD, Shape::Json, &["dg.1/ada5"]),
        (
            "an export of an archive",
            SDA,
            Shape::Table,
            &["EGAF00000000001", "EGAF00000000002"],
        ),
        ("lines of JSON", LINES, Shape::JsonLines, &["o1", "o2"]),
    ];
    for (name, text, shape, expected) in cases {
        let (found, all) = ids(text);
        assert_eq!(found, shape, "{name}");
        let expected: Vec<String> = expected
            .iter()
            .map(|id| StorageUrl::parse(id).map_or_else(|_| (*id).to_owned(), |url| url.to_string()))
            .collect();
        assert_eq!(all, expected, "{name}");
    }
    for (text, goes_on) in [(XML, true), (DRS, true), (S3, false), (GEN3, false)] {
        assert_eq!(read(text.as_bytes(), &hints()).unwrap().goes_on, goes_on);
    }
}

#[test]
fn addresses_and_people_come_over_and_other_addresses_are_counted() {
    let drs = read(DRS.as_bytes(), &hints()).unwrap();
    assert_eq!(
        (drs.entries[0].urls.as_slice(), drs.entries[0].other_urls),
        (&["s3://arc/a/1.bam".to_owned()][..], 1)
    );
    assert_eq!(drs.folders, 1, "a bundle has no bytes");
    let archive = read(SDA.as_bytes(), &hints()).unwrap();
    assert_eq!(
        archive.entries[0].urls,
        ["s3://arc/base/ab/cd"],
        "a path lies under the base"
    );
    let lines = read(LINES.as_bytes(), &hints()).unwrap();
    assert_eq!(lines.entries[0].participants.as_ref().map(Vec::len), Some(2));
    assert_eq!(lines.entries[1].participants, None, "nobody knows who is in it");
}

#[test]
fn what_names_no_dataset_or_another_stays_closed() {
    assert_eq!(
        mapped(GEN3, &["phs000001"], &[]),
        (
            vec!["ada5".to_owned()],
            vec![
                ("2127".to_owned(), LeftOut::OtherDataset),
                ("3333".to_owned(), LeftOut::NoDataset)
            ]
        )
    );
    let (objects, left) = mapped(SDA, &["EGAD1"], &[]);
    assert_eq!(objects, ["EGAF00000000001"]);
    assert_eq!(left, [("EGAF00000000002".to_owned(), LeftOut::NoDataset)]);
    let (objects, left) = mapped(S3, &[], &["s3://arc/b/"]);
    assert!(objects.is_empty());
    assert_eq!(left[0].1, LeftOut::NoDataset);
    let two = "guid,acl,url\n1,\"['phs000001','phs000002']\",s3://arc/1\n";
    assert_eq!(mapped(two, &["phs000001"], &[]).1[0].1, LeftOut::SeveralDatasets);
    let twice = "guid,url\n1,s3://arc/1\n1,s3://arc/2\n1,s3://arc/1\n2,s3://arc/3\n2,s3://arc/3\n";
    let (objects, left) = mapped(twice, &[], &[]);
    assert_eq!(
        objects,
        ["2"],
        "the same line twice is one object, two that differ are none"
    );
    assert_eq!(left, [("1".to_owned(), LeftOut::Contradiction)]);
}

#[test]
fn what_is_no_list_is_refused_with_its_line() {
    let cases = [
        ("nothing", "", "manifest.unreadable"),
        ("words", "hello\nworld\n", "manifest.unreadable"),
        (
            "another XML",
            "<Error><Code>NoSuchBucket</Code></Error>",
            "manifest.unreadable",
        ),
        ("half an XML", "<ListBucketResult><Contents>", "manifest.unreadable"),
        ("a short line", "guid,url\na\n", "manifest.unreadable"),
        ("no id", "{\"url\":\"s3://a/b\"}\n", "manifest.unreadable"),
        ("an empty id", "guid,url\n,s3://a/b\n", "manifest.unreadable"),
        ("half a JSON", "{\"objects\":[", "manifest.unreadable"),
    ];
    for (name, text, code) in cases {
        assert_eq!(read(text.as_bytes(), &hints()).unwrap_err().code(), code, "{name}");
    }
    let nameless = read(S3.as_bytes(), &Hints::default()).unwrap_err();
    assert_eq!(nameless, ManifestError::NoBucket);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..1_000) {
        let _ = read(&bytes, &hints());
        for text in [XML, S3, DRS, GEN3, INDEXD, SDA, LINES] {
            let mut changed = text.as_bytes().to_vec();
            let at = at % changed.len();
            changed[at] = bytes.first().copied().unwrap_or(b'"');
            let _ = read(&changed, &hints());
            changed.truncate(at);
            let _ = read(&changed, &hints());
        }
    }

    #[test]
    fn every_entry_is_mapped_or_left_out(ids in prop::collection::vec("[a-d]{0,2}", 1..20)) {
        let text: String = ids.iter().map(|id| format!("{{\"id\":\"x{id}\",\"dataset\":\"{id}\"}}\n")).collect();
        let (objects, left) = mapped(&text, &["a", "b"], &[]);
        let named: BTreeSet<String> = objects.into_iter().chain(left.into_iter().map(|(id, _)| id)).collect();
        let all: BTreeSet<String> = ids.iter().map(|id| format!("x{id}")).collect();
        prop_assert_eq!(named, all);
    }
}
