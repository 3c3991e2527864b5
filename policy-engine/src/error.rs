//! Faults of a snapshot or a policy bundle, each with a stable code. A denial is never one of these.

/// Why a snapshot or policy bundle can't be put in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A policy file does not parse.
    #[error("policy file `{file}` does not parse: {message}")]
    Parse {
        /// File name.
        file: String,
        /// Cedar's message.
        message: String,
    },
    /// The schema that came with the build does not parse.
    #[error("the policy schema does not parse: {message}")]
    Schema {
        /// Cedar's message.
        message: String,
    },
    /// A policy lacks an annotation that it must have.
    #[error("policy `{policy}` of `{file}` lacks the annotation @{annotation}")]
    Annotation {
        /// File name.
        file: String,
        /// The policy's id, or its position.
        policy: String,
        /// What is missing.
        annotation: &'static str,
    },
    /// An id that is taken, or reserved for shipped policies.
    #[error("policy id `{policy}` of `{file}` is {fault}")]
    Id {
        /// File name.
        file: String,
        /// The id.
        policy: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Policies don't fit the schema.
    #[error("policies do not fit the schema: {message}")]
    Invalid {
        /// Cedar's messages.
        message: String,
    },
    /// A template can't be linked.
    #[error("link `{link}` of template `{template}` does not work: {message}")]
    Link {
        /// The link's id.
        link: String,
        /// The template's id.
        template: String,
        /// Cedar's message.
        message: String,
    },
    /// A policy that may not be in observe mode, or not for so long.
    #[error("policy `{policy}` can't be in observe mode: {fault}")]
    Observe {
        /// The policy's id.
        policy: String,
        /// Why not.
        fault: &'static str,
    },
    /// Two records of one id, or a record that names another that is not there.
    #[error("{what} `{id}` {fault}")]
    Record {
        /// The kind of record.
        what: &'static str,
        /// Its id.
        id: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Facts that can't become entities.
    #[error("the facts of `{what}` do not fit the policy schema: {message}")]
    Entity {
        /// Which.
        what: String,
        /// Cedar's message.
        message: String,
    },
    /// Older than what is in force.
    #[error("snapshot {offered} is older than snapshot {current}, which is in force")]
    Older {
        /// In force.
        current: u64,
        /// Offered.
        offered: u64,
    },
}

impl BundleError {
    /// Stable code; never renamed, never reused.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Parse { .. } => "bundle.parse",
            Self::Schema { .. } => "bundle.schema",
            Self::Annotation { .. } => "bundle.annotation_missing",
            Self::Id { .. } => "bundle.policy_id",
            Self::Invalid { .. } => "bundle.policy_invalid",
            Self::Link { .. } => "bundle.link",
            Self::Observe { .. } => "bundle.observe",
            Self::Record { .. } => "bundle.record",
            Self::Entity { .. } => "bundle.entity",
            Self::Older { .. } => "bundle.older_version",
        }
    }
}

/// What kept a question from being asked. Always a denial with code `policy.engine_error`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A fact that the question refers to is not in the store.
    #[error("`{name}` is referred to and not known")]
    Missing {
        /// The entity.
        name: String,
    },
    /// The entities don't make a store.
    #[error("the facts could not be made into entities: {message}")]
    Entities {
        /// Cedar's message.
        message: String,
    },
    /// The context or request could not be built.
    #[error("the question could not be built: {message}")]
    Question {
        /// Cedar's message.
        message: String,
    },
    /// A policy erred while it was evaluated.
    #[error("policy `{policy}` erred: {message}")]
    Policy {
        /// The policy's id.
        policy: String,
        /// Cedar's message.
        message: String,
    },
}

impl EngineError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        "policy.engine_error"
    }
}
