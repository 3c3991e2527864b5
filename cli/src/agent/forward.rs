//! One request, there and back: admitted, shown the token, streamed to the node, its answer streamed back.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt, stream::BoxStream};
use http::{HeaderValue, Method, StatusCode, header};

use http_body_util::{BodyExt as _, Limited};
use hyper::{body::Body as _, ext::ReasonPhrase};
use serde_json::Value;
use visa_verifier::seam::{HttpsFetch, Secret};

use super::{
    answer::{Refusal, outgoing, strip_hop},
    ask::Asker,
    credential::Credential,
    denial::{Denial, challenged},
    guard::Guard,
    notices::{Notices, plain},
    route::{self, Api},
};
use crate::{client::http::Reply, commands::tes::show::reasons, commands::work::ended, exit::Exit};

/// Until the head of an answer: the node may wait for its backend, or for its log.
const HEAD: Duration = Duration::from_secs(120);
/// Denials and states are read beside being passed on; what is larger only passes.
const READ_BYTES: u64 = 64 << 10;
/// Tasks whose end was told.
const TOLD: usize = 10_000;

/// The forwarder.
#[derive(Debug)]
pub(crate) struct Forwarder {
    /// Who may use it.
    pub(crate) guard: Guard,
    /// What it shows.
    pub(crate) credential: Credential,
    /// The node's proxy, without a slash at its end.
    pub(crate) node: String,
    /// The way there.
    pub(crate) fetch: HttpsFetch,
    /// Words on the terminal.
    pub(crate) notices: Arc<Notices>,
    /// Who asks the person.
    pub(crate) asker: Arc<Asker>,
    /// Tasks whose end was told.
    pub(crate) told: Mutex<BTreeSet<String>>,
}

/// Its one route.
pub(crate) fn router(forwarder: Arc<Forwarder>) -> Router {
    Router::new().fallback(handle).with_state(forwarder)
}

async fn handle(State(forwarder): State<Arc<Forwarder>>, request: Request) -> Response {
    match forwarder.forward(request).await {
        Ok(response) => response,
        Err(refusal) => {
            if refusal.code() == "agent.session_over" {
                forwarder.notices.once(refusal.code(), || refusal.words().to_owned());
            }
            refusal.response()
        }
    }
}

/// What was asked, for words and for what is learnt from the answer.
struct Asked {
    method: Method,
    path: String,
    api: Api,
}

