//! The gate: who asks, may they, and is it on record. It knows no backend; a backend asks for what the gate gives.

mod bearer;
mod caller;
mod credential;
mod denied;
mod dpop;
mod event;
mod exchange;
mod fresh;
mod ledger;
mod login;
mod many;
mod permit;
mod record;
mod service;

pub(crate) use bearer::Identify;
pub(crate) use caller::{Caller, Person, Standing};
pub(crate) use credential::{Presented, Taken, credential};
pub(crate) use denied::NoPermit;
pub(crate) use dpop::Proofs;
pub(crate) use event::{decided_event, of_dataset, whats, who, why};
pub(crate) use fresh::Doubt;
pub(crate) use ledger::{Ledger, Live};
pub(crate) use login::held;
pub(crate) use many::OnRecord;
pub(crate) use permit::{Gate, Judge, Question};
pub(crate) use record::{Decided, Permit, Recorded, Recording};
pub(crate) use service::Service;
