//! The routes of the OpenID Provider and of the pages, in one table.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use http::StatusCode;

use super::{
    account, account_close, account_forms, account_history, application_files, application_form_page,
    application_forms, application_join, applications, arrive, change_forms, changes, chooser, device, enrol, home,
    link, login, newcomer, policies, policy_forms, terms, upstream_logout,
};
use crate::Broker;
use crate::front::Front;
use crate::page::style_sheet;
use crate::provider;

/// Most bytes of a body: a form of ours or a token request.
const BODY_BYTES: usize = 64 * 1024;

/// Most bytes of a form with a document: the document and a few words on it.
const UPLOAD_BYTES: usize = 20 * 1024 * 1024 + 64 * 1024;

/// Every route of the OpenID Provider and of the pages.
pub(crate) fn routes(broker: &Broker) -> Router {
    match Front::of(broker) {
        Ok(front) => table(front),
        Err(error) => {
            // Without the keys of cookies and forms nothing here can be safe: all of it is closed.
            tracing::error!(error.code = error.code(), %error, "the pages and the OpenID Provider are closed");
            Router::new().fallback(|| async { StatusCode::SERVICE_UNAVAILABLE })
        }
    }
}

fn table(front: Front) -> Router {
    Router::new()
        // programs
        .route("/.well-known/openid-configuration", get(provider::metadata))
        .route("/.well-known/oauth-authorization-server", get(provider::metadata))
        .route("/.well-known/oauth-protected-resource", get(provider::resource::whole))
        .route(
            "/.well-known/oauth-protected-resource/{*path}",
            get(provider::resource::part),
        )
        .route("/jwks", get(provider::jwks))
        .route("/authorize", get(provider::authorize).post(provider::authorize_by_form))
        .route("/par", post(provider::push))
        .route("/register", post(provider::register))
        .route("/token", post(provider::token))
        .route("/userinfo", get(provider::userinfo).post(provider::userinfo))
        .route("/revoke", post(provider::revoke))
        .route("/introspect", post(provider::introspect))
        .route("/device_authorization", post(provider::device_authorization))
        // people
        .route("/", get(home::home))
        .route("/static/visum.css", get(style_sheet))
        .route("/consent", post(provider::decide))
        .route("/login", get(chooser::search))
        .route("/login/new", post(newcomer::begin))
        .route("/login/{upstream}", get(chooser::chosen))
        .route("/login/logout/{upstream}", post(upstream_logout::told))
        .route("/login/callback/{upstream}", get(login::callback))
        .route("/device", get(device::page).post(device::decide))
        .route("/logout", post(home::logout))
        .route("/end_session", get(provider::logout::ask).post(provider::logout::ask))
        .route("/end_session/confirm", post(provider::logout::confirm))
        .route("/account", get(account::account))
        .route("/enrol", get(enrol::page).post(enrol::enrol))
        .route("/notices", post(arrive::read))
        .route("/terms", get(terms::list).post(terms::answer))
        .route("/account/link", get(link::page).post(link::begin))
        .route("/account/link/confirm", get(link::confirm).post(link::decide))
        .route("/account/unlink", post(link::unlink))
        .route("/account/purposes", post(account_forms::attest))
        .route("/account/purposes/default", post(account_forms::default_purpose))
        .route("/account/cli-keys/end", post(account_forms::end_key))
        .route("/account/sessions/end", post(account_forms::end_session))
        .route("/account/consents/end", post(account_forms::end_consent))
        .route("/account/services/end", post(account_forms::end_service))
        .route("/account/history", get(account_history::page))
        .route("/account/download", get(account_history::download))
        .route("/account/close", get(account_close::page).post(account_close::ask))
        .route("/account/close/confirm", post(account_close::confirm))
        .route("/changes", get(changes::list))
        .route("/changes/{id}", get(changes::one))
        .route("/changes/{id}/approve", post(change_forms::approve))
        .route("/changes/{id}/apply", post(change_forms::apply))
        .route("/changes/{id}/withdraw", post(change_forms::withdraw))
        .route("/applications", get(applications::list))
        .route(
            "/applications/new",
            get(application_form_page::new).post(application_forms::begin),
        )
        .route("/applications/{id}", get(applications::one))
        .route("/applications/{id}/{step}", post(application_forms::step))
        .route(
            "/applications/{id}/edit",
            get(application_form_page::edit).post(application_forms::edit),
        )
        .route(
            "/applications/{id}/join",
            get(application_join::join).post(application_forms::accept),
        )
        .route("/applications/{id}/minutes", get(application_files::minutes))
        .route(
            "/applications/{id}/documents/{document}",
            get(application_files::document),
        )
        .route("/policies", get(policies::list))
        .route("/policies/{id}", get(policies::one))
        .route("/policies/{id}/approve", post(policy_forms::approve))
        .route("/policies/{id}/publish", post(policy_forms::publish))
        .route("/policies/{id}/withdraw", post(policy_forms::withdraw))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .merge(
            Router::new()
                .route("/applications/{id}/documents", post(application_forms::document))
                .layer(DefaultBodyLimit::max(UPLOAD_BYTES)),
        )
        .with_state(front)
}
