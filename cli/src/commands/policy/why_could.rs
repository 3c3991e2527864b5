//! `visum policy why-could`: which policies could permit or stop an action, by their scopes.

use std::path::PathBuf;

use policy_engine::{
    intent::Action,
    review::{Could, CouldPolicy, could},
};

use super::bundle;
use crate::{error::CommandError, exit::Exit, output::Context};

/// Why could somebody do this: the permits that could let, and the forbids that could stop it
///
/// It reads what policies are about, not their conditions: what is named can apply, what is not named never does.
#[derive(Debug, clap::Args)]
pub(crate) struct WhyCould {
    /// The action, such as `drs:access-url`
    action: String,
    /// Only for this type of principal, such as `Researcher`
    #[arg(long, value_name = "TYPE")]
    principal: Option<String>,
    /// Only for this type of thing, such as `Dataset`
    #[arg(long, value_name = "TYPE")]
    resource: Option<String>,
    /// A bundle's folder; without one, the shipped policies
    #[arg(long, value_name = "FOLDER", default_value = bundle::SHIPPED)]
    bundle: PathBuf,
}

/// Tells; exit 1 if nothing could permit it.
pub(crate) fn run(args: &WhyCould, context: &Context) -> Result<Exit, CommandError> {
    let action = Action::from_name(&args.action).ok_or_else(|| {
        let known: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        CommandError::refused("policy.action", format!("there is no action `{}`", args.action))
            .hint(format!("one of {}", known.join(", ")))
    })?;
    let (_, policies) = bundle::sound(&args.bundle)?;
    let ask = Could {
        principal: args.principal.clone(),
        resource: args.resource.clone(),
    };
    let found =
        could(&policies, action, &ask).map_err(|error| CommandError::refused(error.code(), error.to_string()))?;
    let any = found.iter().any(|policy| !policy.forbids);
    context.show(&found, |found| people(&args.action, found));
    Ok(if any { Exit::Yes } else { Exit::No })
}

fn people(action: &str, found: &[CouldPolicy]) -> String {
    let (forbids, permits): (Vec<_>, Vec<_>) = found.iter().partition(|policy| policy.forbids);
    let mut lines = Vec::new();
    if permits.is_empty() {
        lines.push(format!("Nobody can {action}: no policy permits it."));
    } else {
        lines.push(format!("{action} is permitted to whoever one of these holds for:"));
    }
    for policy in permits {
        lines.push(format!("- {}{}: {}", policy.id, only(policy), policy.reason));
        lines.push(format!("  needs {}", policy.needs));
    }
    if !forbids.is_empty() {
        lines.push("unless one of these holds:".to_owned());
    }
    for policy in forbids {
        lines.push(format!(
            "- {}{}: {} ({})",
            policy.id,
            only(policy),
            policy.reason,
            policy.code
        ));
    }
    lines.join("\n")
}

fn only(policy: &CouldPolicy) -> String {
    if policy.only.is_empty() {
        String::new()
    } else {
        format!(" (only {})", policy.only.join(", "))
    }
}
