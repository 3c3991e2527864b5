use super::*;

fn code(text: &str, named: bool) -> Option<String> {
    judge(text, named, 5).map(|found| found.first().map_or_else(String::new, |one| one.code.clone()))
}

#[test]
fn a_table_passes_when_every_row_stands_for_enough_people() {
    let cases: [(&str, &str, bool, Option<&str>); 29] = [
        ("counts by region", "region\tn\nnorth\t120\nsouth\t7\n", false, Some("")),
        (
            "a group of four",
            "region\tn\nnorth\t120\nsouth\t4\n",
            false,
            Some("output.small_group"),
        ),
        ("exactly the least", "region,n\nnorth,5\n", false, Some("")),
        (
            "one person",
            "region,cases,controls\nnorth,1,90\n",
            false,
            Some("output.small_group"),
        ),
        ("nobody", "region,cases,controls\nnorth,0,90\n", false, Some("")),
        ("nobody at all", "region,cases\nnorth,0\n", false, Some("")),
        (
            "left out beside enough",
            "region,cases,n\nnorth,<5,90\n",
            false,
            Some(""),
        ),
        (
            "left out with a lower bound",
            "region,cases,n\nnorth,<3,90\n",
            false,
            Some("output.table_unclear"),
        ),
        (
            "all left out",
            "region,cases,mean\nnorth,NA,7.1\n",
            false,
            Some("output.small_group"),
        ),
        (
            "no count at all",
            "gene\tbeta\nBRCA1\t0.3\n",
            false,
            Some("output.no_group_size"),
        ),
        (
            "rows are people",
            "sample_id\tage\tn\nHG1\t44\t9\n",
            false,
            Some("output.person_rows"),
        ),
        ("IID", "IID,N,SEX\n1,7,2\n", false, Some("output.person_rows")),
        (
            "a fraction as count",
            "region,n\nnorth,7.5\n",
            false,
            Some("output.table_unclear"),
        ),
        (
            "a signed count",
            "region,n\nnorth,+7\n",
            false,
            Some("output.table_unclear"),
        ),
        (
            "a count with thousands marks",
            "region;n\nnorth;1 200\n",
            false,
            Some("output.table_unclear"),
        ),
        ("no names", "1,2\n3,4\n", false, Some("output.table_unclear")),
        ("a name twice", "n,n\n7,8\n", false, Some("output.table_unclear")),
        ("two readings", "a,b\tn\nc,d\t7\n", false, Some("output.table_unclear")),
        (
            "ragged with tabs",
            "a\tn\nc\t7\t1\n",
            false,
            Some("output.table_unclear"),
        ),
        ("ragged by name", "a,n\nc,7,1\n", true, Some("output.table_unclear")),
        (
            "a quote that does not close",
            "a,n\n\"c,7\n",
            true,
            Some("output.table_unclear"),
        ),
        ("quotes", "\"a, b\",n\n\"c \"\"d\"\"\",7\n", false, Some("")),
        (
            "text beside quotes",
            "a,n\n\"c\"4,7\n",
            true,
            Some("output.table_unclear"),
        ),
        (
            "one column by name",
            "age\n44\n51\n",
            true,
            Some("output.no_group_size"),
        ),
        (
            "one column of counts by name",
            "n\n44\n3\n",
            true,
            Some("output.small_group"),
        ),
        (
            "cut by spaces",
            "chr start n\n1 5 9\n2 6 3\n",
            false,
            Some("output.small_group"),
        ),
        (
            "comments before it",
            "## made by x\n#region\tn\nnorth\t3\n",
            false,
            Some("output.small_group"),
        ),
        (
            "prose",
            "All is well.\nThe run took two hours, and ended.\n",
            false,
            None,
        ),
        ("one sentence", "Hello, world\n", false, None),
    ];
    for (name, text, named, expected) in cases {
        assert_eq!(code(text, named).as_deref(), expected, "{name}");
    }
}

#[test]
fn the_finding_names_the_row_and_the_column() {
    let found = judge("region\tn cases\na\t9\nb\t2\n", false, 5).unwrap();
    assert!(
        found[0].sentence.contains("row 2") && found[0].sentence.contains("`n cases`"),
        "{found:?}"
    );
}
