//! A code for tokens, once, with the verifier of its challenge (RFC 6749 §4.1.3, RFC 7636 §4.5).

use serde::{Deserialize, Serialize};
use visa_verifier::seam::{Timestamp, token};

use super::dispatch::Tokens;
use super::id_token::id_token;
use crate::front::Front;
use crate::limits;
use crate::page::Fields;
use crate::provider::access_token::{self, IssueProblem};
use crate::provider::client_auth::{Client, Proof};
use crate::provider::details::Details;
use crate::provider::dpop::BadProof;
use crate::provider::pkce::Challenge;
use crate::provider::problem::TokenProblem;
use crate::provider::scope::{Scope, Scopes};
use crate::session::digest_of;
use crate::store::Db;
use crate::store::codes::{self, OnceKind, Taken};
use crate::store::people::{self, PersonId};
use crate::store::tokens::{self, Family, LoginFacts};

/// `grant_type`
pub(super) const GRANT: &str = "authorization_code";

/// What a code stands for; kept under its digest for a minute.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct CodeFacts {
    /// To which client it was given.
    pub(crate) client: String,
    /// At which redirect URI.
    pub(crate) redirect: String,
    /// Whose verifier it wants.
    pub(crate) challenge: Challenge,
    /// What the person let the client have.
    pub(crate) scopes: Scopes,
    /// For the ID Token.
    pub(crate) nonce: Option<String>,
    /// Whose.
    pub(crate) person: PersonId,
    /// The browser session.
    pub(crate) sid: String,
    /// Audiences of the access tokens.
    pub(crate) audience: Vec<String>,
    /// What the tokens are narrowed to.
    #[serde(default)]
    pub(crate) details: Details,
    /// The key that it is bound to.
    #[serde(default)]
    pub(crate) dpop_jkt: Option<String>,
    /// The login behind it.
    pub(crate) login: LoginFacts,
}

/// Redeems a code. A second use ends all that came of the first (`specs/trust.md` C.4).
pub(crate) async fn redeem(
    front: &Front,
    client: Client,
    fields: &Fields,
    now: Timestamp,
) -> Result<Tokens, TokenProblem> {
    let code = digest_of(fields.required("code")?);
    let redirect = fields.required("redirect_uri")?;
    let verifier = fields.required("code_verifier")?;
    let mut tx = front.broker.db().begin().await?;
    let facts = match codes::take::<CodeFacts>(&mut tx, OnceKind::Code, &code, now).await? {
        Taken::First(facts) => facts,
        Taken::Again(_) => {
            let ended = tokens::revoke_of_code(&mut tx, &code, now).await?;
            tx.commit().await?;
            tracing::warn!(
                client.id = client.row.id,
                families.ended = ended,
                "an authorization code was used twice"
            );
            return Err(TokenProblem::grant());
        }
        Taken::Unknown => return Err(TokenProblem::grant()),
    };
    let other_key = facts.dpop_jkt.is_some() && facts.dpop_jkt != client.key;
    if other_key || facts.client != client.row.id || facts.redirect != redirect || !facts.challenge.is_met_by(verifier)
    {
        // Used up all the same: who guesses gets one guess.
        tx.commit().await?;
        return Err(TokenProblem::grant());
    }
    if !people::stands(&mut tx, &facts.person).await? {
        // suspended or closed since: the code is used up, and gives nothing
        tx.commit().await?;
        return Err(TokenProblem::grant());
    }
    let family = Family {
        id: token(front.broker.random(), 16),
        person: facts.person.clone(),
        client: client.row.id.clone(),
        sid: Some(facts.sid.clone()),
        code: Some(code),
        scope: facts.scopes.to_string(),
        audience: facts.audience.clone(),
        login: facts.login.clone(),
        details: facts.details.to_store(),
        jkt: kept_key(&client),
        created: now,
        expires: now.plus(limits::FAMILY),
        revoked: None,
    };
    tokens::begin_family(&mut tx, &family).await?;
    let answer = answer(front, &mut tx, &family, &facts.scopes, &facts.details, &client, now).await?;
    let id_token = id_token(
        front,
        &client.row,
        &family,
        facts.nonce.as_deref(),
        answer.0.get("access_token"),
        now,
    )?;
    tx.commit().await?;
    Ok(answer.with("id_token", id_token))
}

/// The key that the refresh tokens of a public client are bound to (RFC 9449 §5): others prove themselves each time.
pub(super) fn kept_key(client: &Client) -> Option<String> {
    client.key.clone().filter(|_| client.proof == Proof::Public)
}

/// An access token of the family and, if it may last, the next refresh token.
pub(super) async fn answer(
    front: &Front,
    db: &mut Db,
    family: &Family,
    scopes: &Scopes,
    details: &Details,
    client: &Client,
    now: Timestamp,
) -> Result<Tokens, TokenProblem> {
    if client.row.options.dpop_bound_access_tokens && client.key.is_none() {
        return Err(TokenProblem::proof(BadProof::Missing));
    }
    let issued = access_token::issue(&front.broker, db, family, scopes, details, client.key.as_deref(), now).await?;
    let mut tokens = Tokens::default()
        .with("access_token", issued.token)
        .with("token_type", if client.key.is_some() { "DPoP" } else { "Bearer" })
        .with("expires_in", issued.seconds)
        .with("scope", scopes.to_string());
    if !details.is_empty() {
        // What was granted is told (RFC 9396 §7).
        tokens = tokens.with("authorization_details", details.to_value());
    }
    if Scopes::parse(&family.scope).has(Scope::OfflineAccess) {
        let refresh = token(front.broker.random(), 32);
        let expires = now.plus(limits::REFRESH_IDLE).min(family.expires);
        tokens::put_refresh(db, &digest_of(&refresh), &family.id, now, expires).await?;
        tokens = tokens.with("refresh_token", refresh);
    }
    Ok(tokens)
}

impl From<IssueProblem> for TokenProblem {
    fn from(problem: IssueProblem) -> Self {
        match problem {
            IssueProblem::Store(error) => error.into(),
            IssueProblem::Key(error) => error.into(),
        }
    }
}
