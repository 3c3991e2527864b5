//! What the agent forwards: the APIs that work is sent to and data come from, and nothing that administers.

use super::answer::Refusal;
use http::StatusCode;

/// An API of the node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Api {
    /// Tasks.
    Tes,
    /// Runs.
    Wes,
    /// Data.
    Drs,
    /// Tools.
    Trs,
}

/// Base paths, as clients write them (`specs/apis.md` 1.2).
const BASES: [(&str, Api); 5] = [
    ("/ga4gh/tes/v1", Api::Tes),
    ("/v1", Api::Tes),
    ("/ga4gh/wes/v1", Api::Wes),
    ("/ga4gh/drs/v1", Api::Drs),
    ("/ga4gh/trs/v2", Api::Trs),
];

/// The API that a path is of. A path with dots for segments is refused: whoever resolves them would be led elsewhere.
///
/// # Errors
/// `agent.path` for every other path.
pub(crate) fn api(path: &str) -> Result<Api, Refusal> {
    let found = BASES.iter().find(|(base, _)| {
        path.strip_prefix(base)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    match found {
        Some((_, api)) if !winds(path) => Ok(*api),
        Some(_) | None => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "agent.path",
            "the agent forwards TES, WES, DRS and TRS, and nothing else",
        )),
    }
}

/// Whether a path has a segment of dots, in any spelling, or a backslash.
fn winds(path: &str) -> bool {
    let plain = path.to_ascii_lowercase().replace("%2e", ".").replace("%5c", "\\");
    plain.contains('\\') || plain.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// A task or run that a path of its API names: the one segment behind `tasks` or `runs`.
pub(crate) fn work(path: &str) -> Option<&str> {
    let rest = path
        .rsplit_once("/tasks/")
        .or_else(|| path.rsplit_once("/runs/"))
        .map(|(_, rest)| rest)?;
    let id = rest.strip_suffix("/status").unwrap_or(rest);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!id.is_empty() && id.len() <= 128 && id.bytes().all(plain)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_apis_are_forwarded_and_no_way_leads_out_of_them() {
        for (path, meant) in [
            ("/ga4gh/tes/v1/tasks", Api::Tes),
            ("/v1/tasks/x:cancel", Api::Tes),
            ("/ga4gh/wes/v1/runs", Api::Wes),
            ("/ga4gh/drs/v1/objects/a%2Fb/access/https", Api::Drs),
            ("/ga4gh/trs/v2/tools", Api::Trs),
        ] {
            assert_eq!(api(path).ok(), Some(meant), "{path}");
        }
        for path in [
            "/",
            "/visum/v1/sessions",
            "/ga4gh/tes/v11/tasks",
            "/ga4gh/tes/v1/../../../visum/v1/sessions",
            "/ga4gh/tes/v1/%2E%2e/x",
            "/ga4gh/tes/v1/./tasks",
            "/ga4gh/tes/v1/..\\x",
            "/ga4gh/tes/v1/%5C..",
        ] {
            assert!(api(path).is_err(), "{path}");
        }
        assert_eq!(work("/ga4gh/tes/v1/tasks/t-1"), Some("t-1"));
        assert_eq!(work("/ga4gh/wes/v1/runs/r-1/status"), Some("r-1"));
        assert_eq!(work("/ga4gh/tes/v1/tasks/t-1:cancel"), None);
        assert_eq!(work("/ga4gh/tes/v1/tasks"), None);
    }
}
