//! An authorization request, checked in full before any redirect (`specs/trust.md` C.1 to C.11).
//!
//! Two steps: [`Named`] says which client and which redirect URI, and what is wrong with those is shown on a page of
//! our own; only then does [`Named::check`] look at the rest, whose faults go back to the client.

use serde::{Deserialize, Serialize};
use url::Url;

use super::pkce::Challenge;
use super::scope::{Scope, Scopes};
use crate::page::{FieldProblem, Fields};

/// Most bytes of `state`: it comes back in a URL.
const STATE_BYTES: usize = 1024;
/// Most bytes of `nonce`.
const NONCE_BYTES: usize = 255;
/// Most resources in a request.
const RESOURCES: usize = 5;
/// Most bytes of the whole request: while the person logs in it waits in a sealed cookie.
pub(crate) const REQUEST_BYTES: usize = 2_200;
/// Parameters of which there may be several (RFC 8707).
const REPEATABLE: [&str; 1] = ["resource"];

/// A fault that is shown here and never sent anywhere: the client or its redirect URI is not proven.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NotProven {
    /// The request has no readable shape.
    #[error("the sign-in request could not be read: {0}")]
    Unreadable(#[from] FieldProblem),
    /// It is longer than [`REQUEST_BYTES`].
    #[error("the sign-in request is too long")]
    TooLong,
    /// Nobody registered this client.
    #[error("no program is registered under this client id")]
    UnknownClient,
    /// The client did not register this URI.
    #[error("the program did not register the address to which it wants you sent back")]
    Redirect,
}

impl NotProven {
    /// Stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "authorize.unreadable",
            Self::TooLong => "authorize.too_long",
            Self::UnknownClient => "authorize.unknown_client",
            Self::Redirect => "authorize.redirect_uri",
        }
    }
}

/// A fault that the client is told of by its redirect URI (RFC 6749 §4.1.2.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    /// OAuth's word.
    pub(crate) error: &'static str,
    /// A sentence for whoever wrote the client.
    pub(crate) description: String,
}

impl Refusal {
    /// With a sentence.
    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            error,
            description: description.into(),
        }
    }
}

/// What the registration of a client allows it to ask for.
#[derive(Clone)]
pub(crate) struct Allowed<'c> {
    /// Its scopes.
    pub(crate) scopes: &'c Scopes,
    /// Whether a token for this resource may be asked for.
    pub(crate) resource: &'c dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for Allowed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Allowed")
            .field("scopes", self.scopes)
            .finish_non_exhaustive()
    }
}

/// `prompt`, as far as we act on it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) enum Prompt {
    /// Nothing asked: pages where they are needed.
    #[default]
    AsNeeded,
    /// No page at all, or an error.
    Never,
    /// Sign in anew.
    Login,
    /// Ask for the release, even if it is remembered.
    Consent,
    /// Choose the institution anew.
    Choose,
}

/// An authorization request whose every part was checked.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct AuthorizationRequest {
    /// The client.
    pub(crate) client: String,
    /// Where it is answered; registered by the client.
    pub(crate) redirect: Url,
    /// The same as the client wrote it: a parser may add a slash, and the client must say the same text again.
    pub(crate) redirect_text: String,
    /// Scopes: known ones, allowed to the client, `openid` among them.
    pub(crate) scopes: Scopes,
    /// Comes back unchanged.
    pub(crate) state: Option<String>,
    /// Goes into the ID Token unchanged.
    pub(crate) nonce: Option<String>,
    /// The PKCE challenge.
    pub(crate) challenge: Challenge,
    /// Resources (RFC 8707); empty: the default audiences.
    pub(crate) resources: Vec<String>,
    /// Pages wished or not wished.
    pub(crate) prompt: Prompt,
    /// Oldest login that will do, in seconds.
    pub(crate) max_age: Option<u64>,
    /// Authentication contexts wished for; passed on to the institution.
    pub(crate) acr_values: Vec<String>,
    /// Passed on to the institution.
    pub(crate) login_hint: Option<String>,
    /// Which institution, if the client knows.
    pub(crate) institution: Option<String>,
}

/// The two parameters that must be proven first, with the rest still unread.
#[derive(Debug)]
pub(crate) struct Named {
    /// `client_id`.
    pub(crate) client: String,
    /// `redirect_uri`, as it was sent.
    pub(crate) redirect: String,
    /// `state`, for the answer to a fault.
    pub(crate) state: Option<String>,
    fields: Fields,
}

impl Named {
    /// Reads who asks.
    pub(crate) fn read(text: &str) -> Result<Self, NotProven> {
        if text.len() > REQUEST_BYTES {
            return Err(NotProven::TooLong);
        }
        let fields = Fields::parse(text.as_bytes())?;
        let client = fields.required("client_id")?.to_owned();
        let redirect = fields.required("redirect_uri")?.to_owned();
        // Given twice, it is no state that could be sent back.
        let state = fields
            .one("state")
            .ok()
            .flatten()
            .filter(|state| state.len() <= STATE_BYTES)
            .map(str::to_owned);
        Ok(Self {
            client,
            redirect,
            state,
            fields,
        })
    }

