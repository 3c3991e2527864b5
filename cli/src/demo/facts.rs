//! The demo's names: datasets, institutions, sources. All are fictional.

/// Dataset A: cancer research, downloadable; Ada holds a committee's grant.
pub(crate) const A: &str = "https://data.biobank.example.org/datasets/A";
/// Dataset B: health research; Ada holds a grant of another house, without purpose.
pub(crate) const B: &str = "https://data.biobank.example.org/datasets/B";
/// Dataset C: breast cancer research; nobody granted it before step 7.
pub(crate) const C: &str = "https://data.biobank.example.org/datasets/C";
/// Dataset D: diabetes research; a grant of another house, attested for breast cancer.
pub(crate) const D: &str = "https://data.biobank.example.org/datasets/D";
/// Ada's house.
pub(crate) const UNI: &str = "https://uni.example.org";
/// The data's house.
pub(crate) const BIOBANK: &str = "https://biobank.example.org";
/// The biobank's committee, as a source of grants.
pub(crate) const COMMITTEE: &str = "https://biobank.example.org/dac";
/// The other house that granted B and D.
pub(crate) const ARCHIVE: &str = "https://archive.example.net/dac";
