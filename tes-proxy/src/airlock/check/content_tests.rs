use super::*;

/// gzip of `##fileformat=VCFv4.2\n`, by zlib with fixed codes.
const VCF_GZ: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x53, 0x56, 0x4e, 0xcb, 0xcc, 0x49, 0x4d, 0xcb, 0x2f,
    0xca, 0x4d, 0x2c, 0xb1, 0x0d, 0x73, 0x76, 0x2b, 0x33, 0xd1, 0x33, 0xe2, 0x02, 0x00, 0x9d, 0xc4, 0xa2, 0x3a, 0x15,
    0x00, 0x00, 0x00,
];

fn codes(bytes: &[u8], name: &str) -> Vec<(String, bool)> {
    judge(bytes, name, 5)
        .into_iter()
        .map(|finding| (finding.code, finding.refuses))
        .collect()
}

#[test]
fn e78_what_holds_single_people_is_told_by_its_bytes_and_not_by_its_name() {
    let refused: [(&str, &[u8], &str, &str); 26] = [
        (
            "base64",
            b"a QkFNAQAAAABhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODkwQUJDREVG\n",
            "x",
            "output.packed",
        ),
        ("BAM", b"BAM\x01abc", "out.txt", "output.genotypes"),
        ("CRAM", b"CRAM\x03\x00", "counts.tsv", "output.genotypes"),
        ("BCF", b"BCF\x02\x02", "x", "output.genotypes"),
        ("PLINK", b"\x6c\x1b\x01", "x.txt", "output.genotypes"),
        ("VCF in gzip", VCF_GZ, "counts.tsv", "output.genotypes"),
        (
            "gzip of nothing known",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
            "x.gz",
            "output.packed",
        ),
        ("ZIP", b"PK\x03\x04abc", "x.txt", "output.packed"),
        ("xz", b"\xfd7zXZ\0\0", "x.txt", "output.packed"),
        ("Zstandard", b"\x28\xb5\x2f\xfd0", "x", "output.packed"),
        ("a pickle", b"\x80\x04\x95\x00", "x.txt", "output.unclassified"),
        ("UTF-16", b"\xff\xfea\0b\0", "x.txt", "output.unclassified"),
        ("a NUL in text", b"a\0b", "x.txt", "output.unclassified"),
        ("a PDF", b"%PDF-1.7\nabc", "x.pdf", "output.unclassified"),
        (
            "VCF with samples",
            b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tHG1\n",
            "x.txt",
            "output.genotypes",
        ),
        (
            "VCF after other lines",
            b"notes\n##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tHG1\n",
            "x",
            "output.genotypes",
        ),
        (
            "VCF without its columns",
            b"##fileformat=VCFv4.2\n1\t5\t.\tA\tC\n",
            "x",
            "output.genotypes",
        ),
        (
            "VCF behind a mark",
            "\u{feff}##fileformat=VCFv4.2\n".as_bytes(),
            "x",
            "output.genotypes",
        ),
        (
            "rows of a VCF alone",
            b"1\t5\t.\tA\tC\t.\t.\t.\tGT:DP\t0/1:33\n",
            "x",
            "output.genotypes",
        ),
        ("phased", b"a 1|1 b", "x", "output.genotypes"),
        (
            "genotypes in a CSV",
            b"rs,n,g\nrs1,9,./1\n",
            "x.csv",
            "output.genotypes",
        ),
        ("SAM", b"@HD\tVN:1.6\n", "x", "output.genotypes"),
        (
            "SAM with returns alone",
            b"x\r@SQ\tSN:1\tLN:5\r",
            "x",
            "output.genotypes",
        ),
        (
            "reads",
            b"@r1\nACGTACGTACGTACGTACGTACGTACGTAC\n+\n!!!!!!\n",
            "x",
            "output.sequence",
        ),
        (
            "a PNG with a tail",
            b"\x89PNG\r\n\x1a\nVCF",
            "x.png",
            "output.picture_hides",
        ),
        ("a small group", b"region\tn\nnorth\t2\n", "x", "output.small_group"),
    ];
    for (name, bytes, file, code) in refused {
        assert_eq!(codes(bytes, file), [(code.to_owned(), true)], "{name}");
    }
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    assert_eq!(codes(&tar, "x.txt"), [("output.packed".to_owned(), true)]);
    let long = "x".repeat(LINE + 1);
    assert_eq!(
        codes(long.as_bytes(), "x.txt"),
        [("output.unclassified".to_owned(), true)]
    );
}

#[test]
fn what_a_check_cannot_judge_waits_for_the_eyes_of_a_person() {
    let told: [(&str, &[u8], &str); 5] = [
        (
            "prose",
            b"All is well.\nIt took two hours, and ended.\n",
            "output.free_text",
        ),
        ("JSON", b"{\"mean\": 4.5}", "output.free_text"),
        (
            "words of few letters",
            b"can a tan cat act at a tag",
            "output.free_text",
        ),
        ("a table", b"region\tn\nnorth\t20\n", "output.table"),
        (
            "sites",
            b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t5\t.\tA\tC\t.\t.\tAC=40\n",
            "output.sites_only",
        ),
    ];
    for (name, bytes, code) in told {
        assert_eq!(codes(bytes, "x"), [(code.to_owned(), false)], "{name}");
    }
    assert!(codes(b"", "x").is_empty());
}