    /// Checks the rest. `redirect` is the URI that the client's registration has proven.
    pub(crate) fn check(&self, redirect: Url, allowed: &Allowed<'_>) -> Result<AuthorizationRequest, Refusal> {
        let fields = &self.fields;
        let invalid = |words: String| Refusal::new("invalid_request", words);
        if let Some(name) = fields.repeated(&REPEATABLE) {
            return Err(invalid(format!("`{name}` stands more than once")));
        }
        let one = |name: &str| fields.one(name).map_err(|problem| invalid(problem.to_string()));
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
            ("authorization_details", "invalid_authorization_details"),
        ] {
            // Not ignored: what a client says there may narrow what it asks for.
            if one(name)?.is_some() {
                return Err(Refusal::new(error, format!("`{name}` is not supported")));
            }
        }
        match one("response_type")? {
            Some("code") => {}
            Some(_) => return Err(Refusal::new("unsupported_response_type", "only `code` is supported")),
            None => return Err(invalid("`response_type` is missing".into())),
        }
        if one("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(invalid("only response mode `query` is supported".into()));
        }
        let challenge = match (one("code_challenge")?, one("code_challenge_method")?) {
            (None, _) => return Err(invalid("PKCE is required: `code_challenge` is missing".into())),
            (Some(text), Some("S256")) => {
                Challenge::parse(text).ok_or_else(|| invalid("`code_challenge` is not an S256 challenge".into()))?
            }
            (Some(_), _) => return Err(invalid("`code_challenge_method` must be `S256`".into())),
        };
        let scopes = Scopes::parse(one("scope")?.unwrap_or_default());
        if !scopes.has(Scope::OpenId) {
            return Err(Refusal::new("invalid_scope", "the scope `openid` is required"));
        }
        if let Some(scope) = scopes.iter().find(|scope| !allowed.scopes.has(*scope)) {
            return Err(Refusal::new(
                "invalid_scope",
                format!("`{}` is not registered for this client", scope.word()),
            ));
        }
        let state = one("state")?;
        if state.is_some_and(|state| state.len() > STATE_BYTES) {
            return Err(invalid(format!("`state` is longer than {STATE_BYTES} bytes")));
        }
        let nonce = one("nonce")?;
        if nonce.is_some_and(|nonce| nonce.len() > NONCE_BYTES) {
            return Err(invalid(format!("`nonce` is longer than {NONCE_BYTES} bytes")));
        }
        let max_age = one("max_age")?.map(str::parse::<u64>).transpose();
        Ok(AuthorizationRequest {
            client: self.client.clone(),
            redirect,
            redirect_text: self.redirect.clone(),
            scopes,
            state: state.map(str::to_owned),
            nonce: nonce.map(str::to_owned),
            challenge,
            resources: resources(fields, allowed)?,
            prompt: prompt(one("prompt")?)?,
            max_age: max_age.map_err(|_| invalid("`max_age` is not a number of seconds".into()))?,
            acr_values: one("acr_values")?
                .unwrap_or_default()
                .split(' ')
                .filter(|word| !word.is_empty())
                .take(8)
                .map(str::to_owned)
                .collect(),
            login_hint: one("login_hint")?.filter(|hint| hint.len() <= 255).map(str::to_owned),
            institution: match one("idp_hint")? {
                Some(hint) => Some(hint.to_owned()),
                None => one("kc_idp_hint")?.map(str::to_owned),
            },
        })
    }
}

fn prompt(text: Option<&str>) -> Result<Prompt, Refusal> {
    let words: Vec<&str> = text
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    match words.as_slice() {
        [] => Ok(Prompt::AsNeeded),
        ["none"] => Ok(Prompt::Never),
        words if words.contains(&"none") => Err(Refusal::new("invalid_request", "`prompt=none` stands alone")),
        words if words.contains(&"login") => Ok(Prompt::Login),
        words if words.contains(&"select_account") => Ok(Prompt::Choose),
        words if words.contains(&"consent") => Ok(Prompt::Consent),
        _ => Ok(Prompt::AsNeeded),
    }
}

