//! A workflow that a run names by its place in our registry: fetched once, as it is now, with the files that it
//! consists of (`apis.md` 3.2, E22). What runs is what was judged, whatever the registry says tomorrow.

use audit_log::EventType;
use ring::digest;

use crate::{
    api::{
        Segment,
        multipart::file_name,
        parse_path,
        trs::{FileWrapper, Kind, Language, ToolFile},
    },
    config::TrsMount,
    gate::Caller,
    limits,
    problem::Problem,
    proxy::Parts,
    understand::NotUnderstood,
};

use super::{Ask, JSON, ask, mounted, place::Place, tool};

/// A workflow as the registry tells it now.
#[derive(Clone, Debug)]
pub(crate) struct Pinned {
    /// The name of its main file.
    pub(crate) entry: String,
    /// Its files, the main one first.
    pub(crate) files: Vec<PinnedFile>,
    /// The digest of the main file (64 hexadecimal digits).
    pub(crate) sha256: String,
    /// What it is part of, by the names that policies know.
    pub(crate) within: Vec<String>,
}

/// One of its files.
#[derive(Clone, Debug)]
pub(crate) struct PinnedFile {
    /// Its name in the run.
    pub(crate) name: String,
    /// Its text.
    pub(crate) bytes: Vec<u8>,
    /// The node's settings name its digest: it has been looked through by people.
    pub(crate) approved: bool,
}

/// A digest as 64 hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn fault(code: &'static str, sentence: &str) -> Problem {
    NotUnderstood::at("workflow_url", code, sentence).into()
}

/// The language that a type of workflow is written in.
fn language(workflow_type: &str) -> Option<Language> {
    match workflow_type.trim().to_ascii_uppercase().as_str() {
        "NEXTFLOW" => Some(Language::Nfl),
        "SNAKEMAKE" => Some(Language::Smk),
        word => Language::of(word),
    }
}

/// Below which addresses our registry's descriptors stand: ours by each name, and the backend's own.
fn bases(parts: &Parts) -> Vec<String> {
    let own = parts.config.public_url.as_str().trim_end_matches('/');
    let mut bases: Vec<String> = ["/ga4gh/trs/v2", "/api/ga4gh/trs/v2", "/api/ga4gh/v2"]
        .iter()
        .map(|mount| format!("{own}{mount}/"))
        .collect();
    bases.extend(
        parts
            .config
            .trs
            .iter()
            .map(|mount| format!("{}/", mount.backend.base.as_str().trim_end_matches('/'))),
    );
    bases
}

/// The rest of an address below a base; scheme and host have no letter case.
fn below<'u>(url: &'u str, base: &str) -> Option<&'u str> {
    let (front, rest) = url.split_at_checked(base.len())?;
    let origin = base.match_indices('/').nth(2).map_or(base.len(), |(at, _)| at);
    let (own, path) = (front.get(..origin)?, front.get(origin..)?);
    (own.eq_ignore_ascii_case(base.get(..origin)?) && path == base.get(origin..)?).then_some(rest)
}

/// The place in our registry that an address names; `None` for one that is not of our registry.
fn named(parts: &Parts, mount: &TrsMount, url: &str) -> Result<Option<(Place, Option<Kind>)>, Problem> {
    let read = |path: &str| -> Result<Vec<Segment>, Problem> {
        parse_path(path).map_err(|wrong| fault("run.trs_url", &wrong.to_string()))
    };
    let front = url.get(..6).unwrap_or_default();
    if front.eq_ignore_ascii_case("trs://") {
        let rest = url.get(6..).unwrap_or_default();
        let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let ours = std::iter::once(&mount.uri_host).chain(&mount.uri_aliases);
        if !ours.into_iter().any(|own| own.eq_ignore_ascii_case(host)) {
            return Ok(None);
        }
        // trs://HOST/ID/VERSION[/TYPE[/FILE]], as `tools/ID/versions/VERSION/TYPE/descriptor/FILE`
        let segments = read(&format!("/{rest}"))?;
        let text = |at: usize| segments.get(at).map(|segment| segment.text.clone());
        let plain = |text: &str| Segment {
            text: text.to_owned(),
            slash: false,
        };
        let (Some(_), Some(_)) = (text(0), text(1)) else {
            return Err(fault(
                "run.trs_url",
                "it names no version of the tool: trs://HOST/TOOL/VERSION, each part percent-encoded",
            ));
        };
        let mut all = vec![plain("tools")];
        all.extend(segments.first().cloned());
        all.push(plain("versions"));
        all.extend(segments.get(1).cloned());
        if let Some(kind) = segments.get(2) {
            all.extend([kind.clone(), plain("descriptor")]);
            all.extend(segments.get(3..).unwrap_or_default().iter().cloned());
        }
        let place = Place::read(&all)?;
        let kind = place.kind;
        return Ok(Some((place, kind)));
    }
    let bases = bases(parts);
    let Some(rest) = bases.iter().find_map(|base| below(url, base)) else {
        return Ok(None);
    };
    let segments = read(&format!("/{rest}"))?;
    let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
    match texts.as_slice() {
        ["tools", _, "versions", _, _, "descriptor", ..] => {
            let place = Place::read(&segments)?;
            let kind = place.kind;
            Ok(Some((place, kind)))
        }
        _ => Err(fault(
            "run.trs_url",
            "it is no address of a descriptor: …/tools/TOOL/versions/VERSION/TYPE/descriptor",
        )),
    }
}

