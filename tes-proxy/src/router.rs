//! Every route in one table ([`crate::operation`]), by listener: read, look up, handle, shape.

use axum::{Router, body::Body, extract::State, response::Response};
use http::{Method, Request, StatusCode, Version, header};

use crate::{
    airlock,
    api::Incoming,
    entry,
    operation::{self, Operation, Routed},
    problem::{Api, Edge, Problem, respond},
    proxy::Proxy,
    service, session, storage, understand,
};

/// The public listener. The peer's address stands in the request's `ConnectInfo<SocketAddr>`.
pub fn router(proxy: Proxy) -> Router {
    Router::new().fallback(public).with_state(proxy)
}

/// The storage door's listener: capabilities of tasks and runs, and nothing else.
pub fn storage_router(proxy: Proxy) -> Router {
    Router::new().fallback(door).with_state(proxy)
}

async fn public(State(proxy): State<Proxy>, request: Request<Body>) -> Response {
    let hosts = proxy.0.hosts.clone();
    answer(proxy, request, &hosts, |proxy, incoming, body| {
        Box::pin(handle(proxy, incoming, body))
    })
    .await
}

async fn door(State(proxy): State<Proxy>, request: Request<Body>) -> Response {
    let hosts = proxy.0.door_hosts.clone();
    let path = request.uri().path();
    if path != "/healthz" && !path.starts_with("/visum/") {
        return s3(&proxy, request, &hosts).await;
    }
    answer(proxy, request, &hosts, |proxy, incoming, _| {
        Box::pin(storage::handle(proxy, incoming))
    })
    .await
}

/// The S3 side of the door: everything that is no capability.
async fn s3(proxy: &Proxy, mut request: Request<Body>, hosts: &entry::Hosts) -> Response {
    let (method, id) = (request.method().clone(), proxy.0.gate.id());
    // what was signed is the path as it came
    let path = request.uri().path().to_owned();
    let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    // `/bucket/` is the bucket
    let bucket = path.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    if let Some(bucket) = bucket.filter(|bucket| !bucket.is_empty() && !bucket.contains('/')) {
        let query = request
            .uri()
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        if let Ok(uri) = format!("/{bucket}{query}").parse() {
            *request.uri_mut() = uri;
        }
    }
    let place = proxy.0.place().await;
    let read = place.and_then(|place| entry::read(request, id.clone(), hosts).map(|read| (place, read)));
    let response = match read {
        Ok((_place, (incoming, body))) => storage::s3::handle(proxy, &incoming, &authority, &path, body).await,
        Err(problem) => storage::s3::refusal(problem, &id),
    };
    entry::finish(response, &method, &id)
}

type Handled<'h> = futures::future::BoxFuture<'h, Result<Response, Problem>>;

async fn answer(
    proxy: Proxy,
    request: Request<Body>,
    hosts: &entry::Hosts,
    handler: impl for<'h> FnOnce(&'h Proxy, &'h Incoming, Body) -> Handled<'h>,
) -> Response {
    let (method, version, id) = (request.method().clone(), request.version(), proxy.0.gate.id());
    let early = crate::api::parse_path(request.uri().path())
        .map_or(shape_of(request.uri().path()), |segments| operation::api(&segments));
    // whether we live is told at any load
    let place = match request.uri().path() {
        "/healthz" => Ok(None),
        _ => proxy.0.place().await.map(Some),
    };
    let read = place.and_then(|place| entry::read(request, id.clone(), hosts).map(|read| (place, read)));
    let outcome = match read {
        Ok((_place, (mut incoming, body))) => {
            if proxy.0.config.drs.as_ref().is_some_and(|drs| drs.slash_ids) {
                incoming.segments = operation::with_slash_ids(incoming.segments);
            }
            handler(&proxy, &incoming, body).await
        }
        Err(problem) => Err(problem),
    };
    let response = match outcome {
        Ok(response) => response,
        Err(problem) => told(&proxy, &problem, early, &id, version),
    };
    entry::finish(response, &method, &id)
}

/// A target that could not be parsed still tells which API was meant, for the shape of its error.
fn shape_of(path: &str) -> Api {
    match path {
        _ if path.starts_with("/ga4gh/drs/") => Api::Drs,
        _ if path.starts_with("/ga4gh/wes/") => Api::Wes,
        _ if path.starts_with("/ga4gh/trs/") || path.starts_with("/api/ga4gh/") => Api::Trs,
        _ if path.starts_with("/ga4gh/registry/") || path.starts_with("/services/") => Api::Registry,
        _ if path.starts_with("/ga4gh/tes/") || path.starts_with("/v1/") => Api::Tes,
        _ => Api::Own,
    }
}

fn told(proxy: &Proxy, problem: &Problem, api: Api, id: &str, version: Version) -> Response {
    tracing::info!(request.id = id, status = problem.status.as_u16(), code = %problem.code, "refused");
    respond(
        problem,
        &Edge {
            api,
            request_id: id,
            origin: &proxy.0.config.public_url,
            version,
        },
    )
}

