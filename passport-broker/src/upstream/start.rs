//! Off to the institution: state, nonce and PKCE, all of this one login.

use openidconnect::core::{CoreAuthPrompt, CoreResponseType};
use openidconnect::{
    AuthenticationContextClass, AuthenticationFlow, CsrfToken, LoginHint, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope,
};
use serde::{Deserialize, Serialize};
use url::Url;
use visa_verifier::seam::{Random, token};

use super::provider::Discovered;
use crate::limits;

/// How long a person may take at the institution.
pub(crate) const PENDING_SECONDS: u64 = 600;

/// What the program that asks for the login wishes of the institution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    /// Passed on as it came: it may spare a page there.
    pub(crate) login_hint: Option<String>,
    /// Authentication contexts asked for.
    pub(crate) acr_values: Vec<String>,
    /// Ask for the password again.
    pub(crate) fresh: bool,
}

/// A login that is under way; lives in a sealed cookie of the browser that began it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PendingLogin {
    /// Which upstream was asked.
    pub(crate) upstream: String,
    /// Its `state`; the cookie's name carries the start of it, so that several logins can be under way.
    pub(crate) state: String,
    /// Compared with the ID Token's.
    pub(crate) nonce: String,
    /// The PKCE verifier.
    pub(crate) verifier: String,
    /// Where to go on, at this broker: a path and query.
    pub(crate) then: String,
    /// The browser session (`sid`) to whose account the identity shall be added, if it is no sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
}

impl PendingLogin {
    /// The name of the cookie of the login with this state.
    pub(crate) fn cookie(state: &str) -> String {
        let start: String = state.chars().filter(char::is_ascii_alphanumeric).take(10).collect();
        format!("login-{start}")
    }
}

/// The URL at the institution, and what to keep until the browser comes back.
pub(crate) fn start(
    at: &Discovered,
    redirect: RedirectUrl,
    ask: &Ask,
    then: String,
    link: Option<String>,
    random: &dyn Random,
) -> (Url, PendingLogin) {
    let pending = PendingLogin {
        upstream: at.upstream.id.clone(),
        state: token(random, 32),
        nonce: token(random, 32),
        verifier: token(random, 32),
        then,
        link,
    };
    let (state, nonce) = (CsrfToken::new(pending.state.clone()), Nonce::new(pending.nonce.clone()));
    let verifier = PkceCodeVerifier::new(pending.verifier.clone());
    let party = at.relying_party(redirect);
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let mut request = party
        .authorize_url(flow, move || state, move || nonce)
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    for scope in &at.upstream.scopes {
        request = request.add_scope(Scope::new(scope.clone()));
    }
    for acr in &ask.acr_values {
        request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
    }
    if let Some(hint) = &ask.login_hint {
        request = request.set_login_hint(LoginHint::new(hint.clone()));
    }
    if ask.fresh {
        // `max_age` obliges the provider to say when the person signed in (OpenID Connect Core, 3.1.2.1).
        request = request
            .add_prompt(CoreAuthPrompt::Login)
            .set_max_age(limits::LINK_PROOF);
    }
    let (url, _, _) = request.url();
    (url, pending)
}