/// Fetches the workflow that an address names, if it is one of our registry. The caller must be permitted to read it,
/// and that they did is on record.
///
/// # Errors
/// 400 for an address that cannot be one, the denial, or what the registry says.
pub(crate) async fn pinned(
    parts: &Parts,
    caller: &Caller,
    url: &str,
    workflow_type: &str,
) -> Result<Option<Pinned>, Problem> {
    let Some(mount) = &parts.config.trs else {
        return Ok(None);
    };
    let Some((place, kind)) = named(parts, mount, url.trim())? else {
        return Ok(None);
    };
    let wanted = language(workflow_type);
    let language = match (kind, wanted) {
        (Some(kind), Some(wanted)) if kind.language == wanted => wanted,
        (None, Some(wanted)) => wanted,
        (_, None) | (Some(_), Some(_)) => {
            return Err(fault(
                "run.trs_type",
                "the descriptor's language is not that of the workflow's type",
            ));
        }
    };
    let source = Source {
        parts,
        caller,
        mount,
        kind: Kind { language, plain: false },
        version: Place {
            kind: None,
            file: Vec::new(),
            ..place.clone()
        },
    };
    let main = source.text(&place.file).await?;
    let digest = sha256(&main);
    let listed = if place.file.is_empty() {
        source.files().await?
    } else {
        Vec::new()
    };
    let entry = entry(&place.file, &listed, language)?;
    let mut pinned = Pinned {
        within: within(mount, &place, &digest),
        sha256: digest,
        entry: entry.clone(),
        files: Vec::new(),
    };
    let mut bytes = main.len();
    pinned.files.push(source.file(entry, main));
    for path in others(&listed) {
        if pinned.files.len() >= limits::TRS_FILES {
            return Err(fault("run.trs_files", "the workflow consists of too many files"));
        }
        let pieces: Vec<String> = path.split('/').map(str::to_owned).collect();
        let text = source.text(&pieces).await?;
        bytes = bytes.saturating_add(text.len());
        if bytes > limits::TRS_FILES_BYTES {
            return Err(fault("run.trs_files", "the workflow's files are too large together"));
        }
        pinned.files.push(source.file(usable(&path)?, text));
    }
    Ok(Some(pinned))
}

/// The tool, the version and the registry that it comes from, and its own text by digest.
fn within(mount: &TrsMount, place: &Place, digest: &str) -> Vec<String> {
    let of = tool(mount, Some(place));
    let mut within = vec![format!("sha256:{digest}"), of.id];
    within.extend(of.within);
    within
}

/// The name of the main file: as the registry lists it, or one of ours.
fn entry(asked: &[String], listed: &[ToolFile], language: Language) -> Result<String, Problem> {
    if !asked.is_empty() {
        return usable(&asked.join("/"));
    }
    let primary = listed
        .iter()
        .find(|file| file.file_type.as_deref() == Some("PRIMARY_DESCRIPTOR"))
        .and_then(|file| file.path.as_deref());
    let own = match language {
        Language::Cwl => "main.cwl",
        Language::Wdl => "main.wdl",
        Language::Nfl => "main.nf",
        Language::Galaxy => "main.ga",
        Language::Smk => "main.smk",
    };
    // a name that engines take for their own settings is none for a file of a run
    Ok(primary
        .and_then(|path| usable(path).ok())
        .unwrap_or_else(|| own.to_owned()))
}

fn usable(path: &str) -> Result<String, Problem> {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    file_name(path).map(|()| path.to_owned()).map_err(|wrong| {
        fault(
            "run.trs_files",
            &format!("the registry names a file that cannot be attached: {wrong}"),
        )
    })
}

/// Its further files.
fn others(listed: &[ToolFile]) -> Vec<String> {
    listed
        .iter()
        .filter(|file| file.file_type.as_deref() == Some("SECONDARY_DESCRIPTOR"))
        .filter_map(|file| file.path.as_deref())
        .map(|path| path.trim_start_matches("./").trim_start_matches('/').to_owned())
        .collect()
}