async fn handle(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let operation = match operation::route(&incoming.method, &incoming.segments) {
        Routed::Row(operation) => operation,
        Routed::Methods(allow) => {
            return Err(Problem {
                allow: Some(allow),
                ..Problem::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "request.method",
                    "this route does not take this method",
                )
            });
        }
        Routed::Unknown => {
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "request.route",
                "there is no such route",
            ));
        }
    };
    match operation {
        Operation::DrsServiceInfo => understand::drs::service_info::get(proxy, incoming),
        Operation::DrsObject => understand::drs::objects::get(proxy, incoming).await,
        Operation::DrsPostObject => understand::drs::objects::post(proxy, incoming, body).await,
        Operation::DrsAccess => understand::drs::access::get(proxy, incoming).await,
        Operation::DrsPostAccess => understand::drs::access::post(proxy, incoming, body).await,
        Operation::DrsBulk => understand::drs::bulk::describe(proxy, incoming, body).await,
        Operation::DrsBulkAccess => understand::drs::bulk::access_urls(proxy, incoming, body).await,
        Operation::DrsOptions => understand::drs::authorizations::options(proxy, incoming),
        Operation::DrsBulkOptions => understand::drs::bulk::options(proxy, incoming, body).await,
        Operation::TesServiceInfo => understand::tes::service_info::get(proxy, incoming),
        Operation::TesList => understand::tes::tasks::list(proxy, incoming).await,
        Operation::TesCreate => understand::tes::submit::post(proxy, incoming, body).await,
        Operation::TesTask => understand::tes::task::get(proxy, incoming).await,
        Operation::TesCancel => understand::tes::cancel::post(proxy, incoming, body).await,
        Operation::WesServiceInfo => understand::wes::service_info::get(proxy, incoming),
        Operation::WesList => understand::wes::runs::list(proxy, incoming).await,
        Operation::WesRun => understand::wes::run::post(proxy, incoming, body).await,
        Operation::WesLog => understand::wes::run_log::get(proxy, incoming).await,
        Operation::WesStatus => understand::wes::run_log::status(proxy, incoming).await,
        Operation::WesTasks => understand::wes::tasks::list(proxy, incoming).await,
        Operation::WesTask => understand::wes::tasks::get(proxy, incoming).await,
        Operation::WesCancel => understand::wes::cancel::post(proxy, incoming, body).await,
        Operation::TrsServiceInfo => understand::trs::service_info::get(proxy, incoming),
        Operation::TrsList => understand::trs::tools::list(proxy, incoming).await,
        Operation::TrsTool => understand::trs::tools::one(proxy, incoming).await,
        Operation::TrsVersions => understand::trs::tools::versions(proxy, incoming).await,
        Operation::TrsVersion => understand::trs::tools::version(proxy, incoming).await,
        Operation::TrsDescriptor => understand::trs::descriptor::get(proxy, incoming).await,
        Operation::TrsTests => understand::trs::descriptor::tests(proxy, incoming).await,
        Operation::TrsFiles => understand::trs::descriptor::files(proxy, incoming).await,
        Operation::TrsContainerfile => understand::trs::descriptor::container(proxy, incoming).await,
        Operation::TrsClasses => understand::trs::tools::classes(proxy, incoming).await,
        Operation::RegistryServiceInfo => service::registry::info(proxy, incoming),
        Operation::RegistryServices => service::registry::list(proxy, incoming),
        Operation::RegistryTypes => service::registry::types(proxy, incoming),
        Operation::RegistryService => service::registry::one(proxy, incoming),
        Operation::Data => understand::drs::bytes::get(proxy, incoming).await,
        Operation::Explain => service::explain::post(proxy, incoming, body).await,
        Operation::CanI => service::can_i::post(proxy, incoming, body).await,
        Operation::PassportVerify => service::passport::verify(proxy, incoming, body).await,
        Operation::Datasets => service::datasets::get(proxy, incoming).await,
        Operation::DecisionPage => service::decision::get(proxy, incoming).await,
        Operation::SessionStart => session::post(proxy, incoming, body).await,
        Operation::SessionList => session::get(proxy, incoming).await,
        Operation::SessionEnd => session::end(proxy, incoming).await,
        Operation::Outputs => airlock::manifest::get(proxy, incoming).await,
        Operation::ReleaseRequest => airlock::request::post(proxy, incoming, body).await,
        Operation::ReleaseList => airlock::show::list(proxy, incoming).await,
        Operation::ReleaseShow => airlock::show::one(proxy, incoming).await,
        Operation::ReleaseReceipt => airlock::show::receipt(proxy, incoming).await,
        Operation::ReleaseGrant => airlock::judge::release(proxy, incoming, body).await,
        Operation::ReleaseRefuse => airlock::judge::refuse(proxy, incoming, body).await,
        Operation::ReleaseFile => airlock::fetch::capability(proxy, incoming).await,
        Operation::ResourceMetadata => service::metadata::get(proxy),
        Operation::Health => Ok(Response::new(Body::from("ok"))),
    }
}

/// A JSON answer with the log's promise.
pub(crate) fn json<T: serde::Serialize>(value: &T, receipt: Option<String>) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(value).map_err(|_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "answer.write",
            "the answer could not be written",
        )
    })?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    promise(headers, receipt);
    Ok(response)
}

/// The `Visum-Audit` header of an answer that rests on an entry.
pub(crate) fn promise(headers: &mut http::HeaderMap, receipt: Option<String>) {
    if let Some(value) = receipt.and_then(|text| http::HeaderValue::from_str(&text).ok()) {
        headers.insert("visum-audit", value);
    }
}

/// Is it the method of a body-less answer?
pub(crate) fn is_head(incoming: &Incoming) -> bool {
    incoming.method == Method::HEAD
}
