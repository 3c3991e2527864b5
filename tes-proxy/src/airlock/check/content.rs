//! What a file is, by its bytes and never by its name alone: what holds single people's data, what cannot be looked
//! into, and what a person has to look at.

use super::{finding::Finding, table, unpack::beginning};

/// Bytes of a packed file's contents that are looked at.
const PEEKED: usize = 64 << 10;
/// Longest line of a text, in bytes.
const LINE: usize = 64 << 10;
/// Letters of a word from which on it may be something packed.
const PACKED: usize = 60;
/// So many bases in a row are somebody's sequence, and no word.
const BASES: usize = 30;

/// Beginnings of files of single people's data.
const GENOMES: [(&[u8], &str); 6] = [
    (b"BAM\x01", "aligned reads (BAM)"),
    (b"CRAM", "aligned reads (CRAM)"),
    (b"BCF", "variants of samples (BCF)"),
    (b"\x6c\x1b", "genotypes (PLINK)"),
    (b"pgen", "genotypes (PLINK 2)"),
    (b"\x89HDF", "data of any kind (HDF5)"),
];

/// Beginnings of archives and packed files.
const ARCHIVES: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\x04\x22\x4d\x18", "LZ4"),
    (b"Rar!", "RAR"),
    (b"\x1f\x9d", "compress"),
];

/// What was found in a file; empty: nothing that a check knows of.
pub(super) fn judge(bytes: &[u8], name: &str, least: u64) -> Vec<Finding> {
    if bytes.is_empty() {
        return Vec::new();
    }
    if let Some(kind) = genome(bytes) {
        return vec![genotypes(kind)];
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let inside = beginning(bytes, PEEKED);
        let kind = genome(&inside).or_else(|| vcf_text(&inside));
        return vec![kind.map_or_else(|| packed("gzip"), genotypes)];
    }
    let archive = ARCHIVES.iter().find(|(magic, _)| bytes.starts_with(magic));
    if let Some((_, kind)) = archive {
        return vec![packed(kind)];
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return vec![packed("tar")];
    }
    if bytes.starts_with(super::picture::MAGIC) {
        return vec![super::picture::judge(bytes)];
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') && !bytes.starts_with(b"%PDF") => judge_text(text, name, least),
        Ok(_) | Err(_) => vec![Finding::refuses(
            "output.unclassified",
            "this is neither text in UTF-8 nor a plain PNG picture, so nobody can tell what it holds; write the result as text",
        )],
    }
}

fn genome(bytes: &[u8]) -> Option<&'static str> {
    GENOMES
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, kind)| *kind)
}

/// The beginning of a VCF in what was unpacked: its head may be longer than what was, so that it counts as one with
/// samples.
fn vcf_text(inside: &[u8]) -> Option<&'static str> {
    let has = |mark: &[u8]| inside.windows(mark.len()).any(|window| window == mark);
    if has(b"##fileformat=VCF") || has(b"#CHROM\tPOS") {
        Some("variants (VCF)")
    } else if has(b"@SQ\tSN:") || has(b"@HD\tVN:") {
        Some("aligned reads (SAM)")
    } else {
        None
    }
}

fn genotypes(kind: &str) -> Finding {
    Finding::refuses(
        "output.genotypes",
        format!("the file holds {kind}: data of single people never leave; release counts of groups"),
    )
}

fn packed(kind: &str) -> Finding {
    Finding::refuses(
        "output.packed",
        format!("the file is packed or an archive ({kind}), and is not looked into; ask for its plain files"),
    )
}

/// `0/1`, `1|1:35`: a genotype as VCF writes it.
fn is_genotype(token: &str) -> bool {
    let allele = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.');
    let bytes = token.as_bytes();
    allele(bytes.first())
        && matches!(bytes.get(1), Some(b'/' | b'|'))
        && allele(bytes.get(2))
        && matches!(bytes.get(3), None | Some(b':'))
        && bytes.iter().any(u8::is_ascii_digit)
}

fn has_sequence(line: &str) -> bool {
    let base = |byte: u8| matches!(byte.to_ascii_uppercase(), b'A' | b'C' | b'G' | b'T' | b'N' | b'U');
    line.as_bytes().split(|byte| !base(*byte)).any(|run| run.len() >= BASES)
}

/// Is the word text into which bytes were packed (base64)? Names and checksums are shorter, or of fewer kinds of letters.
fn is_packed(word: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
    word.len() >= PACKED
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

fn judge_text(text: &str, name: &str, least: u64) -> Vec<Finding> {
    let (mut vcf, mut columns) = (false, None);
    for (at, line) in text.split(['\n', '\r']).enumerate() {
        let at = at.saturating_add(1);
        if line.len() > LINE {
            return vec![Finding::refuses(
                "output.unclassified",
                format!(
                    "line {at} is longer than {LINE} bytes, which nobody can read; write the result as lines of text"
                ),
            )];
        }
        let trimmed = line.trim_start_matches('\u{feff}').trim_start();
        vcf |= trimmed.starts_with("##fileformat=VCF");
        if trimmed.starts_with("#CHROM\t") {
            vcf = true;
            columns = columns.max(Some(trimmed.trim_end().split('\t').count()));
        }
        if ["@HD\tVN:", "@SQ\tSN:", "@RG\tID:"]
            .iter()
            .any(|mark| trimmed.starts_with(mark))
        {
            return vec![genotypes("aligned reads (SAM)")];
        }
        if has_sequence(line) {
            return vec![Finding::refuses(
                "output.sequence",
                format!("line {at} holds {BASES} or more bases in a row: sequences of single people never leave"),
            )];
        }
        if line.split_whitespace().any(is_packed) {
            return vec![packed("bytes written as letters, in base64 or the like")];
        }
        let cut = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '"');
        if line.split(cut).any(is_genotype) {
            return vec![genotypes(&format!("what reads as a genotype, in line {at}"))];
        }
    }
    match (vcf, columns) {
        (true, Some(..=8)) => {
            return vec![Finding::tells(
                "output.sites_only",
                "the file is a VCF of sites without samples; whoever releases it looks whether rare sites tell of single people",
            )];
        }
        (true, _) => {
            return vec![genotypes(
                "variants of samples (VCF), or its line of columns is missing",
            )];
        }
        (false, _) => {}
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let named = ["csv", "tsv", "tab"]
        .iter()
        .any(|one| one.eq_ignore_ascii_case(extension));
    match table::judge(text, named, least) {
        Some(found) if found.is_empty() => vec![Finding::tells(
            "output.table",
            format!("the file is a table, and each of its rows stands for {least} people or more, or for nobody"),
        )],
        Some(found) => found,
        None => vec![Finding::tells(
            "output.free_text",
            "the file is free text, of which no check can tell what it says; whoever releases it has to read it",
        )],
    }
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
