//! Tables with another ontology than the one of the build, for this run of a command.

use policy_engine::consent::{Tables, ontology::Ontology};

use crate::{error::CommandError, input::Input};

/// Bytes that an ontology may have: the whole of MONDO as OBO has about 50 MB, as JSON more.
pub(crate) const ONTOLOGY_BYTES: u64 = 256 * 1024 * 1024;

/// The tables of the build, with the diseases of this file.
///
/// # Errors
/// `ontology.unreadable` (exit 3) if it is none.
pub(crate) fn with_ontology(from: &Input) -> Result<Tables, CommandError> {
    let bytes = from.read(ONTOLOGY_BYTES)?;
    let read = Ontology::read(&bytes)
        .map_err(|why| CommandError::unknown("ontology.unreadable", format!("{from} is no ontology: {why}")))?;
    Ok(Tables::builtin().with_diseases(read.diseases))
}
