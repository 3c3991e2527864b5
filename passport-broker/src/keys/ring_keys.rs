//! The ring of signing keys: one current key a use, the next one known before it signs, old ones until what they
//! signed is over.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use visa_verifier::KeySet;
use visa_verifier::seam::{Secret, Timestamp};

use super::pair::{self, SigningAlg};
use super::{AtRest, KeyError};
use crate::store::keys::{self, SigningKeyRow};
use crate::store::{Db, StoreError};

/// A new key is published this long before it signs: caches of the key set have it by then (`specs/trust.md` C.21).
pub const LEAD: Duration = Duration::from_secs(3600);
/// A retired key stays published this long: the longest life of what it signed (1 h), and a day for caches and clocks.
const OVERLAP: Duration = Duration::from_secs(25 * 3600);
/// A key signs this long before the next one is made.
pub const KEY_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

/// What a key signs: tokens of the OpenID Provider, visas and Passports, or snapshots.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyUse {
    /// Access tokens, logout tokens, and ID Tokens of clients that registered ES256.
    Token,
    /// ID Tokens of clients that registered nothing else (RS256).
    IdToken,
    /// Visas and Passports.
    Visa,
    /// Manifests of snapshots; never in the key set that others verify tokens by.
    Snapshot,
}

impl KeyUse {
    const ALL: [Self; 4] = [Self::Token, Self::IdToken, Self::Visa, Self::Snapshot];
    /// Those that change by schedule. Whoever takes snapshots pins their key: it changes with them, by hand.
    pub(crate) const TURNING: [Self; 3] = [Self::Token, Self::IdToken, Self::Visa];

    const fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::IdToken => "id_token",
            Self::Visa => "visa",
            Self::Snapshot => "snapshot",
        }
    }

    /// The use of this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }

    /// Whether it changes by schedule.
    pub(crate) fn turns(self) -> bool {
        Self::TURNING.contains(&self)
    }

    /// What it signs with.
    pub(crate) const fn alg(self) -> SigningAlg {
        match self {
            Self::IdToken => SigningAlg::RS256,
            Self::Token | Self::Visa | Self::Snapshot => SigningAlg::ES256,
        }
    }
}

/// One signing key, opened.
#[derive(Debug)]
pub struct SigningKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs.
    pub purpose: KeyUse,
    pub(super) private: Secret,
    current: bool,
    public: Value,
}

/// All keys that may still verify something. Clones share what is known.
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: Arc<ArcSwap<Opened>>,
}

#[derive(Debug)]
struct Opened {
    keys: Vec<Arc<SigningKey>>,
    /// What our own tokens are verified by, parsed once.
    tokens: KeySet,
}

impl KeyRing {
    /// Reads the keys, and makes those that are missing (first start).
    ///
    /// # Errors
    /// The database, or a key that does not open under this node key.
    pub async fn open(db: &mut Db, at_rest: &AtRest, now: Timestamp) -> Result<Self, KeyError> {
        let rows = keys::all(db, now).await.map_err(store)?;
        for purpose in KeyUse::ALL {
            if of(&rows, purpose, "current").is_none() {
                put(db, &make(purpose, "current", at_rest, now)?).await?;
            }
        }
        let opened = read(db, at_rest, now).await?;
        Ok(Self {
            keys: Arc::new(ArcSwap::from_pointee(opened)),
        })
    }

    /// Looks after the keys: makes the next one of each use that is due by its age or by `due`, lets a next one sign
    /// that has been published for [`LEAD`], and reads what other replicas did. The keys that began to sign.
    ///
    /// # Errors
    /// The database, or a key that does not open under this node key; the ring stays as it was.
    pub(crate) async fn tend(
        &self,
        db: &mut Db,
        at_rest: &AtRest,
        due_now: &[KeyUse],
        now: Timestamp,
    ) -> Result<Vec<String>, KeyError> {
        let rows = keys::all(db, now).await.map_err(store)?;
        let mut turned = Vec::new();
        for purpose in KeyUse::TURNING {
            let due = of(&rows, purpose, "current").is_none_or(|row| row.created.plus(KEY_LIFE) <= now);
            match of(&rows, purpose, "next") {
                None if due || due_now.contains(&purpose) => put(db, &make(purpose, "next", at_rest, now)?).await?,
                Some(next) if next.created.plus(LEAD) <= now => {
                    let until = now.plus(OVERLAP);
                    if keys::turn(db, purpose.word(), &next.kid, until).await.map_err(store)? {
                        turned.push(next.kid.clone());
                    }
                }
                None | Some(_) => {}
            }
        }
        self.keys.store(Arc::new(read(db, at_rest, now).await?));
        Ok(turned)
    }

