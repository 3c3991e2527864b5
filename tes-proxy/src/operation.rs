//! The route table (`apis.md` 1.1): a request is one of these rows, or it is answered 404 or 405 before anybody is asked.

use http::Method;

use crate::{
    api::{PathFault, Segment},
    problem::Api,
};

/// What a request asks for, by the operation names of `apis.md` 1.4.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    DrsServiceInfo,
    DrsObject,
    DrsPostObject,
    DrsAccess,
    DrsPostAccess,
    DrsBulk,
    DrsBulkAccess,
    DrsOptions,
    DrsBulkOptions,
    TesServiceInfo,
    TesList,
    TesCreate,
    TesTask,
    TesCancel,
    WesServiceInfo,
    WesList,
    WesRun,
    WesLog,
    WesStatus,
    WesTasks,
    WesTask,
    WesCancel,
    TrsServiceInfo,
    TrsList,
    TrsTool,
    TrsVersions,
    TrsVersion,
    TrsDescriptor,
    TrsTests,
    TrsFiles,
    TrsContainerfile,
    TrsClasses,
    RegistryServiceInfo,
    RegistryServices,
    RegistryTypes,
    RegistryService,
    Data,
    Explain,
    CanI,
    PassportVerify,
    Datasets,
    DecisionPage,
    SessionStart,
    SessionList,
    SessionEnd,
    Outputs,
    ReleaseList,
    ReleaseRequest,
    ReleaseShow,
    ReleaseReceipt,
    ReleaseFile,
    ReleaseGrant,
    ReleaseRefuse,
    ResourceMetadata,
    Health,
}

/// The outcome of looking a target up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Routed {
    /// A row of the table.
    Row(Operation),
    /// The path is known, the method is not: what `Allow` says.
    Methods(&'static str),
    /// No such path.
    Unknown,
}

/// Which API a path belongs to, for the shape of errors.
pub(crate) fn api(segments: &[Segment]) -> Api {
    match segments
        .iter()
        .map(|segment| segment.text.as_str())
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["ga4gh", "drs", ..] | ["visum", "data", ..] => Api::Drs,
        ["ga4gh", "tes", ..] | ["v1", ..] => Api::Tes,
        ["ga4gh", "wes", ..] => Api::Wes,
        ["ga4gh", "trs", "v2", ..] | ["api", "ga4gh", "trs", "v2", ..] | ["api", "ga4gh", "v2", ..] => Api::Trs,
        ["ga4gh", "registry", ..] | ["services", ..] => Api::Registry,
        _ => Api::Own,
    }
}

/// How many segments the base of TRS has, by each of its names.
pub(crate) fn trs_base(segments: &[Segment]) -> Option<usize> {
    let is = |base: &[&str]| {
        let mut words = base.iter().enumerate();
        words.all(|(at, word)| segments.get(at).is_some_and(|one| one.text == *word))
    };
    let bases: [&[&str]; 3] = [
        &["ga4gh", "trs", "v2"],
        &["api", "ga4gh", "trs", "v2"],
        &["api", "ga4gh", "v2"],
    ];
    bases.into_iter().find(|base| is(base)).map(<[&str]>::len)
}

/// Encoded slashes stand in a DRS object id, a TRS tool id and the path of a tool's file alone.
///
/// # Errors
/// [`PathFault::Slash`].
pub(crate) fn slashes(segments: &[Segment]) -> Result<(), PathFault> {
    let drs = matches!(segments, [a, b, _, d, ..] if a.text == "ga4gh" && b.text == "drs" && d.text == "objects");
    let base = trs_base(segments);
    // behind the base: tools, ID, versions, VERSION, TYPE, descriptor, FILE…
    let trs = |at: usize| {
        base.and_then(|base| at.checked_sub(base))
            .is_some_and(|place| place == 1 || place >= 6)
    };
    let stray = segments
        .iter()
        .enumerate()
        .any(|(at, segment)| segment.slash && !(drs && at == 4) && !trs(at));
    if stray { Err(PathFault::Slash) } else { Ok(()) }
}