/// A version's files in one language.
struct Source<'s> {
    parts: &'s Parts,
    caller: &'s Caller,
    mount: &'s TrsMount,
    kind: Kind,
    version: Place,
}

impl Source<'_> {
    /// The text of a file, the main one if none is named.
    async fn text(&self, file: &[String]) -> Result<Vec<u8>, Problem> {
        let (backend, _) = mounted(self.parts)?;
        if file.iter().any(|piece| matches!(piece.as_str(), "" | "." | "..")) {
            return Err(fault(
                "run.trs_files",
                "the registry names a file outside of the workflow",
            ));
        }
        let place = Place {
            file: file.to_vec(),
            ..self.version.clone()
        };
        let event = if file.is_empty() {
            EventType::TrsGetDescriptor
        } else {
            EventType::TrsGetDescriptorByPath
        };
        let told = self.read(event, &place.below(self.kind, "descriptor")).await?;
        let wrapper: FileWrapper = backend.json(&told)?;
        let bytes = match (wrapper.content, wrapper.url) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(url)) => backend.text(&url).await?.to_vec(),
            (None, None) => return Err(backend.unreadable("it has neither a text nor an address of one").into()),
        };
        if bytes.len() > limits::TRS_TEXT_BYTES {
            return Err(fault("run.trs_files", "a file of the workflow is larger than 1 MiB"));
        }
        for checksum in wrapper.checksum.iter().flatten() {
            let sha = matches!(checksum.kind.to_ascii_lowercase().as_str(), "sha-256" | "sha256");
            if sha && !checksum.checksum.eq_ignore_ascii_case(&sha256(&bytes)) {
                return Err(fault(
                    "run.trs_checksum",
                    "the registry tells another SHA-256 of the workflow than its text has",
                ));
            }
        }
        Ok(bytes)
    }

    /// The files of the version; none if the registry does not list them.
    async fn files(&self) -> Result<Vec<ToolFile>, Problem> {
        let (backend, _) = mounted(self.parts)?;
        let told = match self
            .read(EventType::TrsGetFiles, &self.version.below(self.kind, "files"))
            .await
        {
            Ok(told) => told,
            Err(problem) if problem.status == http::StatusCode::NOT_FOUND => return Ok(Vec::new()),
            Err(problem) => return Err(problem),
        };
        Ok(backend.json(&told)?)
    }

    async fn read(&self, kind: EventType, path: &str) -> Result<crate::backend::Told, Problem> {
        let asked = Ask {
            kind,
            tool: tool(self.mount, Some(&self.version)),
            path,
            query: &[],
            accept: JSON,
        };
        ask(self.parts, self.caller, asked).await.map(|(told, _)| told)
    }

    fn file(&self, name: String, bytes: Vec<u8>) -> PinnedFile {
        let digest = sha256(&bytes);
        PinnedFile {
            approved: self
                .mount
                .approved
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&digest)),
            name,
            bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e22_an_address_is_below_a_base_whole_segments_and_no_other_host() {
        let base = "https://data.example.org/ga4gh/trs/v2/";
        for (url, rest) in [
            ("https://data.example.org/ga4gh/trs/v2/tools/a", Some("tools/a")),
            ("HTTPS://Data.example.org/ga4gh/trs/v2/tools/a", Some("tools/a")),
            ("https://data.example.org/GA4GH/trs/v2/tools/a", None),
            ("https://data.example.org.evil.example.net/ga4gh/trs/v2/tools/a", None),
            ("https://data.example.org@evil.example.net/ga4gh/trs/v2/tools/a", None),
            ("https://data.example.org/ga4gh/trs/v2", None),
            ("https://data.example.org/ga4gh/trs/v22/tools", None),
        ] {
            assert_eq!(below(url, base), rest, "{url}");
        }
    }

    #[test]
    fn e22_the_main_file_keeps_its_name_unless_an_engine_would_take_it_for_its_settings() {
        let listed = |path: &str| {
            vec![ToolFile {
                path: Some(path.to_owned()),
                file_type: Some("PRIMARY_DESCRIPTOR".to_owned()),
                checksum: None,
            }]
        };
        for (path, name) in [
            ("count.cwl", "count.cwl"),
            ("/a/b.cwl", "a/b.cwl"),
            ("../x", "main.cwl"),
        ] {
            assert_eq!(entry(&[], &listed(path), Language::Cwl).unwrap(), name);
        }
        assert_eq!(entry(&[], &listed("Snakefile"), Language::Smk).unwrap(), "main.smk");
        assert!(entry(&["..".to_owned(), "x".to_owned()], &[], Language::Cwl).is_err());
    }
}
