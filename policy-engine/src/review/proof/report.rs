//! What proofs found.

use serde::Serialize;

/// How far a claim is shown.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// For every request and every store that fits the schema.
    Proven,
    /// Nobody knows: no answer, or none in time.
    NotProven,
    /// There is a counterexample.
    Violated,
}

impl Verdict {
    /// The worse of both.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        self.max(other)
    }

    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::NotProven => "NOT PROVEN",
            Self::Violated => "VIOLATED",
        }
    }
}

/// Types and action of a question.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct EnvironmentName {
    /// The principal's type.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource's type.
    pub resource: String,
}

impl std::fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.principal, self.action, self.resource)
    }
}

/// A request for which a claim does not hold, tried on the concrete engine.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Counterexample {
    /// Types and action.
    #[serde(flatten)]
    pub environment: EnvironmentName,
    /// Who asks, in words.
    pub who: String,
    /// For what, in words.
    pub asks: String,
    /// What they ask about, in words.
    pub what: String,
    /// The facts that matter, each in words.
    pub facts: Vec<String>,
    /// The permits that let it.
    pub by: Vec<String>,
    /// All in one sentence.
    pub words: String,
}

/// One invariant.
#[derive(Clone, Debug, Serialize)]
pub struct PropertyProof {
    /// Its name.
    pub id: String,
    /// What it says.
    pub says: String,
    /// The sets that it was proven on.
    pub on: Vec<String>,
    /// In how many request environments each.
    pub environments: usize,
    /// How far.
    pub verdict: Verdict,
    /// Requests for which it does not hold; at most one for each set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counterexamples: Vec<Counterexample>,
    /// Why it is not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How long it took.
    pub millis: u64,
}

/// What is wrong with one policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LintKind {
    /// It can err: Cedar skips a policy that errs, also a forbid, and then the engine denies.
    Errs,
    /// It never applies to any request.
    Dead,
    /// A permit that forbids override whenever it applies.
    AlwaysOverridden,
    /// Nobody knows.
    NotProven,
}

/// A finding about one policy.
#[derive(Clone, Debug, Serialize)]
pub struct Lint {
    /// The policy.
    pub policy: String,
    /// What is wrong.
    pub kind: LintKind,
    /// In words.
    pub says: String,
}

/// What was found about the policies one by one.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyLints {
    /// How far: no policy errs, none is dead, no permit is always overridden.
    pub verdict: Verdict,
    /// How many policies.
    pub policies: usize,
    /// Pairs of policy and request environment.
    pub pairs: usize,
    /// What is wrong.
    pub findings: Vec<Lint>,
    /// How long it took.
    pub millis: u64,
}

/// Whether a new version permits nothing that the old one denies.
#[derive(Clone, Debug, Serialize)]
pub struct WiderProof {
    /// Proven: no more than before. Violated: more, with examples.
    pub verdict: Verdict,
    /// Policies that differ.
    pub changed: Vec<String>,
    /// Request environments that the change touches.
    pub environments: usize,
    /// Questions to the solver, in all.
    pub rounds: u64,
    /// Requests that only the new version permits; at most one for each environment.
    pub counterexamples: Vec<Counterexample>,
    /// Why it is not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How long it took.
    pub millis: u64,
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct ProofReport {
    /// The worst of all parts.
    pub verdict: Verdict,
    /// The solver's program.
    pub solver: String,
    /// What it says of its version.
    pub version: String,
    /// SHA-256 of the baseline that the invariants are about, lower-case hex.
    pub baseline: String,
    /// The invariants.
    pub properties: Vec<PropertyProof>,
    /// The policies one by one.
    pub policies: PolicyLints,
    /// Against an old version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<WiderProof>,
    /// Questions to the solver.
    pub queries: u64,
    /// How long it took.
    pub millis: u64,
}
