//! A refresh token for new tokens; each is good once, and one that comes back ends its family
//! (`specs/trust.md` C.15, RFC 9700 §4.14).

use std::time::Duration;

use visa_verifier::seam::Timestamp;

use super::authorization_code::answer;
use super::dispatch::Tokens;
use crate::front::Front;
use crate::page::Fields;
use crate::provider::admission;
use crate::provider::client_auth::{Client, Proof};
use crate::provider::details::Details;
use crate::provider::problem::TokenProblem;
use crate::provider::scope::Scopes;
use crate::session::digest_of;
use crate::store::clients::ClientAuth;
use crate::store::tokens::{self, Family, Refreshed};

/// `grant_type`
pub(super) const GRANT: &str = "refresh_token";

/// So long a client that lost the answer may ask again with the same token.
const GRACE: Duration = Duration::from_secs(10);

/// Renews the tokens of a family; the scope may become narrower for the new access token, never wider.
pub(crate) async fn renew(
    front: &Front,
    client: Client,
    fields: &Fields,
    now: Timestamp,
) -> Result<Tokens, TokenProblem> {
    let digest = digest_of(fields.required("refresh_token")?);
    admit(front, &client, &digest, now).await?;
    let mut tx = front.broker.db().begin().await?;
    let family = match tokens::use_refresh(&mut tx, &digest, &client.row.id, now).await? {
        Refreshed::Good(family) => *family,
        Refreshed::Reused { family, used } if now < used.plus(GRACE) => *family,
        Refreshed::Reused { family, .. } => {
            tokens::revoke_family(&mut tx, &family.id, now).await?;
            tx.commit().await?;
            tracing::warn!(
                client.id = client.row.id,
                "a refresh token was used twice; its family was ended"
            );
            return Err(TokenProblem::grant());
        }
        Refreshed::Bad => return Err(TokenProblem::grant()),
    };
    if family.jkt.is_some() && family.jkt != client.key {
        // Whoever holds the token alone uses nothing up.
        return Err(TokenProblem::grant());
    }
    if !holds_the_key(&client, &family) {
        return Err(TokenProblem::grant());
    }
    let whole = Scopes::parse(&family.scope);
    let scopes = match fields.one("scope")? {
        None => whole,
        Some(text) => {
            let asked = Scopes::parse(text);
            if !asked.within(&whole) {
                return Err(TokenProblem::scope("a refresh may narrow the scope, not widen it"));
            }
            asked
        }
    };
    let granted = family
        .details
        .as_deref()
        .map_or_else(|| Some(Details::default()), Details::stored);
    // A family whose details cannot be read gets no tokens that forget them.
    let granted = granted.ok_or_else(TokenProblem::grant)?;
    let details = match fields.one("authorization_details")? {
        None => granted,
        Some(text) => {
            let asked = Details::parse(text, &client.row.options.authorization_details_types);
            asked
                .and_then(|asked| granted.narrowed(asked))
                .map_err(|wrong| TokenProblem::details(format!("`authorization_details` is refused: {wrong}")))?
        }
    };
    let tokens = answer(front, &mut tx, &family, &scopes, &details, &client, now).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// The tokens of a client whose persons register keys are renewed by that person's key alone: a refresh token that was read
/// from a disk is worth nothing by itself (RFC 9700 §2.2.2).
fn holds_the_key(client: &Client, family: &Family) -> bool {
    match (&client.row.auth, &client.proof) {
        (ClientAuth::PersonKeys, Proof::KeyOf(person)) => *person == family.person,
        (ClientAuth::PersonKeys, Proof::Public | Proof::Own) => false,
        (ClientAuth::None | ClientAuth::ClientSecretBasic { .. } | ClientAuth::PrivateKeyJwt { .. }, _) => true,
    }
}

/// Who left the group, or whom a new policy keeps out, gets no further tokens. Whoever shows an unknown token learns
/// nothing here.
async fn admit(front: &Front, client: &Client, digest: &str, now: Timestamp) -> Result<(), TokenProblem> {
    let mut db = front.broker.db();
    let Some(family) = tokens::family_of_refresh(&mut db, digest, &client.row.id).await? else {
        return Ok(());
    };
    match admission::admitted(&front.broker, &client.row, &family.person, &family.login, now).await {
        Ok(()) => Ok(()),
        Err(refusal) if refusal.error == "access_denied" => Err(TokenProblem::grant()),
        Err(_) => Err(TokenProblem::later(GRACE)),
    }
}
