//! Small, real-shaped FASTA and VCF files of fictional participants, made at start; the same seed gives the same bytes.
//!
//! Four cohorts, `a` to `d`. Each has a multi-sample VCF of all its participants, and a FASTA with the consensus
//! sequences of its first one, so that there is an object that a withdrawal of the first participant touches and the
//! others' too, and one that is his or hers alone.

use std::{fmt::Write as _, fs, path::Path};

use crate::SampleError;

/// The cohorts; a demo maps each to a dataset.
pub const COHORTS: [&str; 4] = ["a", "b", "c", "d"];
/// Participants in each cohort.
const PARTICIPANTS: usize = 4;
/// Bases of each of the two contigs.
const CONTIG: usize = 12_000;
/// The distance of two variants, at most.
const APART: usize = 120;
/// Bases in a line of a FASTA file.
const LINE: usize = 60;

/// A file that was made.
#[derive(Clone, Debug)]
pub struct MadeFile {
    /// Its cohort, one of [`COHORTS`].
    pub cohort: &'static str,
    /// Where it lies below the data folder: `a/cohort.vcf`.
    pub path: String,
    /// Its DRS id: `a-cohort.vcf`.
    pub id: String,
    /// One line about it.
    pub description: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Whose data are in it: `A-P1`, …
    pub participants: Vec<String>,
}

/// Makes all files below `folder`. A file that is there already is written anew.
///
/// # Errors
/// [`SampleError::File`] if a file can't be written.
pub fn make(folder: &Path, seed: u64) -> Result<Vec<MadeFile>, SampleError> {
    let mut made = Vec::new();
    for (number, cohort) in (1_u64..).zip(COHORTS) {
        let mut dice = Dice(seed.wrapping_mul(0x1000).wrapping_add(number));
        let reference = Reference::new(&mut dice);
        let participants: Vec<String> = (1..=PARTICIPANTS)
            .map(|person| format!("{}-P{person}", cohort.to_uppercase()))
            .collect();
        let (vcf, first) = cohort_vcf(&reference, &participants, &mut dice);
        let files = [
            (
                "cohort.vcf",
                "Variants of all participants of a fictional cohort",
                "text/x-vcf",
                participants.clone(),
                vcf,
            ),
            (
                "consensus.fa",
                "Consensus sequences of one participant of a fictional cohort",
                "text/x-fasta",
                participants.into_iter().take(1).collect(),
                fasta(&first),
            ),
        ];
        for (name, description, media_type, participants, text) in files {
            let path = format!("{cohort}/{name}");
            write(&folder.join(&path), &text)?;
            let id = format!("{cohort}-{name}");
            made.push(MadeFile {
                cohort,
                path,
                id,
                description: description.to_owned(),
                media_type,
                participants,
            });
        }
    }
    Ok(made)
}

