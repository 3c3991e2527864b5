//! Objects of an archive, the same in every run: accessions that count up, or ids that nothing can be told of.

use std::{error::Error, fmt, str::FromStr};

use policy_engine::{
    catalogue::{ObjectRecord, PrefixRecord},
    consent::Name,
};

use crate::node;

/// How ids look.
#[derive(Clone, Copy, Debug)]
pub enum Ids {
    /// `EGAF00000000017`: they share almost all.
    Accession,
    /// As UUIDs: they share nothing.
    Random,
    /// Every second dataset so, the others so.
    Half,
}

/// How large an archive is.
#[derive(Clone, Copy, Debug)]
pub struct Archive {
    /// Objects in all.
    pub objects: u64,
    /// Datasets; objects are spread evenly.
    pub datasets: usize,
    /// How ids look.
    pub ids: Ids,
    /// Each object has a participant (every second one the same) and a storage URL of its own; else its id alone.
    pub full: bool,
}

impl Archive {
    /// The id of an object.
    #[must_use]
    pub fn id(&self, at: u64) -> String {
        self.named(at, "EGAF", 1)
    }

    /// An id of the same shape that no object has.
    #[must_use]
    pub fn unknown(&self, at: u64) -> String {
        self.named(at, "EGAX", 2)
    }

    fn named(&self, at: u64, start: &str, salt: u64) -> String {
        let random = match self.ids {
            Ids::Accession => false,
            Ids::Random => true,
            Ids::Half => !self.dataset_of(at).is_multiple_of(2),
        };
        if !random {
            return format!("{start}{at:011}");
        }
        let (high, low) = (mixed(at ^ (salt << 60)), mixed(at.wrapping_add(salt << 50)));
        let digits = format!("{high:016x}{low:016x}");
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
        parts.join("-")
    }

    /// The dataset of an object, by its number.
    #[must_use]
    pub fn dataset_of(&self, at: u64) -> u64 {
        at / self.each().max(1)
    }

    fn each(&self) -> u64 {
        self.objects.div_ceil((self.datasets as u64).max(1))
    }

    /// A file of this object's dataset: the object's own URL, where they have one.
    #[must_use]
    pub fn url(&self, at: u64) -> String {
        format!("s3://archive-{}/study/{}.c4gh", self.dataset_of(at), self.id(at))
    }

    /// What maps the files of a dataset.
    ///
    /// # Errors
    /// If its name is refused.
    pub fn prefix(&self, dataset: usize) -> Result<PrefixRecord, Box<dyn Error>> {
        Ok(PrefixRecord {
            prefix: format!("s3://archive-{dataset}/study"),
            dataset: node::dataset_name(dataset)?,
            groups: None,
        })
    }

    /// The objects of a dataset.
    ///
    /// # Errors
    /// If an id is refused.
    pub fn records(&self, dataset: usize) -> Result<Vec<ObjectRecord>, Box<dyn Error>> {
        let name = node::dataset_name(dataset)?;
        let from = (dataset as u64).saturating_mul(self.each());
        let to = from.saturating_add(self.each()).min(self.objects);
        (from..to)
            .map(|at| {
                Ok(ObjectRecord {
                    id: Name::try_from(self.id(at))?,
                    dataset: name.clone(),
                    groups: None,
                    participants: match self.full {
                        true => Some(vec![Name::try_from(format!("person-{:08x}", mixed(at / 2) >> 32))?]),
                        false => None,
                    },
                    urls: self.full.then(|| self.url(at)).into_iter().collect(),
                })
            })
            .collect()
    }

    /// So many objects, anywhere; in each round others.
    pub fn sample(&self, count: u64, round: u64) -> impl Iterator<Item = u64> + use<> {
        let objects = self.objects.max(1);
        let all = count >= objects;
        (0..count).map(move |at| if all { at } else { mixed(at ^ (round << 40)) % objects })
    }
}

/// SplitMix64's last step: no two numbers give one.
fn mixed(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl FromStr for Ids {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "accession" => Ok(Self::Accession),
            "random" => Ok(Self::Random),
            "half" => Ok(Self::Half),
            other => Err(format!("`{other}`: accession, random or half")),
        }
    }
}

impl fmt::Display for Archive {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = match self.ids {
            Ids::Accession => "accessions",
            Ids::Random => "random ids",
            Ids::Half => "accessions and random ids by halves",
        };
        let own = if self.full {
            ", each with a participant and a URL"
        } else {
            ""
        };
        write!(to, "{} objects in {} datasets, {ids}{own}", self.objects, self.datasets)
    }
}
