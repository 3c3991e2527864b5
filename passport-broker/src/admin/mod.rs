//! Our own API: `/visum/v1/me`, `access`, `cli-keys`, `purposes`, `admin/…`. A bearer token of ours with our issuer as audience;
//! scope `visum:self` for one's own, `visum:admin` for administration. What is permitted, the policies say.

mod access;
mod applications;
mod audit;
mod body;
mod changes;
mod consent_holds;
mod datasets;
mod documents;
mod evaluate;
mod grants;
mod holds;
mod keys;
mod lockdown;
mod me;
mod policies;
mod problem;
mod purposes;
mod register;
mod roles;
mod signing_keys;
mod snapshots;
mod states;
mod tried;

use axum::Router;
use axum::routing::{get, post};

use crate::broker::Broker;

pub(crate) use documents::attachment;
pub use problem::ApiProblem;

/// The routes, under `/visum/v1`.
pub fn routes() -> Router<Broker> {
    Router::new()
        .route("/me", get(me::me))
        .route("/me/data", get(me::data))
        .route("/me/history", get(me::history))
        .route("/me/programs", get(me::programs))
        .route("/me/programs/end", post(me::end_program))
        .route("/access", get(access::own))
        .route("/admin/access", get(access::review))
        .merge(of_applications())
        .route("/cli-keys", post(keys::register))
        .route("/purposes", get(purposes::list).post(purposes::attest))
        .route("/purposes/default", post(purposes::choose_default))
        .route("/admin/datasets", get(datasets::list))
        .route("/admin/datasets/{*id}", get(datasets::one))
        .route("/admin/grants", get(grants::list).post(grants::issue))
        .route("/admin/grants/{id}/revoke", post(grants::revoke))
        .route("/admin/holds", get(holds::list).post(holds::place))
        .route("/admin/holds/confirm", post(holds::confirm))
        .route("/admin/holds/{id}/decide", post(holds::decide))
        .route("/admin/dataset-states", post(states::set))
        .route("/consent/evaluate", post(evaluate::evaluate))
        .route("/consent/holds", get(consent_holds::list).post(consent_holds::place))
        .route("/consent/holds/{id}/release", post(consent_holds::release))
        .route("/admin/holds/{id}/release", post(holds::release))
        .route("/admin/blobs", post(register::upload))
        .route("/admin/institutions", get(register::institutions))
        .route("/admin/upstreams", get(register::upstreams))
        .route("/admin/terms", get(register::terms))
        .route("/admin/webhooks", get(register::webhooks))
        .route("/admin/registrations", get(register::registrations))
        .route("/admin/tables", get(register::tables))
        .route("/admin/tables/{id}", get(register::table))
        .route("/admin/objects", get(register::objects))
        .route("/admin/keys", get(signing_keys::list))
        .route("/admin/keys/rotate", post(signing_keys::rotate))
        .route("/admin/lockdown", get(lockdown::list).post(lockdown::place))
        .route("/admin/lockdown/{id}/lift", post(lockdown::lift))
        .route("/admin/purposes-tried", get(tried::list))
        .route("/admin/changes", get(changes::list).post(changes::propose))
        .route("/admin/changes/{id}", get(changes::one))
        .route("/admin/changes/{id}/approve", post(changes::approve))
        .route("/admin/changes/{id}/apply", post(changes::apply))
        .route("/admin/changes/{id}/withdraw", post(changes::withdraw))
        .route("/admin/policies", get(policies::list).post(policies::draft))
        .route("/admin/policies/rollback", post(policies::roll_back))
        .route("/admin/policies/observe", post(policies::observe))
        .route("/admin/policies/enforce", post(policies::enforce))
        .route("/admin/policies/{id}", get(policies::one))
        .route("/admin/policies/{id}/approve", post(policies::approve))
        .route("/admin/policies/{id}/publish", post(policies::publish))
        .route("/admin/policies/{id}/withdraw", post(policies::withdraw))
        .route("/admin/roles", get(roles::list))
        .route("/admin/statements", get(roles::statements))
        .route("/admin/snapshots/{version}", get(snapshots::one))
        .route("/admin/audit/events", get(audit::events))
}

/// A study's application: its own steps with `visum:self`, the committee's with `visum:admin`.
fn of_applications() -> Router<Broker> {
    Router::new()
        .route("/applications", get(applications::list).post(applications::begin))
        .route("/applications/{id}", get(applications::one))
        .route("/applications/{id}/edit", post(applications::edit))
        .route("/applications/{id}/documents", post(documents::hand_in))
        .route("/applications/{id}/documents/{document}", get(documents::one))
        .route("/applications/{id}/documents/{document}/read", post(documents::tick))
        .route(
            "/applications/{id}/documents/{document}/delete",
            post(documents::delete),
        )
        .route("/applications/{id}/minutes", get(applications::minutes))
        .route("/applications/{id}/submit", post(applications::submit))
        .route("/applications/{id}/answer", post(applications::answer))
        .route("/applications/{id}/withdraw", post(applications::withdraw))
        .route("/applications/{id}/amend", post(applications::amend))
        .route("/applications/{id}/extend", post(applications::extend))
        .route("/applications/{id}/report", post(applications::report))
        .route("/applications/{id}/members", post(applications::invite))
        .route("/applications/{id}/members/{member}/remove", post(applications::remove))
        .route("/applications/{id}/join", post(applications::join))
        .route("/applications/{id}/leave", post(applications::leave))
        .route("/applications/{id}/return", post(applications::send_back))
        .route("/applications/{id}/vote", post(applications::vote))
        .route("/applications/{id}/approve", post(applications::approve))
        .route("/applications/{id}/admit", post(applications::admit))
        .route("/applications/{id}/tell", post(applications::tell))
        .route("/applications/{id}/deny", post(applications::deny))
        .route("/applications/{id}/reassign", post(applications::reassign))
}

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod evaluate_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unhandled_tests;
