//! A proven identity that waits for its person's word: to be added to an account, or to begin one. Kept sealed for
//! minutes, used once, in the browser that proved it.

use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{Timestamp, token};

use crate::front::Front;
use crate::limits;
use crate::session::digest_of;
use crate::store::StoreError;
use crate::store::codes::{self, OnceKind, Taken};
use crate::upstream::{LoginProblem, UpstreamIdentity};

/// Most visas that are carried along; the rest is collected with the next sign-in.
const VISAS_BYTES: usize = 128 * 1024;

/// What the identity was proven for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Wish {
    /// To add it to the account of this browser session.
    Link {
        /// The session.
        sid: String,
    },
    /// To sign in, with an identity that nobody knows here.
    Begin {
        /// Where to go on.
        then: String,
        /// What is odd about it.
        odd: Odd,
    },
}

/// Why an unknown identity is no new account without a question.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Odd {
    /// Its institution does not promise to name a person the same way each time.
    NotPersistent,
    /// The same institution named the person in this browser differently before.
    AnotherName,
    /// The account that it led to was closed.
    Closed,
}

/// A proven identity that waits.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Offer {
    /// The identity, as its institution stated it.
    pub(crate) login: UpstreamIdentity,
    /// The upstream's id.
    pub(crate) upstream: String,
    /// What for.
    pub(crate) wish: Wish,
    /// Proven when.
    pub(crate) proven: Timestamp,
}

impl Offer {
    /// `(iss, sub)`.
    pub(crate) fn identity(&self) -> Result<VisaIdentity, LoginProblem> {
        identity_of(&self.login)
    }
}

/// `(iss, sub)` of a login.
pub(crate) fn identity_of(login: &UpstreamIdentity) -> Result<VisaIdentity, LoginProblem> {
    Ok(VisaIdentity::new(
        login.issuer.parse().map_err(|_| LoginProblem::NoIdentifier)?,
        login.subject.parse().map_err(|_| LoginProblem::NoIdentifier)?,
    ))
}

/// Keeps an offer for as long as a sign-in may take; its secret.
pub(crate) async fn keep(front: &Front, mut offer: Offer, now: Timestamp) -> Result<String, LoginProblem> {
    let mut room = VISAS_BYTES;
    offer.login.visas.retain(|visa| {
        let fits = visa.len() <= room;
        room = room.saturating_sub(visa.len());
        fits
    });
    let until = now.plus(limits::PENDING);
    let secret = token(front.broker.random(), 32);
    let sealed = front.cookies.sealer.seal_row("offer", &offer, until);
    let sealed = sealed.map_err(|_| LoginProblem::Unavailable)?;
    let (mut db, digest) = (front.broker.db(), digest_of(&secret));
    codes::keep(&mut db, OnceKind::Offer, &digest, &sealed, now, until).await?;
    Ok(secret)
}

/// Looks at an offer without using it.
pub(crate) async fn look(front: &Front, secret: &str, now: Timestamp) -> Result<Option<Offer>, StoreError> {
    let sealed: Option<String> = codes::look(&mut front.broker.db(), OnceKind::Offer, &digest_of(secret), now).await?;
    Ok(sealed.and_then(|text| front.cookies.sealer.open_row("offer", &text, now).ok()))
}

/// Uses it: the first caller alone gets it.
pub(crate) async fn take(front: &Front, secret: &str, now: Timestamp) -> Result<Option<Offer>, StoreError> {
    let taken: Taken<String> = codes::take(&mut front.broker.db(), OnceKind::Offer, &digest_of(secret), now).await?;
    Ok(match taken {
        Taken::First(text) => front.cookies.sealer.open_row("offer", &text, now).ok(),
        Taken::Again(_) | Taken::Unknown => None,
    })
}