/// With `slash_ids`: an id whose slashes are not encoded is one segment, read from the right, where `/access/X` may stand
/// (`apis.md` 2.2). Going out it is encoded.
pub(crate) fn with_slash_ids(mut segments: Vec<Segment>) -> Vec<Segment> {
    let objects = matches!(segments.as_slice(), [a, b, c, d, ..]
        if a.text == "ga4gh" && b.text == "drs" && c.text == "v1" && d.text == "objects");
    if !objects || segments.len() < 6 {
        return segments;
    }
    let mut id = segments.split_off(4);
    let access = match id.as_slice() {
        [_, .., word, _] if word.text == "access" => id.split_off(id.len().saturating_sub(2)),
        _ => Vec::new(),
    };
    let texts: Vec<String> = id.into_iter().map(|segment| segment.text).collect();
    segments.push(Segment {
        slash: texts.len() > 1,
        text: texts.join("/"),
    });
    segments.extend(access);
    segments
}

/// Looks up the public listener's table. HEAD is GET without body.
pub(crate) fn route(method: &Method, segments: &[Segment]) -> Routed {
    let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
    match texts.as_slice() {
        ["ga4gh", "drs", "v1", rest @ ..] => drs(method, rest),
        ["ga4gh", "tes", "v1", rest @ ..] | ["v1", rest @ ..] => tes(method, rest),
        ["ga4gh", "wes", "v1", rest @ ..] => wes(method, rest),
        ["ga4gh", "trs", "v2", rest @ ..]
        | ["api", "ga4gh", "trs", "v2", rest @ ..]
        | ["api", "ga4gh", "v2", rest @ ..] => trs(method, rest),
        ["ga4gh", "registry", "v1", "service-info"] => get(method, Operation::RegistryServiceInfo),
        ["ga4gh", "registry", "v1", "services", rest @ ..] | ["services", rest @ ..] => services(method, rest),
        ["visum", "data", _] => get(method, Operation::Data),
        ["visum", "v1", "explain"] => post(method, Operation::Explain),
        ["visum", "v1", "can-i"] => post(method, Operation::CanI),
        ["visum", "v1", "passport", "verify"] => post(method, Operation::PassportVerify),
        ["visum", "v1", "datasets"] => get(method, Operation::Datasets),
        ["visum", "v1", "decisions", _] => get(method, Operation::DecisionPage),
        ["visum", "v1", "sessions"] => both(method, Operation::SessionList, Operation::SessionStart),
        ["visum", "v1", "sessions", _] if method == Method::DELETE => Routed::Row(Operation::SessionEnd),
        ["visum", "v1", "sessions", _] => Routed::Methods("DELETE"),
        ["visum", "v1", "outputs", rest @ ..] => outputs(method, rest),
        [".well-known", "oauth-protected-resource"] => get(method, Operation::ResourceMetadata),
        ["healthz"] => get(method, Operation::Health),
        _ => Routed::Unknown,
    }
}

fn outputs(method: &Method, rest: &[&str]) -> Routed {
    match rest {
        [] => get(method, Operation::Outputs),
        ["releases"] => both(method, Operation::ReleaseList, Operation::ReleaseRequest),
        ["releases", _] => get(method, Operation::ReleaseShow),
        ["releases", _, "receipt"] => get(method, Operation::ReleaseReceipt),
        ["releases", _, "release"] => post(method, Operation::ReleaseGrant),
        ["releases", _, "refuse"] => post(method, Operation::ReleaseRefuse),
        ["releases", _, "files", _] => post(method, Operation::ReleaseFile),
        _ => Routed::Unknown,
    }
}

