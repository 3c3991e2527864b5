//! `visum role …`

pub(crate) mod end;
pub(crate) mod give;
pub(crate) mod list;

use clap::Subcommand;
use serde_json::{Value, json};
use visa_verifier::VisaIdentity;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Roles and seats in committees: each with its end
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    List(list::List),
    Give(give::Give),
    End(end::End),
}

/// Runs one of them.
pub(crate) async fn run(command: Role, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Role::List(args) => list::run(args, context).await,
        Role::Give(args) => give::run(args, context).await,
        Role::End(args) => end::run(args, context).await,
    }
}

/// Which role, of whom.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Seat {
    /// The person: `SUB,ISS`, both percent-encoded, as `visum passport show` prints it
    #[arg(value_name = "SUB,ISS")]
    person: String,
    /// A role of the node: administrator, operator, auditor or catalogue-editor
    #[arg(
        long,
        value_name = "ROLE",
        required_unless_present = "committee",
        conflicts_with = "committee"
    )]
    #[arg(value_parser = ["administrator", "operator", "auditor", "catalogue-editor"])]
    role: Option<String>,
    /// A seat in this committee, by its id (a URL)
    #[arg(long, value_name = "URL")]
    committee: Option<String>,
}

impl Seat {
    /// The person, as every row writes an identity.
    fn person(&self) -> Result<String, CommandError> {
        let known: Result<VisaIdentity, _> = self.person.parse();
        known.map(|identity| identity.to_string()).map_err(|_| {
            CommandError::refused("role.person", format!("`{}` is no identity `SUB,ISS`", self.person))
                .hint("both parts are percent-encoded, as `visum passport show` prints them")
        })
    }

    /// What is given, as a row says it.
    fn grant(&self) -> Value {
        match (&self.role, &self.committee) {
            (Some(role), _) => json!({ "role": role }),
            (None, committee) => json!({ "committee": committee }),
        }
    }

    /// The id of its row.
    fn id(&self) -> Result<String, CommandError> {
        let what = match (&self.role, &self.committee) {
            (Some(role), _) => format!("role:{role}"),
            (None, committee) => format!("committee:{}", committee.as_deref().unwrap_or_default()),
        };
        Ok(format!("{}#{what}", self.person()?))
    }

    fn words(&self) -> String {
        match (&self.role, &self.committee) {
            (Some(role), _) => format!("role {role}"),
            (None, committee) => format!("seat in {}", committee.as_deref().unwrap_or_default()),
        }
    }
}
