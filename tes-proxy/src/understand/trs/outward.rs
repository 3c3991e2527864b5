//! What a registry tells, as we tell it: addresses are ours, and words are of the specification's lists.

use url::{Url, form_urlencoded};

use crate::{
    api::trs::{FileWrapper, ImageData, Kind, Language, Tool, ToolFile, ToolVersion},
    proxy::Parts,
};

use super::place::Place;

/// Kinds of images.
const IMAGES: [&str; 3] = ["Docker", "Singularity", "Conda"];
/// Kinds of files.
const FILES: [&str; 5] = [
    "TEST_FILE",
    "PRIMARY_DESCRIPTOR",
    "SECONDARY_DESCRIPTOR",
    "CONTAINERFILE",
    "OTHER",
];

/// Ours in front, the backend behind.
pub(super) struct Outward {
    base: String,
    inside: Url,
}

impl Outward {
    pub(super) fn of(parts: &Parts, inside: &Url) -> Self {
        let origin = parts.config.public_url.as_str().trim_end_matches('/');
        Self {
            base: format!("{origin}/ga4gh/trs/v2"),
            inside: inside.clone(),
        }
    }

    /// Does a text tell where the backend is?
    fn tells(&self, text: &str) -> bool {
        let host = self.inside.host_str().unwrap_or_default();
        let authority = match self.inside.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        text.to_ascii_lowercase().contains(&authority.to_ascii_lowercase())
    }

    fn hushed(&self, text: Option<String>) -> Option<String> {
        text.filter(|text| !self.tells(text))
    }

    fn all_hushed(&self, texts: Option<Vec<String>>) -> Option<Vec<String>> {
        texts.map(|texts| texts.into_iter().filter(|text| !self.tells(text)).collect())
    }

    /// A tool, its address ours.
    pub(super) fn tool(&self, tool: Tool) -> Tool {
        let place = Place {
            tool: tool.id.clone(),
            ..Place::default()
        };
        Tool {
            url: format!("{}{}", self.base, place.path()),
            aliases: self.all_hushed(tool.aliases),
            // the checker is a tool elsewhere: a client would send its token there
            checker_url: tool.checker_url.as_deref().and_then(|url| self.address(url)),
            description: self.hushed(tool.description),
            versions: tool
                .versions
                .into_iter()
                .map(|version| self.version(&tool.id, version))
                .collect(),
            ..tool
        }
    }

    /// A version of that tool.
    pub(super) fn version(&self, tool: &str, version: ToolVersion) -> ToolVersion {
        let place = Place {
            tool: tool.to_owned(),
            version: Some(version.id.clone()),
            ..Place::default()
        };
        ToolVersion {
            url: format!("{}{}", self.base, place.path()),
            images: version.images.map(|images| images.into_iter().map(image).collect()),
            descriptor_type: version
                .descriptor_type
                .map(|types| types.into_iter().filter(|word| Language::of(word).is_some()).collect()),
            verified_source: self.all_hushed(version.verified_source),
            included_apps: self.all_hushed(version.included_apps),
            ..version
        }
    }

    /// A descriptor: its address is where we tell its text.
    pub(super) fn descriptor(&self, place: &Place, kind: Kind, file: FileWrapper) -> FileWrapper {
        let plain = Kind { plain: true, ..kind };
        FileWrapper {
            url: Some(format!("{}{}", self.base, place.below(plain, "descriptor"))),
            ..typed(file)
        }
    }

    /// Another file: with its text, or with an address if that can be ours; else there is nothing to tell.
    pub(super) fn file(&self, file: FileWrapper) -> Option<FileWrapper> {
        let url = file.url.as_deref().and_then(|url| self.address(url));
        (file.content.is_some() || url.is_some()).then(|| FileWrapper { url, ..typed(file) })
    }

    /// The name of a file.
    pub(super) fn name(file: ToolFile) -> Option<ToolFile> {
        let plain = file.path.as_deref().is_some_and(|path| {
            path.len() <= 1_024
                && !path.chars().any(|letter| letter.is_control() || letter == '\\')
                && path.split('/').all(|piece| !matches!(piece, "." | ".."))
        });
        plain.then(|| ToolFile {
            file_type: file.file_type.filter(|word| FILES.contains(&word.as_str())),
            ..file
        })
    }

    /// An address of the backend as ours; no other has one.
    fn address(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let base = self.inside.path().trim_end_matches('/');
        let below = url
            .path()
            .strip_prefix(base)
            .filter(|rest| rest.starts_with("/tools/"))?;
        let own = url.origin() == self.inside.origin() && url.query().is_none() && url.username().is_empty();
        let segments = crate::api::parse_path(below).ok()?;
        let place = Place::read(&segments).ok()?;
        let path = match (segments.get(5).map(|segment| segment.text.as_str()), place.kind) {
            (None, None) if segments.len() <= 4 => place.path(),
            (Some("descriptor"), Some(kind)) => place.below(kind, "descriptor"),
            _ => return None,
        };
        own.then(|| format!("{}{path}", self.base))
    }

    /// The address of another page of the list of tools: what it asks for, at ours.
    pub(super) fn page(&self, url: &str, keys: &[&str]) -> Option<String> {
        let url = self.inside.join(url).ok()?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (key, value) in url.query_pairs() {
            if keys.contains(&&*key)
                && value.len() <= 512
                && !value.chars().any(char::is_control)
                && !self.tells(&value)
            {
                query.append_pair(&key, &value);
            }
        }
        Some(format!("{}/tools?{}", self.base, query.finish()))
    }
}

fn typed(file: FileWrapper) -> FileWrapper {
    FileWrapper {
        image_type: file
            .image_type
            .filter(|word| IMAGES.contains(&word.as_str()) || Language::of(word).is_some()),
        ..file
    }
}

fn image(image: ImageData) -> ImageData {
    ImageData {
        image_type: image.image_type.filter(|word| IMAGES.contains(&word.as_str())),
        ..image
    }
}
