//! A conversation with one solver process: started when needed, checked before it is believed, replaced after an error.

use std::time::{Duration, Instant};

use cedar_policy::{Policy, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env, err::Error, solver::LocalSolver};
use tokio::{
    process::Command,
    runtime::{Builder, Runtime},
    time::timeout,
};

use super::{
    parts::{environment, set_of},
    solver::{Budget, SolverCommand},
};
use crate::{entity::SchemaParts, entity::chain};

/// After so many failed processes no other is started.
const FAILURES: u32 = 3;
/// The solver gives up by itself; one that does not is killed this much later.
const GRACE: Duration = Duration::from_secs(5);

/// What a query came to.
#[derive(Debug)]
pub(super) enum Answer {
    /// Holds for every request and store.
    Holds,
    /// Does not hold here.
    Fails(Box<Env>),
    /// Nobody knows; why.
    Unknown(String),
}

pub(super) struct Session<'s> {
    command: &'s SolverCommand,
    budget: Budget,
    pub(super) schema: &'static SchemaParts,
    started: Instant,
    runtime: Option<Runtime>,
    compiler: Option<CedarSymCompiler<LocalSolver>>,
    failures: u32,
    last: String,
    queries: u64,
}

impl<'s> Session<'s> {
    pub(super) fn new(command: &'s SolverCommand, budget: Budget, schema: &'static SchemaParts) -> Self {
        Self {
            command,
            budget,
            schema,
            started: Instant::now(),
            runtime: Builder::new_current_thread().enable_all().build().ok(),
            compiler: None,
            failures: 0,
            last: "it could not be started".to_owned(),
            queries: 0,
        }
    }

    /// The first line that the solver says of its version; empty if it says nothing.
    pub(super) fn version(&self) -> String {
        let Some(runtime) = &self.runtime else {
            return String::new();
        };
        let mut command = Command::new(self.command.path());
        command.arg("--version").kill_on_drop(true);
        let said = runtime.block_on(async { timeout(GRACE, command.output()).await });
        let text = said
            .ok()
            .and_then(Result::ok)
            .map(|output| output.stdout)
            .unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        text.lines().next().unwrap_or_default().chars().take(200).collect()
    }

    pub(super) const fn queries(&self) -> u64 {
        self.queries
    }

    pub(super) fn elapsed_millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether everything that `a` permits in this environment is permitted by `b`.
    pub(super) fn implies(&mut self, a: &PolicySet, b: &PolicySet, at: &RequestEnv) -> Answer {
        self.put(Query::Implies(a, b), at)
    }

    /// Whether the policy errs for no request of this environment.
    pub(super) fn never_errs(&mut self, policy: &Policy, at: &RequestEnv) -> Answer {
        self.put(Query::NeverErrs(policy), at)
    }

    /// Whether the policy applies to no request of this environment.
    pub(super) fn never_matches(&mut self, policy: &Policy, at: &RequestEnv) -> Answer {
        self.put(Query::NeverMatches(policy), at)
    }

    fn put(&mut self, query: Query<'_>, at: &RequestEnv) -> Answer {
        match self.ready() {
            Ok(()) => self.ask(query, at),
            Err(why) => Answer::Unknown(why),
        }
    }

    /// A solver that can be believed, or why there is none.
    fn ready(&mut self) -> Result<(), String> {
        while self.compiler.is_none() {
            if self.started.elapsed() >= self.budget.whole {
                return Err(self.late());
            }
            if self.failures >= FAILURES {
                return Err(format!("the solver failed {FAILURES} times; last, {}", self.last));
            }
            if let Err(why) = self.start().and_then(|()| self.control()) {
                self.compiler = None;
                self.failures = self.failures.saturating_add(1);
                self.last = why;
            }
        }
        Ok(())
    }

    fn late(&self) -> String {
        format!("the {} s for all proofs were over", self.budget.whole.as_secs())
    }

    fn start(&mut self) -> Result<(), String> {
        let runtime = self.runtime.as_ref().ok_or("there is no runtime")?;
        let _guard = runtime.enter();
        let mut command = Command::new(self.command.path());
        // Not `--tlimit`: that bounds the whole life of the process.
        let limit = format!("--tlimit-per={}", self.budget.query.as_millis());
        command.args(["--lang", "smt", &limit]).kill_on_drop(true);
        let solver = LocalSolver::from_command(&mut command).map_err(|error| chain(&error))?;
        self.compiler = Some(CedarSymCompiler::new(solver).map_err(|error| chain(&error))?);
        Ok(())
    }