fn is_get(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn get(method: &Method, operation: Operation) -> Routed {
    if is_get(method) {
        Routed::Row(operation)
    } else {
        Routed::Methods("GET, HEAD")
    }
}

fn post(method: &Method, operation: Operation) -> Routed {
    if method == Method::POST {
        Routed::Row(operation)
    } else {
        Routed::Methods("POST")
    }
}

fn both(method: &Method, on_get: Operation, on_post: Operation) -> Routed {
    if is_get(method) {
        Routed::Row(on_get)
    } else if method == Method::POST {
        Routed::Row(on_post)
    } else {
        Routed::Methods("GET, HEAD, POST")
    }
}

fn drs(method: &Method, rest: &[&str]) -> Routed {
    match rest {
        ["service-info"] => get(method, Operation::DrsServiceInfo),
        ["objects"] if method == Method::POST => Routed::Row(Operation::DrsBulk),
        ["objects", "access"] if method == Method::POST => Routed::Row(Operation::DrsBulkAccess),
        ["objects"] if method == Method::OPTIONS => Routed::Row(Operation::DrsBulkOptions),
        ["objects", _] if method == Method::OPTIONS => Routed::Row(Operation::DrsOptions),
        ["objects", "access"] => Routed::Unknown,
        ["objects", _] => both(method, Operation::DrsObject, Operation::DrsPostObject),
        ["objects", _, "access", _] => both(method, Operation::DrsAccess, Operation::DrsPostAccess),
        _ => Routed::Unknown,
    }
}

fn tes(method: &Method, rest: &[&str]) -> Routed {
    match rest {
        ["service-info"] | ["tasks", "service-info"] => get(method, Operation::TesServiceInfo),
        ["tasks"] => both(method, Operation::TesList, Operation::TesCreate),
        ["tasks", last] if method == Method::POST => match last.strip_suffix(":cancel") {
            Some(id) if !id.is_empty() && !id.contains(':') => Routed::Row(Operation::TesCancel),
            _ => Routed::Methods("GET, HEAD"),
        },
        ["tasks", id] if !id.contains(':') => get(method, Operation::TesTask),
        _ => Routed::Unknown,
    }
}

fn wes(method: &Method, rest: &[&str]) -> Routed {
    match rest {
        ["service-info"] => get(method, Operation::WesServiceInfo),
        ["runs"] => both(method, Operation::WesList, Operation::WesRun),
        ["runs", _] => get(method, Operation::WesLog),
        ["runs", _, "status"] => get(method, Operation::WesStatus),
        ["runs", _, "cancel"] => post(method, Operation::WesCancel),
        ["runs", _, "tasks"] => get(method, Operation::WesTasks),
        ["runs", _, "tasks", _] => get(method, Operation::WesTask),
        _ => Routed::Unknown,
    }
}

fn trs(method: &Method, rest: &[&str]) -> Routed {
    match rest {
        ["service-info"] => get(method, Operation::TrsServiceInfo),
        ["toolClasses"] => get(method, Operation::TrsClasses),
        ["tools"] => get(method, Operation::TrsList),
        ["tools", _] => get(method, Operation::TrsTool),
        ["tools", _, "versions"] => get(method, Operation::TrsVersions),
        ["tools", _, "versions", _] => get(method, Operation::TrsVersion),
        ["tools", _, "versions", _, "containerfile"] => get(method, Operation::TrsContainerfile),
        ["tools", _, "versions", _, _, "tests"] => get(method, Operation::TrsTests),
        ["tools", _, "versions", _, _, "files"] => get(method, Operation::TrsFiles),
        ["tools", _, "versions", _, _, "descriptor", ..] => get(method, Operation::TrsDescriptor),
        _ => Routed::Unknown,
    }
}

fn services(method: &Method, rest: &[&str]) -> Routed {
    match rest {
        [] => get(method, Operation::RegistryServices),
        // the fixed route wins over a service of that id
        ["types"] => get(method, Operation::RegistryTypes),
        [_] => get(method, Operation::RegistryService),
        _ => Routed::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use crate::api::parse_path;

    use super::*;

    fn look(method: &Method, path: &str) -> Routed {
        route(method, &parse_path(path).unwrap())
    }

    #[test]
    fn e57_a_request_is_a_row_of_the_table_or_nothing() {
        let cases = [
            ("GET", "/ga4gh/drs/v1/objects/a", Routed::Row(Operation::DrsObject)),
            ("HEAD", "/ga4gh/drs/v1/objects/a%2Fb", Routed::Row(Operation::DrsObject)),
            ("POST", "/ga4gh/drs/v1/objects/a", Routed::Row(Operation::DrsPostObject)),
            (
                "POST",
                "/ga4gh/drs/v1/objects/access",
                Routed::Row(Operation::DrsBulkAccess),
            ),
            ("GET", "/ga4gh/drs/v1/objects", Routed::Unknown),
            ("GET", "/ga4gh/drs/v1/objects/a/access", Routed::Unknown),
            (
                "GET",
                "/ga4gh/drs/v1/objects/a/access/https",
                Routed::Row(Operation::DrsAccess),
            ),
            ("DELETE", "/ga4gh/drs/v1/objects/a", Routed::Methods("GET, HEAD, POST")),
            ("GET", "/ga4gh/dos/v1/dataobjects/a", Routed::Unknown),
            ("POST", "/ga4gh/tes/v1/tasks", Routed::Row(Operation::TesCreate)),
            ("POST", "/v1/tasks", Routed::Row(Operation::TesCreate)),
            ("GET", "/v1/tasks/service-info", Routed::Row(Operation::TesServiceInfo)),
            ("POST", "/v1/tasks/x:cancel", Routed::Row(Operation::TesCancel)),
            ("POST", "/v1/tasks/x%3Acancel", Routed::Row(Operation::TesCancel)),
            ("GET", "/v1/tasks/x:cancel", Routed::Unknown),
            ("POST", "/v1/tasks/:cancel", Routed::Methods("GET, HEAD")),
            ("POST", "/v1/tasks/a:b:cancel", Routed::Methods("GET, HEAD")),
            ("GET", "/tasks", Routed::Unknown),
            ("GET", "/metrics", Routed::Unknown),
            ("DELETE", "/ga4gh/wes/v1/runs/x", Routed::Methods("GET, HEAD")),
            ("GET", "/ga4gh/wes/v1/runs/x/ro-crate", Routed::Unknown),
            ("GET", "/toil/wes/v1/logs/x/stdout", Routed::Unknown),
            ("GET", "/", Routed::Unknown),
            ("GET", "/ga4gh/trs/v2/tools", Routed::Row(Operation::TrsList)),
            ("GET", "/api/ga4gh/v2/tools/%23a%2Fb", Routed::Row(Operation::TrsTool)),
            (
                "GET",
                "/api/ga4gh/trs/v2/tools/a/versions/1/CWL/descriptor/x/y.cwl",
                Routed::Row(Operation::TrsDescriptor),
            ),
            ("POST", "/ga4gh/trs/v2/tools", Routed::Methods("GET, HEAD")),
            ("GET", "/ga4gh/trs/v2/tools/a/versions/1/CWL", Routed::Unknown),
            ("GET", "/ga4gh/trs/v2/tools/a/versions/1/CWL/tests/x", Routed::Unknown),
            ("GET", "/ga4gh/trs/v1/tools", Routed::Unknown),
            ("GET", "/services/types", Routed::Row(Operation::RegistryTypes)),
            ("GET", "/services/x", Routed::Row(Operation::RegistryService)),
            ("GET", "/services/x/y", Routed::Unknown),
            ("GET", "/service-info", Routed::Unknown),
        ];
        for (method, path, expected) in cases {
            assert_eq!(look(&method.parse().unwrap(), path), expected, "{method} {path}");
        }
    }

    #[test]
    fn e14_an_id_with_slashes_is_read_from_the_right() {
        for (path, id, access) in [
            ("a", "a", None),
            ("access", "access", None),
            ("a/access/s3", "a", Some("s3")),
            ("dg.4503/x", "dg.4503/x", None),
            ("dg.4503/x/access/s3", "dg.4503/x", Some("s3")),
            ("dg.4503%2Fx/access/s3", "dg.4503/x", Some("s3")),
            ("a/access", "a/access", None),
            ("a/access/access/s3", "a/access", Some("s3")),
            ("access/x", "access/x", None),
            ("a/access/s3/x", "a/access/s3/x", None),
        ] {
            let segments = parse_path(&format!("/ga4gh/drs/v1/objects/{path}")).unwrap();
            let read = with_slash_ids(segments);
            assert_eq!(read[4].text, id, "{path}");
            assert_eq!(read.get(6).map(|segment| segment.text.as_str()), access, "{path}");
        }
        let other = parse_path("/ga4gh/wes/v1/runs/a/tasks/b").unwrap();
        assert_eq!(with_slash_ids(other.clone()), other);
    }

    #[test]
    fn e10_an_encoded_slash_stands_in_an_object_id_alone() {
        for (path, sound) in [
            ("/ga4gh/drs/v1/objects/a%2Fb", true),
            ("/ga4gh/drs/v1/objects/a%2Fb/access/https", true),
            ("/ga4gh/drs/v1/objects/a/access/x%2Fy", false),
            ("/v1/tasks/a%2Fb", false),
            ("/ga4gh%2Fdrs/v1/objects/a", false),
            ("/ga4gh/trs/v2/tools/a%2Fb", true),
            ("/api/ga4gh/v2/tools/a%2Fb/versions/1/CWL/descriptor/x%2Fy", true),
            ("/ga4gh/trs/v2/tools/a/versions/1%2F2", false),
            ("/ga4gh/trs/v2/tools/a/versions/1/CWL%2Fx/descriptor", false),
        ] {
            assert_eq!(slashes(&parse_path(path).unwrap()).is_ok(), sound, "{path}");
        }
    }
}
