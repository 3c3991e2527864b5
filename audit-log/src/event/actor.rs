//! Who did it and by what way: clear words, and the details that are sealed under the person's key.

use serde::{Deserialize, Serialize};

use super::{Class, Digest, Name};
use crate::pseudonym::PersonKey;

/// The actor of an event. A person stands in the log as the pseudonym of the month; what tells who it is
/// goes sealed (audit.md section 4).
#[derive(Clone, Debug)]
pub struct Who {
    pub(crate) class: Class,
    pub(crate) person: Option<PersonKey>,
    pub(crate) acting_for: Option<PersonKey>,
    pub(crate) auth: Option<Auth>,
    pub(crate) details: Details,
}

impl Who {
    /// The node itself.
    #[must_use]
    pub fn system() -> Self {
        Self::nobody(Class::System)
    }

    /// An actor without a person: a service, a task.
    #[must_use]
    pub fn nobody(class: Class) -> Self {
        Self {
            class,
            person: None,
            acting_for: None,
            auth: None,
            details: Details::default(),
        }
    }

    /// A person, by their key from the [`Keystore`](crate::Keystore). What `details` says is sealed under it.
    #[must_use]
    pub fn person(class: Class, key: &PersonKey, details: Details) -> Self {
        Self {
            class,
            person: Some(key.clone()),
            acting_for: None,
            auth: None,
            details,
        }
    }

    /// The person for whom it was done (a task, a service of theirs). Without a person of its own,
    /// the actor's details are sealed under this key.
    #[must_use]
    pub fn acting_for(mut self, key: &PersonKey) -> Self {
        self.acting_for = Some(key.clone());
        self
    }

    /// How the actor was authenticated.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Details to be sealed, where there is a key to seal them under; else they are dropped.
    #[must_use]
    pub fn details(mut self, details: Details) -> Self {
        self.details = details;
        self
    }
}

/// What investigators may need to know of a person; never in clear in the log. Each text is cut at 512 characters.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// The caller's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The OAuth client's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The home institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// The issuer of the person's identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Roles held at that time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The subject at that issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The client's `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Longest text and longest list inside of the sealed details.
const DETAIL_CHARS: usize = 512;
const DETAIL_ROLES: usize = 64;

impl Details {
    /// Of a person with this subject at this issuer.
    #[must_use]
    pub fn of(sub: &str, iss: &str) -> Self {
        Self {
            sub: Some(sub.to_owned()),
            iss: Some(iss.to_owned()),
            ..Self::default()
        }
    }

    /// With the caller's address.
    #[must_use]
    pub fn address(mut self, address: impl std::fmt::Display) -> Self {
        self.address = Some(address.to_string());
        self
    }

    /// With the OAuth client's id.
    #[must_use]
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// With the home institution.
    #[must_use]
    pub fn institution(mut self, institution: impl Into<String>) -> Self {
        self.institution = Some(institution.into());
        self
    }

    /// With a role held.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// With the client's `User-Agent`.
    #[must_use]
    pub fn user_agent(mut self, agent: impl Into<String>) -> Self {
        self.user_agent = Some(agent.into());
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Within bounds: an event must not fail for a long `User-Agent`.
    pub(crate) fn bounded(&self) -> Self {
        let cut = |text: &String| text.chars().take(DETAIL_CHARS).collect::<String>();
        Self {
            address: self.address.as_ref().map(cut),
            client: self.client.as_ref().map(cut),
            institution: self.institution.as_ref().map(cut),
            iss: self.iss.as_ref().map(cut),
            roles: self.roles.iter().take(DETAIL_ROLES).map(cut).collect(),
            sub: self.sub.as_ref().map(cut),
            user_agent: self.user_agent.as_ref().map(cut),
        }
    }
}

impl std::fmt::Debug for Details {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Details(sealed)")
    }
}

/// How the actor was authenticated (ISO 27789 authentication). Fields in the order of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Authentication context class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Name>,
    /// Methods used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<Name>,
    /// When, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// Digest of the token that was shown; never the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tok: Option<Digest>,
}

/// The way a request came: ids that lead to other records of it. Client and address belong to [`Details`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Via {
    /// The request's id at this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Name>,
    /// W3C trace id: 32 lower-case hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Name>,
}

impl Via {
    /// By the request with this id.
    #[must_use]
    pub fn request(id: impl Into<Name>) -> Self {
        Self {
            request: Some(id.into()),
            trace: None,
        }
    }

    /// With a trace id; one that is not 32 lower-case hex digits is left out.
    #[must_use]
    pub fn trace(mut self, id: &str) -> Self {
        let good = id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        self.trace = good.then(|| Name::new(id));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
