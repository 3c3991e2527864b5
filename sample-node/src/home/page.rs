//! The institution's pages: who logs in, what this is, what went wrong. No script; links, so that no form is needed.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use url::form_urlencoded;

use crate::home::provider::Home;

const STYLE: &str = include_str!("style.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const NOTICE: &str = "<p class=\"notice\"><strong>This is a sample.</strong> The people are fictional, there is no password, \
    and a second factor is <em>asserted, not checked</em>. Never trust this institution outside of a demo.</p>";

/// The login page: one link a person, which repeats the request with a `login_hint`.
pub(crate) fn choose(home: &Home, query: &str) -> Response {
    let mut cards = String::new();
    for person in &home.people {
        let mut again = form_urlencoded::Serializer::new(String::new());
        again.extend_pairs(
            form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "login_hint" && name != "prompt"),
        );
        again.append_pair("login_hint", person.login);
        let factor = if person.mfa {
            "second factor asserted"
        } else {
            "one factor"
        };
        let _ = write!(
            cards,
            "<li><a class=\"card\" href=\"/authorize?{}\"><span class=\"name\">{}</span><span>{}</span>\
             <span class=\"fine\">{} · {factor}</span></a></li>",
            escape(&again.finish()),
            escape(person.name),
            escape(person.role),
            escape(person.affiliation),
        );
    }
    let body = format!(
        "<h1>Who are you?</h1><p>Choose whom to log in as at the sample home institution.</p><ul class=\"cards\">{cards}</ul>{NOTICE}"
    );
    page(StatusCode::OK, "Log in", &body)
}

/// What is wrong with a request that can't be answered to the client.
pub(crate) fn refused(status: StatusCode, why: &str) -> Response {
    let body = format!(
        "<h1>This login can't go on</h1><p>{}</p><p>Go back to the service that sent you here and try again; if it stays \
         like this, its settings and those of this institution don't fit.</p>{NOTICE}",
        escape(why)
    );
    page(status, "Login refused", &body)
}

/// What this is.
pub(crate) async fn about(State(home): State<Arc<Home>>) -> Response {
    let body = format!(
        "<h1>Sample home institution</h1><p>An OpenID Provider for two fictional organisations, <code>uni.example.org</code> \
         and <code>biobank.example.org</code>.</p><dl><dt>Issuer</dt><dd><code>{0}</code></dd><dt>Discovery</dt>\
         <dd><a href=\"/.well-known/openid-configuration\">{0}/.well-known/openid-configuration</a></dd><dt>Visa issuer</dt>\
         <dd><code>{1}</code></dd></dl>{NOTICE}",
        escape(&home.issuer),
        escape(&home.visa_issuer)
    );
    page(StatusCode::OK, "About", &body)
}

/// The one style sheet.
pub(crate) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title} · Sample home institution</title><link rel=\"stylesheet\" \
         href=\"/style.css\"></head><body><header>Sample home institution</header><main>{body}</main></body></html>"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

/// Text for HTML, in content and in quoted attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
