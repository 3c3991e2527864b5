//! TRS 2.0.1 wire types. Read leniently from backends (a null is an absence), written with what the schema demands;
//! members that the specification does not know are dropped.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use super::drs::Checksum;

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// A list; some servers send null or one string.
fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Many(Vec<String>),
        One(String),
        None(()),
    }
    Ok(match Either::deserialize(from)? {
        Either::Many(many) => Some(many),
        Either::One(one) => Some(vec![one]),
        Either::None(()) => None,
    })
}

/// `CWL` and its like: a language of descriptors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Language {
    Cwl,
    Wdl,
    Nfl,
    Galaxy,
    Smk,
}

impl Language {
    /// All of them.
    const ALL: [Self; 5] = [Self::Cwl, Self::Wdl, Self::Nfl, Self::Galaxy, Self::Smk];

    /// The word of the specification.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Cwl => "CWL",
            Self::Wdl => "WDL",
            Self::Nfl => "NFL",
            Self::Galaxy => "GALAXY",
            Self::Smk => "SMK",
        }
    }

    /// The language of that word, exactly.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.word() == word)
    }
}

/// A path's `type`: a language, wrapped in JSON or as plain text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Kind {
    pub(crate) language: Language,
    pub(crate) plain: bool,
}

impl Kind {
    /// Reads the word, exactly.
    pub(crate) fn of(word: &str) -> Option<Self> {
        let bare = word.strip_prefix("PLAIN_");
        Some(Self {
            language: Language::of(bare.unwrap_or(word))?,
            plain: bare.is_some(),
        })
    }

    /// Writes it.
    pub(crate) fn word(self) -> String {
        let front = if self.plain { "PLAIN_" } else { "" };
        format!("{front}{}", self.language.word())
    }
}

/// A class of tools.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ToolClass {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// A tool with its versions.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Tool {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) url: String,
    pub(crate) id: String,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub(crate) aliases: Option<Vec<String>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) organization: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) toolclass: ToolClass,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) meta_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) has_checker: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checker_url: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) versions: Vec<ToolVersion>,
}

/// One version of a tool.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ToolVersion {
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) url: String,
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) is_production: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) images: Option<Vec<ImageData>>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub(crate) descriptor_type: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) descriptor_type_version: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) containerfile: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) meta_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verified: Option<bool>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub(crate) verified_source: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<bool>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub(crate) included_apps: Option<Vec<String>>,
}

/// An image of a version.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ImageData {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) registry_host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) updated: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<Vec<Checksum>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image_type: Option<String>,
}

/// A file of a version: its text, or where that is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct FileWrapper {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<Vec<Checksum>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

/// The name of a file of a version.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ToolFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<Checksum>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_path_is_an_exact_word() {
        for (word, sound) in [
            ("CWL", true),
            ("PLAIN_CWL", true),
            ("PLAIN_GALAXY", true),
            ("cwl", false),
            ("PLAIN_", false),
            ("PLAIN_PLAIN_CWL", false),
            ("plain_CWL", false),
            ("", false),
        ] {
            assert_eq!(
                Kind::of(word).map(Kind::word).as_deref(),
                sound.then_some(word),
                "{word}"
            );
        }
    }

    #[test]
    fn a_tool_of_a_server_is_read_leniently_and_written_by_the_specification() {
        let told = serde_json::json!({
            "id": "t", "aliases": null, "toolclass": null, "versions": [{"id": "1", "author": "Ada", "x-secret": 1}], "secret": 2,
        });
        let tool: Tool = serde_json::from_value(told).unwrap();
        let written = serde_json::to_value(&tool).unwrap();
        assert_eq!(
            written,
            serde_json::json!({"url": "", "id": "t", "organization": "", "toolclass": {}, "versions": [{"author": ["Ada"], "url": "", "id": "1"}]})
        );
    }
}