    /// Replaces the current keys of these uses at once: the old ones leave the key set now, and so does a next one that
    /// was published before, which lay beside them. The keys that began to sign.
    ///
    /// # Errors
    /// As [`KeyRing::tend`].
    pub(crate) async fn replace(
        &self,
        db: &mut Db,
        at_rest: &AtRest,
        uses: &[KeyUse],
        now: Timestamp,
    ) -> Result<Vec<String>, KeyError> {
        let mut begun = Vec::new();
        for purpose in uses {
            let row = make(*purpose, "next", at_rest, now)?;
            keys::replace(db, &row, now).await.map_err(store)?;
            begun.push(row.kid);
        }
        self.keys.store(Arc::new(read(db, at_rest, now).await?));
        Ok(begun)
    }

    /// The current key of a use.
    ///
    /// # Errors
    /// There is none.
    pub fn current(&self, purpose: KeyUse) -> Result<Arc<SigningKey>, KeyError> {
        let opened = self.keys.load();
        opened
            .keys
            .iter()
            .find(|key| key.purpose == purpose && key.current)
            .cloned()
            .ok_or(KeyError::Missing)
    }

    /// The JWK Set of tokens, visas and Passports: public halves, oldest first; the next ones among them.
    #[must_use]
    pub fn jwks(&self) -> Value {
        self.public(|purpose| purpose != KeyUse::Snapshot)
    }

    /// The JWK Set of snapshots' manifests.
    #[must_use]
    pub fn snapshot_jwks(&self) -> Value {
        self.public(|purpose| purpose == KeyUse::Snapshot)
    }

    /// What tokens of the OpenID Provider are verified by: no key of visas or snapshots.
    #[must_use]
    pub fn token_keys(&self) -> KeySet {
        self.keys.load().tokens.clone()
    }

    fn public(&self, of: impl Fn(KeyUse) -> bool) -> Value {
        jwks(&self.keys.load().keys, of)
    }
}

fn jwks(keys: &[Arc<SigningKey>], of: impl Fn(KeyUse) -> bool) -> Value {
    let keys = keys.iter().filter(|key| of(key.purpose));
    json!({ "keys": keys.map(|key| key.public.clone()).collect::<Vec<_>>() })
}

fn store(source: StoreError) -> KeyError {
    KeyError::Store { source }
}

fn of<'r>(rows: &'r [SigningKeyRow], purpose: KeyUse, state: &str) -> Option<&'r SigningKeyRow> {
    rows.iter()
        .find(|row| row.purpose == purpose.word() && row.state == state)
}

/// Another replica may be first: then its key is the one.
async fn put(db: &mut Db, row: &SigningKeyRow) -> Result<(), KeyError> {
    match keys::insert(db, row).await {
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(source) => Err(store(source)),
    }
}

async fn read(db: &mut Db, at_rest: &AtRest, now: Timestamp) -> Result<Opened, KeyError> {
    let rows = keys::all(db, now).await.map_err(store)?;
    let mut opened = Vec::new();
    for row in &rows {
        opened.push(Arc::new(open(row, at_rest)?));
    }
    let tokens = jwks(&opened, |purpose| matches!(purpose, KeyUse::Token | KeyUse::IdToken));
    Ok(Opened {
        tokens: KeySet::from_value(tokens).map_err(|_| KeyError::Missing)?,
        keys: opened,
    })
}

fn open(row: &SigningKeyRow, at_rest: &AtRest) -> Result<SigningKey, KeyError> {
    let refused = || KeyError::Sealed { kid: row.kid.clone() };
    let purpose = KeyUse::of(&row.purpose).ok_or_else(refused)?;
    let published: Value = serde_json::from_str(&row.public_jwk).map_err(|_| refused())?;
    let private = at_rest.open(&row.kid, &row.sealed)?;
    // the public half that we publish must be the one that we sign with, whatever the row says
    let (public, kid) = pair::public(purpose.alg(), &private).map_err(|()| refused())?;
    if public != published || kid != row.kid {
        return Err(refused());
    }
    Ok(SigningKey {
        kid,
        purpose,
        current: row.state == "current",
        private,
        public,
    })
}

fn make(purpose: KeyUse, state: &str, at_rest: &AtRest, now: Timestamp) -> Result<SigningKeyRow, KeyError> {
    let private = pair::generate(purpose.alg()).map_err(|()| KeyError::Generate)?;
    let (public, kid) = pair::public(purpose.alg(), &private).map_err(|()| KeyError::Generate)?;
    Ok(SigningKeyRow {
        sealed: at_rest.seal(&kid, private.expose())?,
        public_jwk: public.to_string(),
        kid,
        purpose: purpose.word().to_owned(),
        state: state.to_owned(),
        created: now,
        not_after: None,
    })
}
