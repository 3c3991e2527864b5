//! An authorization request, checked in full before any redirect (`specs/trust.md` C.1 to C.11).
//!
//! Two steps: [`Named`] says which client and which redirect URI, and what is wrong with those is shown on a page of
//! our own; only then does [`Named::check`] look at the rest, whose faults go back to the client.

use serde::{Deserialize, Serialize};
use url::Url;

use super::details::{self, Details};
use super::pkce::Challenge;
use super::prompt::Prompt;
use super::refusal::{NotProven, Refusal};
use super::scope::{Scope, Scopes};
use crate::page::Fields;
use crate::store::clients::ClientRow;

/// Most bytes of `state`: it comes back in a URL.
const STATE_BYTES: usize = 1024;
/// Most bytes of `nonce`.
const NONCE_BYTES: usize = 255;
/// Most resources in a request.
const RESOURCES: usize = 5;
/// Most bytes of the whole request: while the person logs in it waits in a sealed cookie.
pub(crate) const REQUEST_BYTES: usize = 2_200;
/// Most bytes of a request that was pushed: it waits in a row, and in the sealed field of the release form.
pub(crate) const PUSHED_BYTES: usize = 6_000;
/// Parameters of which there may be several (RFC 8707).
const REPEATABLE: [&str; 1] = ["resource"];

/// What the registration of a client allows it to ask for.
#[derive(Clone, Debug)]
pub(crate) struct Allowed<'c> {
    /// Its scopes.
    pub(crate) scopes: Scopes,
    /// Audiences for which it gets tokens.
    pub(crate) audiences: &'c [String],
    /// Types of `authorization_details`.
    pub(crate) details: &'c [String],
}

impl<'c> Allowed<'c> {
    /// By this registration.
    pub(crate) fn of(client: &'c ClientRow) -> Self {
        Self {
            scopes: Scopes::parse(&client.scopes.join(" ")),
            audiences: &client.audiences,
            details: &client.options.authorization_details_types,
        }
    }
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
    /// What the tokens are narrowed to (RFC 9396).
    pub(crate) details: Details,
    /// The key that the code is bound to (RFC 9449 §10).
    pub(crate) dpop_jkt: Option<String>,
    /// Under which it waits, if it was pushed: used up with the code.
    pub(crate) ticket: Option<String>,
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
    pub(crate) fn read(text: &str, most: usize) -> Result<Self, NotProven> {
        if text.len() > most {
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
        let details = match one("authorization_details")? {
            None => Details::default(),
            Some(text) => Details::parse(text, allowed.details).map_err(|wrong| {
                Refusal::new(details::ERROR, format!("`authorization_details` is refused: {wrong}"))
            })?,
        };
        let dpop_jkt = one("dpop_jkt")?;
        if dpop_jkt.is_some_and(|jkt| Challenge::parse(jkt).is_none()) {
            return Err(invalid("`dpop_jkt` is no SHA-256 thumbprint".into()));
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
            prompt: Prompt::parse(one("prompt")?)?,
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
            details,
            dpop_jkt: dpop_jkt.map(str::to_owned),
            ticket: None,
        })
    }
}

/// Resource indicators: absolute, without fragment, allowed (RFC 8707 §2).
pub(crate) fn resources(fields: &Fields, allowed: &Allowed<'_>) -> Result<Vec<String>, Refusal> {
    let mut all: Vec<String> = Vec::new();
    for text in fields.many("resource") {
        let absolute = Url::parse(text).is_ok_and(|url| url.fragment().is_none());
        if !absolute || !allowed.audiences.iter().any(|audience| audience == text) {
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
mod tests;
