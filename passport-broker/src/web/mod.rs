//! Pages for people: choose an institution, come back from it, one's account. The release page is in `provider`.

mod account;
mod account_forms;
mod application_forms;
mod application_page;
mod applications;
mod change_forms;
mod changes;
mod device;
mod home;
mod login;
mod purpose_form;
mod refusal;
mod routes;

pub(crate) use login::{LoginWish, begin_login};
pub(crate) use refusal::{forged, signed_out, store_problem, unavailable};
pub(crate) use routes::routes;
