//! An access token for a Passport, or for the small token of a workflow session (RFC 8693; AAI 1.2 "Passport Issuers", rows TX-01 to TX-21; `specs/trust.md` C.17).

use std::net::IpAddr;

use url::Url;
use visa_verifier::seam::Timestamp;

use super::dispatch::{EXCHANGE, Tokens};
use super::session;
use crate::front::Front;
use crate::page::Fields;
use crate::passport;
use crate::provider::access_token::{self, Live};
use crate::provider::client_auth::{Client, Proof};
use crate::provider::details;
use crate::provider::dpop::BadProof;
use crate::provider::problem::{BearerProblem, TokenProblem};
use crate::provider::scope::Scope;
use crate::store::clients::ClientRow;
use crate::store::tokens::TokenKind;

/// `requested_token_type` and `issued_token_type` of a Passport.
pub(crate) const PASSPORT: &str = "urn:ga4gh:params:oauth:token-type:passport";
/// `subject_token_type` of what we take; as `requested_token_type` a workflow session's token.
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Most audiences of one Passport.
const AUDIENCES: usize = 5;

/// Exchanges a person's access token for their Passport, for the clearinghouses that were asked, or for a session's token.
pub(crate) async fn exchange(
    front: &Front,
    client: Client,
    fields: &Fields,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<Tokens, TokenProblem> {
    if client.proof == Proof::Public {
        // A Passport is never for a client that cannot prove itself (TX-04).
        return Err(TokenProblem::client(false));
    }
    let (wanted, subject) = shape(fields)?;
    let mut db = front.broker.db();
    let live = match access_token::live(&front.broker, &mut db, subject, now).await {
        Ok(live) => live,
        Err(BearerProblem::Server) => {
            return Err(TokenProblem::server(
                "exchange.subject_token",
                &std::io::Error::other("not checked"),
            ));
        }
        Err(BearerProblem::Missing | BearerProblem::Invalid | BearerProblem::Scope(_) | BearerProblem::Proof(_)) => {
            return Err(TokenProblem::request(
                "the subject token is not a live access token of this issuer",
            ));
        }
    };
    may_show(&client, &live)?;
    let audience = audience(&client.row, fields)?;
    if wanted == Wanted::Session {
        return session::start(front, &client, &live, subject, &audience, fields, address).await;
    }
    let login = passport::LoggedIn {
        identity: live.family.as_ref().map(|family| &family.login.identity),
        auth_time: live.claims.auth_time,
        acr: live.claims.acr.as_deref(),
        amr: &live.claims.amr,
        assurance: live.claims.visum_assurance,
    };
    let until = Timestamp::from_unix(live.claims.exp);
    let made = passport::issue(front, &live.row.person, login, &audience, until, &client.row.id, now)
        .await
        .map_err(|problem| TokenProblem::server(problem.code(), &problem))?;
    Ok(Tokens::default()
        .with("access_token", made.compact)
        .with("issued_token_type", PASSPORT)
        .with("token_type", "Bearer")
        .with("expires_in", made.seconds))
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wanted {
    Passport,
    Session,
}

/// The parameters' shape, in the words of RFC 8693 §2.1. What is wrong here is `invalid_request` (TX-13).
fn shape(fields: &Fields) -> Result<(Wanted, &str), TokenProblem> {
    let wanted = match fields.one("requested_token_type")? {
        Some(PASSPORT) => Wanted::Passport,
        // a session says what it is of: nothing is given for the word alone
        Some(ACCESS_TOKEN) if fields.one("authorization_details")?.is_some() => Wanted::Session,
        _ => {
            return Err(TokenProblem::request(format!(
                "`requested_token_type` must be `{PASSPORT}`, or `{ACCESS_TOKEN}` with `authorization_details` of the type `{}`",
                details::SESSION
            )));
        }
    };
    if fields.one("subject_token_type")? != Some(ACCESS_TOKEN) {
        return Err(TokenProblem::request(format!(
            "`subject_token_type` must be `{ACCESS_TOKEN}`"
        )));
    }
    if fields.one("actor_token")?.is_some() || fields.one("actor_token_type")?.is_some() {
        return Err(TokenProblem::request("`actor_token` is not supported"));
    }
    Ok((wanted, fields.required("subject_token")?))
}

/// Whether this client may show this token: issued to it, or with it (or what it stands for) as audience; and a
/// person's key only for the person's own tokens.
fn may_show(client: &Client, live: &Live) -> Result<(), TokenProblem> {
    let refused = || TokenProblem::request("the subject token was not issued to this client, nor for it");
    if live.row.kind != TokenKind::Person {
        // A token that was narrowed once does not climb back (E75).
        return Err(TokenProblem::request("a token of this kind is no subject token"));
    }
    if !live.scopes.has(Scope::Passport) {
        return Err(TokenProblem::request(
            "the subject token does not carry the scope `ga4gh_passport_v1`",
        ));
    }
    if let Proof::KeyOf(person) = &client.proof
        && *person != live.row.person
    {
        return Err(refused());
    }
    let own = live.claims.client_id == client.row.id;
    if own
        && live
            .claims
            .cnf
            .as_ref()
            .is_some_and(|cnf| client.key.as_ref() != Some(&cnf.jkt))
    {
        // A resource server that it was shown to has checked the proof; its own client shows one here.
        return Err(TokenProblem::proof(BadProof::Missing));
    }
    let for_it = live
        .claims
        .aud
        .iter()
        .any(|audience| *audience == client.row.id || client.row.exchange_audiences.contains(audience));
    if own || for_it { Ok(()) } else { Err(refused()) }
}

/// The clearinghouses for which the Passport shall be: named, and registered for this client.
fn audience(client: &ClientRow, fields: &Fields) -> Result<Vec<String>, TokenProblem> {
    let mut all: Vec<String> = Vec::new();
    for text in fields.many("resource") {
        if !Url::parse(text).is_ok_and(|url| url.fragment().is_none()) {
            return Err(TokenProblem::target(
                "`resource` must be an absolute URI without fragment",
            ));
        }
        all.push(text.to_owned());
    }
    all.extend(fields.many("audience").map(str::to_owned));
    all.sort();
    all.dedup();
    if all.is_empty() {
        return Err(TokenProblem::request(
            "`audience` (or `resource`) must name the clearinghouse",
        ));
    }
    let registered = |one: &String| client.audiences.contains(one) || client.exchange_audiences.contains(one);
    if all.len() > AUDIENCES || !all.iter().all(registered) {
        return Err(TokenProblem::target(
            "no Passport is issued to this client for this audience",
        ));
    }
    Ok(all)
}

/// For the metadata.
pub(crate) const GRANT: &str = EXCHANGE;
