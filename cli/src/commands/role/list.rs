//! `visum role list`: who may do what on this node, until when.

use serde_json::Value;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
    page::plain,
};

/// List roles and seats in committees with their ends (as auditor)
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let answer = session.get("admin/roles").await?;
    context.show(&answer, |answer| {
        let all = answer
            .get("roles")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let text = |row: &Value, pointer: &str| row.pointer(pointer).and_then(Value::as_str).map(plain);
        let rows = table(
            ["person", "role", "until"],
            all.iter().map(|row| {
                let seat = text(row, "/role/committee").map(|id| format!("committee {id}"));
                let role = text(row, "/role/role").or(seat).unwrap_or_default();
                [
                    text(row, "/person").unwrap_or_default(),
                    role,
                    text(row, "/until").unwrap_or_default(),
                ]
            }),
        );
        let governance = text(answer, "/governance").unwrap_or_default();
        let words = match governance.as_str() {
            "dual" => "dual: what opens something needs two people",
            _ => "single: one administrator may approve alone (a gap in the compliance report)",
        };
        format!("{rows}\nGovernance is {words}.")
    });
    Ok(Exit::Yes)
}
