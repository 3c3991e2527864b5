//! What an approval would be worth, on the page where it is given: what stays red has an owner and a button.

use policy_engine::consent::{Recorder, Tables};

use crate::change::harmless;
use crate::committee::{Foresight, Lack};
use crate::store::applications::{AccessApplication, Document, DocumentKind};
use crate::tongue::{Told, Tongue};

/// What an approval would be worth to one person, for one dataset.
#[derive(Debug)]
pub(super) struct ShownForesight {
    pub(super) who: String,
    pub(super) dataset: String,
    pub(super) works: bool,
    pub(super) until: String,
    pub(super) assumes: &'static str,
    pub(super) lacks: Vec<ShownLack>,
}

/// What is lacking still.
#[derive(Debug)]
pub(super) struct ShownLack {
    pub(super) told: Told,
    /// The same in English, for a question to the applicant.
    pub(super) asks: String,
    pub(super) code: String,
    pub(super) kind: &'static str,
    pub(super) owner: &'static str,
    pub(super) button: Button,
}

/// What the member can do about it from here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Button {
    /// Send it back and ask the applicant for it.
    Ask,
    /// Tell the node's administrators.
    Tell,
    /// Look at the documents: a tick of the committee's own.
    Papers,
    /// Nothing: only time, or another dataset or purpose.
    None,
}

/// The foresight of one grant.
pub(super) fn foresight(one: &Foresight, row: &AccessApplication, tables: &Tables, tongue: Tongue) -> ShownForesight {
    let person = one.to.sub.as_str();
    let member = row
        .members
        .iter()
        .find(|member| member.person.as_deref() == Some(person));
    ShownForesight {
        who: member.map_or_else(|| harmless(&row.name), |member| member.address.clone()),
        dataset: one.dataset.clone(),
        works: one.works,
        until: one.until.map(super::account::day).unwrap_or_default(),
        assumes: one.assumes,
        lacks: one.lacks.iter().map(|lack| shown(lack, row, tables, tongue)).collect(),
    }
}

fn shown(lack: &Lack, row: &AccessApplication, tables: &Tables, tongue: Tongue) -> ShownLack {
    let reason = &lack.reason;
    let ethics = reason.code.contains("ethics") && !row.documents.is_empty();
    let unread = reason.code == "consent.ethics_missing" && row.documents.iter().any(unread_letter);
    let button = match lack.recorder {
        Recorder::RegisterKeeper | Recorder::Custodian | Recorder::Provider => Button::Tell,
        Recorder::Person | Recorder::Institution if ethics => Button::Papers,
        Recorder::Person | Recorder::Institution => Button::Ask,
        Recorder::Committee => Button::Papers,
        Recorder::Nobody => Button::None,
    };
    let mut told = tongue.reason(reason, tables);
    if unread {
        // the letter is there: what is lacking is the committee's tick, not the applicant's paper
        told = tongue.unread_letter();
    }
    let recorder = if unread { Recorder::Committee } else { lack.recorder };
    ShownLack {
        told,
        asks: Tongue::En.reason(reason, tables).words,
        code: reason.code.clone(),
        kind: tongue.lacking(lack.judgement),
        owner: tongue.recorder(recorder),
        button,
    }
}

/// A letter of an ethics board that no member has ticked as read.
fn unread_letter(paper: &Document) -> bool {
    paper.kind == DocumentKind::Ethics && paper.deleted.is_none() && paper.read_by.is_empty()
}
