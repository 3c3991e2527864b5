//! Pages for people: choose an institution, come back from it, one's account. The release page is in `provider`.

mod account;
mod account_close;
mod account_forms;
mod account_history;
mod account_news;
mod application_files;
mod application_foreseen;
mod application_form_page;
mod application_forms;
mod application_join;
mod application_page;
mod application_words;
mod applications;
mod arrive;
mod change_forms;
mod changes;
mod chooser;
mod device;
mod enrol;
mod governed;
mod home;
mod link;
mod login;
mod newcomer;
mod policies;
mod policy_forms;
mod purpose_form;
mod refusal;
mod routes;
pub(crate) mod terms;
mod upstream_logout;

pub(crate) use chooser::{LoginWish, begin_login};
pub(crate) use refusal::{forged, signed_out, store_problem, unavailable};
pub(crate) use routes::routes;
