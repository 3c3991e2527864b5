//! Why a reference in a request is refused: a code and a sentence, never the reference's own text.

/// A data, image or storage reference that can't be taken as it stands (apis.md 8).
///
/// The message names the fault and never repeats the input, which may hold a secret (E13).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RefRefused {
    /// Empty, or longer than the bound of its kind.
    #[error("the reference is empty or longer than the limit")]
    Length,
    /// Control, invisible or non-ASCII characters, spaces, backslashes.
    #[error("the reference holds a character that is not allowed in it")]
    Character,
    /// User name or password in front of the host.
    #[error("the URL carries user info; credentials never stand in a URL")]
    UserInfo,
    /// A scheme that this node does not know.
    #[error("the URL has a scheme that is not known here")]
    Scheme,
    /// A missing or malformed host or bucket.
    #[error("the URL has no valid host or bucket")]
    Host,
    /// A host given as a number, with a trailing dot, or in another spelling that hides its name.
    #[error("the URL's host is spelt in a form that is not accepted")]
    HostSpelling,
    /// An empty segment, `.` or `..`, also when percent-encoded.
    #[error("the path holds an empty, `.` or `..` segment")]
    Segment,
    /// A percent escape that servers read differently.
    #[error("the path holds a percent escape that servers read differently")]
    Escape,
    /// A query or a fragment.
    #[error("the URL has a query or a fragment, which are not accepted")]
    Query,
    /// A glob character.
    #[error("the path holds a wildcard character")]
    Wildcard,
    /// A DRS id outside of its alphabet, encoded twice, or the reserved id `access`.
    #[error("the DRS id is malformed or reserved")]
    DrsId,
    /// An image reference outside of the grammar.
    #[error("the image reference does not follow the grammar `[registry/]repository[:tag][@sha256:digest]`")]
    Image,
}

impl RefRefused {
    /// Stable code; never renamed, never reused.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Length => "intent.reference_length",
            Self::Character => "intent.reference_character",
            Self::UserInfo => "intent.url_user_info",
            Self::Scheme => "intent.url_scheme",
            Self::Host => "intent.url_host",
            Self::HostSpelling => "intent.url_host_spelling",
            Self::Segment => "intent.url_segment",
            Self::Escape => "intent.url_escape",
            Self::Query => "intent.url_query",
            Self::Wildcard => "intent.url_wildcard",
            Self::DrsId => "intent.drs_id",
            Self::Image => "intent.image",
        }
    }
}
