//! The final report: what came of it. It closes the application, its duties and its grants.

use audit_log::{Class, EventType};

use super::write::{Step, agreed, at, save, turn};
use super::{grants, papers, seat, terms};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::Changing;
use crate::committee::GovernError;
use crate::store::applications::{AccessApplication, Report, Stage, TurnKind};

/// References of one report.
const REFERENCES: usize = 50;

/// Hands in the final report: every grant of the application is over with it.
///
/// # Errors
/// [`GovernError`]
pub async fn report(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    text: &str,
    references: Vec<String>,
) -> Result<AccessApplication, GovernError> {
    terms::text(text, "text")?;
    if references.len() > REFERENCES {
        return Err(GovernError::input(
            "application.text",
            format!("At most {REFERENCES} references."),
        ));
    }
    for reference in &references {
        terms::line(reference, "references")?;
    }
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(&row, &[Stage::Approved], "closed with a final report")?;
    row.report = Some(Report {
        text: text.trim().to_owned(),
        references: references.iter().map(|text| text.trim().to_owned()).collect(),
        at: broker.now(),
    });
    let over = grants::end(broker, &mut changing, &row, None).await?;
    turn(broker, caller, &mut row, TurnKind::Reported, "", Stage::Closed)?;
    let step = Step {
        class: Class::Researcher,
        kind: EventType::GrantRevoke,
        code: "application.closed",
    };
    let agreed = agreed(broker, text, [])?;
    save(broker, caller, &mut changing, step, &row, over.rows, agreed).await?;
    grants::end_visas(broker, &mut changing, &over.ended).await?;
    papers::retain(broker, &mut changing, &row).await?;
    changing.finish().await?;
    Ok(row)
}
