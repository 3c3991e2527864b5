//! Closed vocabularies of the event schema, each with the text that stands in the log.

/// An enum whose every variant is one word of the log: text both ways, serde as that text.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $(#[doc = concat!("`", $text, "`")] $variant),* }

        impl $name {
            /// Every word, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The text in the log; stable.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::event::word::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err($crate::event::word::UnknownWord(stringify!($name))),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use words;

/// A text that is not in the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a word of `{0}`")]
pub struct UnknownWord(pub(crate) &'static str);

words! {
    /// How it went (ISO 27789 outcome).
    Outcome { Success = "success", Denied = "denied", Error = "error", Aborted = "aborted" }
}
words! {
    /// What kind of actor did it.
    Class { Researcher = "researcher", Service = "service", Task = "task", Dac = "dac", Admin = "admin", System = "system" }
}
words! {
    /// The data class of a dataset.
    DataClass { Open = "open", Registered = "registered", Controlled = "controlled" }
}
words! {
    /// How a dataset's bytes may leave.
    Mode { Download = "download", ComputeOnly = "compute-only" }
}
words! {
    /// What the purpose of a permit rests on (consent.md 2.9).
    Basis { Bound = "bound", Attested = "attested", None = "none" }
}
words! {
    /// What the consent engine said.
    Verdict { Permit = "permit", Review = "review", Deny = "deny" }
}
words! {
    /// How a stream or a task came to its end.
    Ended {
        Complete = "complete", Aborted = "aborted", Withdrawn = "withdrawn", Expired = "expired",
        Budget = "budget", Cancelled = "cancelled", Failed = "failed",
    }
}
words! {
    /// What an `about` reference names.
    AboutKind {
        Task = "task", Run = "run", Session = "session", Capability = "capability", Grant = "grant", Hold = "hold",
        Visa = "visa", Change = "change", Policy = "policy", Key = "key", Client = "client", Peer = "peer",
        Service = "service", Image = "image", Dac = "dac", Role = "role", Action = "action", Snapshot = "snapshot", Entry = "entry",
        Application = "application", Request = "request", Tool = "tool", Release = "release",
    }
}