impl Forwarder {
    async fn forward(self: &Arc<Self>, request: Request) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let path = self.guard.admits(&parts.uri, &parts.headers)?.to_owned();
        let api = route::api(&path)?;
        if parts.method == Method::CONNECT || parts.method == Method::TRACE {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "agent.method",
                "this method is not forwarded",
            ));
        }
        let token = self.credential.token(api).await?;
        let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let target = format!("{}{path}{query}", self.node);
        let mut headers = outgoing(&parts.headers);
        headers.insert(header::AUTHORIZATION, bearer(&token)?);
        let stream: Option<BoxStream<'static, Result<Bytes, std::io::Error>>> = (!body.is_end_stream())
            .then(|| TryStreamExt::map_err(body.into_data_stream(), std::io::Error::other).boxed());
        let mut request = http::Request::new(stream);
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = target
            .parse()
            .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "agent.path", "the path is no path"))?;
        *request.headers_mut() = headers;
        let asked = Asked {
            method: parts.method,
            path,
            api,
        };
        let response = self.fetch.stream(request, HEAD).await.map_err(|wrong| {
            self.notices
                .once("unreachable", || format!("the node can't be reached: {wrong}"));
            Refusal::later("agent.unreachable", "the node can't be reached", 5)
        })?;
        self.notices.forget("unreachable");
        self.answered(&asked, &token, response.map(Body::new)).await
    }

    async fn answered(
        self: &Arc<Self>,
        asked: &Asked,
        token: &Secret,
        mut response: Response,
    ) -> Result<Response, Refusal> {
        let status = response.status();
        if status.is_redirection() && response.headers().contains_key(header::LOCATION) {
            return Err(Refusal::new(
                StatusCode::BAD_GATEWAY,
                "agent.redirect",
                "the node sends elsewhere; the agent shows its token to the node alone",
            ));
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(match challenged(response.headers()) {
                Some(wanted) => {
                    Arc::clone(&self.asker).ask(wanted);
                    Refusal::later(
                        "agent.step_up",
                        "a stronger sign-in is asked for on the agent's terminal",
                        30,
                    )
                }
                None => self.credential.refused(asked.api, token).await,
            });
        }
        let headers = response.headers_mut();
        strip_hop(headers);
        for name in [header::SET_COOKIE, header::ALT_SVC, header::STRICT_TRANSPORT_SECURITY] {
            headers.remove(name);
        }
        if self.is_read(asked, &response) {
            return self.read(asked, response).await;
        }
        Ok(response)
    }

    /// Whether an answer is read beside being passed on: a denial, or one task.
    fn is_read(&self, asked: &Asked, response: &Response) -> bool {
        let small = response
            .body()
            .size_hint()
            .upper()
            .is_some_and(|bytes| bytes <= READ_BYTES);
        let kind = response.headers().get(header::CONTENT_TYPE);
        let json = kind
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/json"));
        let status = response.status();
        let denied = status.is_client_error() && status != StatusCode::NOT_FOUND;
        let work = status.is_success() && asked.method == Method::GET && route::work(&asked.path).is_some();
        small && json && (denied || work)
    }

    async fn read(self: &Arc<Self>, asked: &Asked, response: Response) -> Result<Response, Refusal> {
        let (mut parts, body) = response.into_parts();
        let limit = usize::try_from(READ_BYTES).unwrap_or(usize::MAX);
        let whole = tokio::time::timeout(HEAD, Limited::new(body, limit).collect()).await;
        let bytes = whole
            .ok()
            .and_then(Result::ok)
            .map(|whole| whole.to_bytes())
            .ok_or_else(|| Refusal::later("agent.unreachable", "the node's answer broke off", 1))?;
        let said: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if parts.status.is_success() {
            self.watch(asked, &said);
        } else if let Some(denial) = Denial::of(&said) {
            let what = format!("{} {}", asked.method, plain(&asked.path));
            self.notices.once(&denial.key(&what), || denial.told(&what));
            if let Some(wanted) = denial.step_up() {
                Arc::clone(&self.asker).ask(wanted);
            }
            // HTTP/2 has no reason phrase, and some clients print nothing else
            if parts.status == StatusCode::FORBIDDEN
                && parts.extensions.get::<ReasonPhrase>().is_none()
                && let Ok(phrase) = ReasonPhrase::try_from(format!("Forbidden: {}", denial.code))
            {
                parts.extensions.insert(phrase);
            }
        }
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }

    /// Looks at a state that a client asked for: work that was stopped is told once, with the reason.
    fn watch(self: &Arc<Self>, asked: &Asked, said: &Value) {
        let state = said.get("state").and_then(Value::as_str).unwrap_or_default();
        let Some(id) = route::work(&asked.path).filter(|_| ended(state).is_some_and(|exit| exit != Exit::Yes)) else {
            return;
        };
        let fresh = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.len() >= TOLD {
                told.clear();
            }
            told.insert(id.to_owned())
        };
        if !fresh {
            return;
        }
        let (this, api, id, state) = (Arc::clone(self), asked.api, id.to_owned(), plain(state));
        tokio::spawn(async move {
            let kind = if api == Api::Wes { "run" } else { "task" };
            let lines = this.why(api, &id).await;
            this.notices.say(&format!("{kind} {id} {state}{lines}"));
        });
    }

    /// Why a task ended as it did, from its full view.
    async fn why(&self, api: Api, id: &str) -> String {
        if api != Api::Tes {
            return format!(": visum wes status {id}");
        }
        let Ok(token) = self.credential.token(api).await else {
            return String::new();
        };
        let url = format!("{}/ga4gh/tes/v1/tasks/{id}?view=FULL", self.node);
        let client = &self.credential.login.keeper().client;
        let full = client
            .get(&url, token.expose_str())
            .await
            .ok()
            .map(|reply: Reply| reply.json());
        let lines = full.map(|task| reasons(&task)).unwrap_or_default();
        lines.iter().map(|line| format!("\n  {}", plain(line))).collect()
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, Refusal> {
    let text = format!("Bearer {}", token.expose_str().unwrap_or_default());
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| Refusal::later("agent.login_over", "the login holds no token that can be sent", 30))?;
    value.set_sensitive(true);
    Ok(value)
}
