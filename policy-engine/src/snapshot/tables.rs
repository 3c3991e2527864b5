//! Tables of the node's own in place of those of the build: diseases and countries, each a file by its digest, in force
//! with the snapshot (consent.md 4.4).

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::consent::{Diseases, Tables, place::Countries};
use crate::decide::hex_digest;
use crate::error::BundleError;

/// A file that verdicts rest on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// SHA-256 of the text, lower-case hexadecimal.
    pub digest: String,
    /// Its release, in words.
    pub version: String,
    /// What stands in it.
    #[serde(deserialize_with = "read", serialize_with = "write")]
    pub text: Arc<str>,
}

/// The node's own tables; what is absent is as the build has it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeTables {
    /// Diseases, in the form of [`Diseases::table`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mondo: Option<TableFile>,
    /// Countries: `code`, `eu`, `eea`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub countries: Option<TableFile>,
}

fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(from).map(Into::into)
}

fn write<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}

impl TableFile {
    /// A file with its digest.
    #[must_use]
    pub fn new(version: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self {
            digest: hex_digest(text.as_bytes()),
            version: version.into(),
            text,
        }
    }

    fn checked(&self, id: &str) -> Result<&str, BundleError> {
        if hex_digest(self.text.as_bytes()) == self.digest {
            Ok(&self.text)
        } else {
            Err(BundleError::Record {
                what: "table",
                id: id.to_owned(),
                fault: "is not what its digest says",
            })
        }
    }
}

/// The tables that were read last: most snapshots have those of the one before. By the digests of what was read.
type Last = Option<((String, String), Arc<Tables>)>;
static LAST: Mutex<Last> = Mutex::new(None);

impl NodeTables {
    /// Whether the build's own are in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mondo.is_none() && self.countries.is_none()
    }

    /// All tables as verdicts take them.
    ///
    /// # Errors
    /// [`BundleError::Record`]: a file that is not what its digest says, or no such table.
    pub fn tables(&self) -> Result<Arc<Tables>, BundleError> {
        if self.is_empty() {
            return Ok(Tables::shared());
        }
        let text = |file: &Option<TableFile>, id| {
            file.as_ref()
                .map(|file| file.checked(id).map(str::to_owned))
                .transpose()
        };
        let (mondo, countries) = (text(&self.mondo, "mondo")?, text(&self.countries, "countries")?);
        let digest = |file: &Option<TableFile>| file.as_ref().map(|file| file.digest.clone()).unwrap_or_default();
        let key = (digest(&self.mondo), digest(&self.countries));
        if let Some((last, tables)) = &*LAST.lock().unwrap_or_else(PoisonError::into_inner)
            && *last == key
        {
            return Ok(tables.clone());
        }
        let wrong = |id: &str, fault| BundleError::Record {
            what: "table",
            id: id.to_owned(),
            fault,
        };
        let mut tables = Tables::builtin().clone();
        if let Some(text) = mondo {
            let diseases =
                Diseases::from_csv(&text).map_err(|_| wrong("mondo", "is no table of diseases that can be read"))?;
            tables = tables.with_diseases(diseases);
        }
        if let Some(text) = countries {
            let countries = Countries::from_csv(&text)
                .map_err(|_| wrong("countries", "is no table of countries that can be read"))?;
            tables = tables.with_countries(countries);
        }
        let tables = Arc::new(tables);
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, tables.clone()));
        Ok(tables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDO: &str = "id,label,parents,obsolete\nMONDO:0000001,disease,,false\n";
    const COUNTRIES: &str = "code,eu,eea\nAQ,false,false\nDE,true,true\n";

    fn with(mondo: Option<TableFile>, countries: Option<TableFile>) -> NodeTables {
        NodeTables { mondo, countries }
    }

    #[test]
    fn the_nodes_own_tables_stand_in_for_those_of_the_build_each_by_itself() {
        let builtin = Tables::builtin();
        let own = with(Some(TableFile::new("1", MONDO)), None).tables().unwrap();
        assert_eq!(own.diseases().len(), 1);
        assert!(own.countries().region("FR").is_some());
        let own = with(None, Some(TableFile::new("1", COUNTRIES))).tables().unwrap();
        assert_eq!(own.diseases().len(), builtin.diseases().len());
        assert!(own.countries().region("FR").is_none());
        assert_eq!(
            with(None, None).tables().unwrap().diseases().len(),
            builtin.diseases().len()
        );
    }

    #[test]
    fn a_table_that_is_not_what_its_digest_says_or_no_table_is_refused() {
        let mut other = TableFile::new("1", MONDO);
        other.text = COUNTRIES.into();
        let cases = [
            ("another text", with(Some(other), None)),
            ("no diseases", with(Some(TableFile::new("1", "id,label\n")), None)),
            (
                "countries as diseases",
                with(Some(TableFile::new("1", COUNTRIES)), None),
            ),
            ("diseases as countries", with(None, Some(TableFile::new("1", MONDO)))),
            ("nothing", with(None, Some(TableFile::new("1", "")))),
        ];
        for (name, tables) in cases {
            assert!(tables.tables().is_err(), "{name}");
        }
    }
}
