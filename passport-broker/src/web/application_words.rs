//! The words and the days of the pages of applications.

use visa_verifier::seam::Timestamp;

use crate::limits;
use crate::store::applications::Stage;

/// A stage as a page says it.
pub(super) const fn standing(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Draft => ("draft", "wait"),
        Stage::Submitted => ("handed in", "wait"),
        Stage::Returned => ("back with questions", "wait"),
        Stage::Answered => ("answered", "wait"),
        Stage::InReview => ("in review", "wait"),
        Stage::Approved => ("approved", "yes"),
        Stage::Denied => ("denied", "no"),
        Stage::Withdrawn => ("taken back", "no"),
        Stage::Closed => ("closed", "yes"),
    }
}

/// What the last form did, by the word in the query.
pub(super) fn done_sentence(word: &str) -> Option<&'static str> {
    Some(match word {
        "saved" => "It is saved. Nobody else sees it until you hand it in.",
        "submitted" => "It is handed in: the committee sees it now.",
        "answered" => "Your answer is with the committee.",
        "withdrawn" => "It was taken back.",
        "amended" => "The amendment is begun: change what you need, then hand it in.",
        "extended" => "You have asked the committee for a later end.",
        "reported" => "The final report is there, and the application is closed.",
        "removed" => "They no longer take part; their access under this study has ended.",
        "left" => "You no longer take part; your access under this study has ended.",
        "joined" => "You take part in this study now.",
        "told" => "The administrators are told at their next sign-in.",
        "admitted" => "They have their access now.",
        "document" => "The document is handed in; it is kept sealed.",
        "read" => "It is on record that you read it.",
        "returned" => "Your questions went to the applicant.",
        "voted" => "Your vote counts, for the digest shown below.",
        "approved" => "It is approved: everybody who takes part has their access.",
        "denied" => "It is denied; the applicant reads your reason.",
        _ => return None,
    })
}

/// A day as an instant: its first second, UTC.
pub(super) fn instant(day: &str) -> Result<Timestamp, String> {
    let text = if day.len() == 10 {
        format!("{day}T00:00:00Z")
    } else {
        day.to_owned()
    };
    text.parse().map_err(|_| {
        format!(
            "`{}` is no day; they look like 2027-12-31.",
            day.chars().take(40).collect::<String>()
        )
    })
}

/// Text of a person, bounded for a field.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(limits::TEXT_BYTES).collect()
}