fn write(path: &Path, text: &str) -> Result<(), SampleError> {
    let failed = |source| SampleError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// Named sequences.
struct Reference(Vec<(String, Vec<u8>)>);

impl Reference {
    fn new(dice: &mut Dice) -> Self {
        Self(
            (1..=2)
                .map(|number| (format!("chr{number}"), (0..CONTIG).map(|_| dice.base()).collect()))
                .collect(),
        )
    }
}

/// The VCF, and the reference with the first participant's alternative alleles put in.
fn cohort_vcf(reference: &Reference, participants: &[String], dice: &mut Dice) -> (String, Reference) {
    let mut vcf = String::from("##fileformat=VCFv4.3\n##source=visum-sample-node (fictional data)\n");
    for (name, bases) in &reference.0 {
        let _ = writeln!(vcf, "##contig=<ID={name},length={}>", bases.len());
    }
    vcf.push_str(
        "##INFO=<ID=AC,Number=A,Type=Integer,Description=\"Allele count in genotypes\">\n\
         ##INFO=<ID=AN,Number=1,Type=Integer,Description=\"Number of alleles in called genotypes\">\n\
         ##FILTER=<ID=PASS,Description=\"All filters passed\">\n\
         ##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n\
         ##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"Read depth\">\n\
         ##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"Genotype quality\">\n\
         #CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT",
    );
    for participant in participants {
        let _ = write!(vcf, "\t{participant}");
    }
    vcf.push('\n');
    let mut first = Vec::new();
    for (name, bases) in &reference.0 {
        let mut own = bases.clone();
        let mut position = dice.below(APART);
        while let (Some(&original), Some(mine)) = (bases.get(position), own.get_mut(position)) {
            let other = dice.base_but(original);
            let genotypes: Vec<(usize, usize)> = participants
                .iter()
                .map(|_| (usize::from(dice.below(3) == 0), usize::from(dice.below(3) == 0)))
                .collect();
            let count: usize = genotypes.iter().map(|(one, two)| one + two).sum();
            if count > 0 {
                let _ = write!(
                    vcf,
                    "{name}\t{}\t.\t{}\t{}\t{}\tPASS\tAC={count};AN={}\tGT:DP:GQ",
                    position + 1,
                    char::from(original),
                    char::from(other),
                    30 + dice.below(70),
                    2 * participants.len(),
                );
                for (one, two) in &genotypes {
                    let _ = write!(vcf, "\t{one}|{two}:{}:{}", 15 + dice.below(30), 40 + dice.below(60));
                }
                vcf.push('\n');
            }
            if genotypes.first() == Some(&(1, 1)) {
                *mine = other;
            }
            position += 1 + dice.below(APART);
        }
        first.push((name.clone(), own));
    }
    (vcf, Reference(first))
}

fn fasta(sequences: &Reference) -> String {
    let mut text = String::new();
    for (name, bases) in &sequences.0 {
        let _ = writeln!(text, ">{name} fictional consensus, {} bases", bases.len());
        for line in bases.chunks(LINE) {
            text.extend(line.iter().copied().map(char::from));
            text.push('\n');
        }
    }
    text
}

/// SplitMix64: small, and the same everywhere. Not for secrets.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `bound - 1`; 0 if there is nothing to choose.
    fn below(&mut self, bound: usize) -> usize {
        let roll = usize::try_from(self.roll() >> 33).unwrap_or(0);
        roll.checked_rem(bound).unwrap_or(0)
    }

    fn base(&mut self) -> u8 {
        b"ACGT".get(self.below(4)).copied().unwrap_or(b'N')
    }

    fn base_but(&mut self, not: u8) -> u8 {
        loop {
            let base = self.base();
            if base != not {
                return base;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_gives_others() {
        let (one, two, three) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let made = make(one.path(), 7).unwrap();
        make(two.path(), 7).unwrap();
        make(three.path(), 8).unwrap();
        assert_eq!(made.len(), 8);
        for file in made {
            let read = |folder: &Path| fs::read(folder.join(&file.path)).unwrap();
            assert_eq!(read(one.path()), read(two.path()), "{}", file.path);
            assert_ne!(read(one.path()), read(three.path()), "{}", file.path);
        }
    }

    #[test]
    fn a_vcf_names_each_participant_and_its_alleles_differ_from_the_reference() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), 1).unwrap();
        let vcf = fs::read_to_string(folder.path().join("b/cohort.vcf")).unwrap();
        let head = vcf.lines().find(|line| line.starts_with("#CHROM")).unwrap();
        assert!(head.ends_with("\tFORMAT\tB-P1\tB-P2\tB-P3\tB-P4"), "{head}");
        let records: Vec<Vec<&str>> = vcf
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split('\t').collect())
            .collect();
        assert!(records.len() > 100);
        for record in records {
            assert_eq!(record.len(), 13);
            assert_ne!(record[3], record[4]);
        }
    }

    #[test]
    fn a_fasta_has_lines_of_sixty_bases() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), 1).unwrap();
        let fasta = fs::read_to_string(folder.path().join("a/consensus.fa")).unwrap();
        assert_eq!(fasta.lines().filter(|line| line.starts_with('>')).count(), 2);
        assert_eq!(
            fasta
                .lines()
                .filter(|line| !line.starts_with('>'))
                .map(str::len)
                .sum::<usize>(),
            2 * CONTIG
        );
    }
}