    /// Two questions with known answers: a solver that says the same to everything is found out.
    fn control(&mut self) -> Result<(), String> {
        let parse = |text: &str| set_of([text]).map_err(|error| error.to_string());
        let level =
            |least: u8| format!("permit(principal, action, resource) when {{ context.assurance.authn > {least} }};");
        let (more, less) = (parse(&level(2))?, parse(&level(1))?);
        let at = environment(self.schema, "Researcher", "drs:access-url", "Dataset").ok_or("no environment")?;
        match self.ask(Query::Implies(&more, &less), &at) {
            Answer::Holds => {}
            Answer::Fails(_) => return Err("it refuted what holds".to_owned()),
            Answer::Unknown(why) => return Err(why),
        }
        match self.ask(Query::Implies(&less, &more), &at) {
            Answer::Fails(_) => Ok(()),
            Answer::Holds => Err("it proved what does not hold".to_owned()),
            Answer::Unknown(why) => Err(why),
        }
    }

    fn ask(&mut self, query: Query<'_>, at: &RequestEnv) -> Answer {
        let left = self.budget.whole.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            return Answer::Unknown(self.late());
        }
        let compiled = match query.compile(at, &self.schema.schema) {
            Ok(compiled) => compiled,
            Err(error) => return Answer::Unknown(format!("not compiled: {}", chain(&error))),
        };
        let (Some(runtime), Some(compiler)) = (&self.runtime, &mut self.compiler) else {
            return Answer::Unknown(self.last.clone());
        };
        self.queries = self.queries.saturating_add(1);
        let bound = self.budget.query.saturating_add(GRACE).min(left);
        let said = runtime.block_on(async { timeout(bound, compiled.ask(compiler)).await });
        let (why, broken) = match said {
            Ok(Ok(None)) => return Answer::Holds,
            Ok(Ok(Some(example))) => return Answer::Fails(Box::new(example)),
            Ok(Err(error)) if matches!(*error, Error::SolverUnknown) => {
                let seconds = self.budget.query.as_secs();
                (format!("the solver gave up within {seconds} s"), false)
            }
            Ok(Err(error)) => (format!("the solver's answer was none: {}", chain(&error)), true),
            Err(_) => (format!("the solver was silent for {} s", bound.as_secs()), true),
        };
        if broken {
            // Whatever it says next can't be told from an answer to this.
            self.compiler = None;
            self.failures = self.failures.saturating_add(1);
            self.last.clone_from(&why);
        }
        Answer::Unknown(why)
    }
}

/// What is asked: all of it claims that hold, or fail with an example.
#[derive(Clone, Copy)]
enum Query<'q> {
    Implies(&'q PolicySet, &'q PolicySet),
    NeverErrs(&'q Policy),
    NeverMatches(&'q Policy),
}

enum Compiled {
    Implies(Box<(CompiledPolicySet, CompiledPolicySet)>),
    NeverErrs(Box<CompiledPolicy>),
    NeverMatches(Box<CompiledPolicy>),
}

impl Query<'_> {
    fn compile(self, at: &RequestEnv, schema: &Schema) -> Result<Compiled, Box<Error>> {
        let set = |set: &PolicySet| CompiledPolicySet::compile(set, at, schema).map_err(Box::new);
        let one = |policy: &Policy| {
            CompiledPolicy::compile(policy, at, schema)
                .map(Box::new)
                .map_err(Box::new)
        };
        Ok(match self {
            Self::Implies(a, b) => Compiled::Implies(Box::new((set(a)?, set(b)?))),
            Self::NeverErrs(policy) => Compiled::NeverErrs(one(policy)?),
            Self::NeverMatches(policy) => Compiled::NeverMatches(one(policy)?),
        })
    }
}

impl Compiled {
    async fn ask(&self, compiler: &mut CedarSymCompiler<LocalSolver>) -> Result<Option<Env>, Box<Error>> {
        let said = match self {
            Self::Implies(both) => compiler.check_implies_with_counterexample_opt(&both.0, &both.1).await,
            Self::NeverErrs(policy) => compiler.check_never_errors_with_counterexample_opt(policy).await,
            Self::NeverMatches(policy) => compiler.check_never_matches_with_counterexample_opt(policy).await,
        };
        said.map_err(Box::new)
    }
}