/// Resource indicators: absolute, without fragment, allowed (RFC 8707 §2).
pub(crate) fn resources(fields: &Fields, allowed: &Allowed<'_>) -> Result<Vec<String>, Refusal> {
    let mut all: Vec<String> = Vec::new();
    for text in fields.many("resource") {
        let absolute = Url::parse(text).is_ok_and(|url| url.fragment().is_none());
        if !absolute || !(allowed.resource)(text) {
            return Err(Refusal::new(
                "invalid_target",
                "a `resource` is not one for which tokens are issued",
            ));
        }
        if !all.iter().any(|known| known == text) {
            all.push(text.to_owned());
        }
    }
    if all.len() > RESOURCES {
        return Err(Refusal::new(
            "invalid_target",
            format!("more than {RESOURCES} resources"),
        ));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "response_type=code&client_id=c&redirect_uri=https%3A%2F%2Fc.example.org%2Fcb&scope=openid+ga4gh_passport_v1&state=s&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

    fn ask(text: &str) -> Result<AuthorizationRequest, Refusal> {
        let scopes = Scopes::parse("openid profile ga4gh_passport_v1");
        let allowed = Allowed {
            scopes: &scopes,
            resource: &|resource| resource == "https://proxy.example.org/",
        };
        Named::read(text)
            .unwrap()
            .check("https://c.example.org/cb".parse().unwrap(), &allowed)
    }

    #[test]
    fn a_request_is_refused_for_each_fault_with_its_own_word() {
        let without = |name: &str| -> String {
            GOOD.split('&')
                .filter(|pair| !pair.starts_with(&format!("{name}=")))
                .collect::<Vec<_>>()
                .join("&")
        };
        let with = |more: &str| format!("{GOOD}&{more}");
        let long = "x".repeat(STATE_BYTES + 1);
        let cases = [
            ("no response type", without("response_type"), "invalid_request"),
            (
                "implicit",
                GOOD.replace("response_type=code", "response_type=token"),
                "unsupported_response_type",
            ),
            (
                "hybrid",
                GOOD.replace("response_type=code", "response_type=code+id_token"),
                "unsupported_response_type",
            ),
            ("fragment mode", with("response_mode=fragment"), "invalid_request"),
            ("no PKCE", without("code_challenge"), "invalid_request"),
            (
                "no PKCE method means plain",
                without("code_challenge_method"),
                "invalid_request",
            ),
            ("plain PKCE", GOOD.replace("S256", "plain"), "invalid_request"),
            (
                "a challenge that is none",
                GOOD.replace("E9Mel", "!"),
                "invalid_request",
            ),
            ("no openid", GOOD.replace("openid+", ""), "invalid_scope"),
            (
                "a scope not registered",
                GOOD.replace("scope=openid", "scope=openid+visum%3Aadmin"),
                "invalid_scope",
            ),
            ("a scope twice", with("scope=openid"), "invalid_request"),
            ("a challenge twice", with("code_challenge=x"), "invalid_request"),
            (
                "a long state",
                GOOD.replace("state=s", &format!("state={long}")),
                "invalid_request",
            ),
            ("a request object", with("request=ey"), "request_not_supported"),
            (
                "a request object by URI",
                with("request_uri=https%3A%2F%2Fc.example.org"),
                "request_uri_not_supported",
            ),
            (
                "details that would narrow",
                with("authorization_details=%5B%5D"),
                "invalid_authorization_details",
            ),
            ("none with another prompt", with("prompt=none+login"), "invalid_request"),
            ("max_age in words", with("max_age=soon"), "invalid_request"),
            (
                "an unknown resource",
                with("resource=https%3A%2F%2Fother.example.org%2F"),
                "invalid_target",
            ),
            ("a relative resource", with("resource=proxy"), "invalid_target"),
            (
                "a resource with a fragment",
                with("resource=https%3A%2F%2Fproxy.example.org%2F%23a"),
                "invalid_target",
            ),
        ];
        for (name, text, error) in cases {
            assert_eq!(ask(&text).unwrap_err().error, error, "{name}");
        }
    }

    #[test]
    fn a_good_request_keeps_what_it_said_and_unknown_words_are_left_out() {
        let request = ask(&format!("{GOOD}&display=page&ui_locales=fi&claims=%7B%7D&resource=https%3A%2F%2Fproxy.example.org%2F&login_hint=ada&kc_idp_hint=home&max_age=60&prompt=login")
            .replace("scope=openid", "scope=openid+phone")).unwrap();
        assert_eq!(request.scopes.to_string(), "openid ga4gh_passport_v1");
        assert_eq!(
            (request.state.as_deref(), request.nonce.as_deref()),
            (Some("s"), Some("n"))
        );
        assert_eq!(request.resources, ["https://proxy.example.org/"]);
        assert_eq!(
            (request.login_hint.as_deref(), request.institution.as_deref()),
            (Some("ada"), Some("home"))
        );
        assert_eq!((request.prompt, request.max_age), (Prompt::Login, Some(60)));
    }

    #[test]
    fn who_asks_is_read_before_anything_is_sent_anywhere() {
        let cases = [
            (
                "no client",
                "redirect_uri=https%3A%2F%2Fc.example.org",
                "authorize.unreadable",
            ),
            ("no redirect URI", "client_id=c", "authorize.unreadable"),
            (
                "two clients",
                "client_id=a&client_id=b&redirect_uri=https%3A%2F%2Fc.example.org",
                "authorize.unreadable",
            ),
            (
                "two redirect URIs",
                "client_id=a&redirect_uri=a&redirect_uri=b",
                "authorize.unreadable",
            ),
        ];
        for (name, text, code) in cases {
            assert_eq!(Named::read(text).unwrap_err().code(), code, "{name}");
        }
        assert_eq!(
            Named::read(&"x".repeat(REQUEST_BYTES + 1)).unwrap_err().code(),
            "authorize.too_long"
        );
    }
}
