//! What is refused, with which word.

use super::*;

const GOOD: &str = "response_type=code&client_id=c&redirect_uri=https%3A%2F%2Fc.example.org%2Fcb&scope=openid+ga4gh_passport_v1&state=s&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

fn ask(text: &str) -> Result<AuthorizationRequest, Refusal> {
    let allowed = Allowed {
        scopes: Scopes::parse("openid profile ga4gh_passport_v1"),
        audiences: &["https://proxy.example.org/".to_owned()],
        details: &["visum_purpose".to_owned()],
    };
    Named::read(text, REQUEST_BYTES)
        .unwrap()
        .check("https://c.example.org/cb".parse().unwrap(), &allowed)
}

#[test]
fn a_request_is_refused_for_each_fault_with_its_own_word() {
    let without = |name: &str| -> String {
        GOOD.split('&')
            .filter(|pair| !pair.starts_with(&format!("{name}=")))
            .collect::<Vec<_>>()
            .join("&")
    };
    let with = |more: &str| format!("{GOOD}&{more}");
    let long = "x".repeat(STATE_BYTES + 1);
    let cases = [
        ("no response type", without("response_type"), "invalid_request"),
        (
            "implicit",
            GOOD.replace("response_type=code", "response_type=token"),
            "unsupported_response_type",
        ),
        (
            "hybrid",
            GOOD.replace("response_type=code", "response_type=code+id_token"),
            "unsupported_response_type",
        ),
        ("fragment mode", with("response_mode=fragment"), "invalid_request"),
        ("no PKCE", without("code_challenge"), "invalid_request"),
        (
            "no PKCE method means plain",
            without("code_challenge_method"),
            "invalid_request",
        ),
        ("plain PKCE", GOOD.replace("S256", "plain"), "invalid_request"),
        (
            "a challenge that is none",
            GOOD.replace("E9Mel", "!"),
            "invalid_request",
        ),
        ("no openid", GOOD.replace("openid+", ""), "invalid_scope"),
        (
            "a scope not registered",
            GOOD.replace("scope=openid", "scope=openid+visum%3Aadmin"),
            "invalid_scope",
        ),
        ("a scope twice", with("scope=openid"), "invalid_request"),
        ("a challenge twice", with("code_challenge=x"), "invalid_request"),
        (
            "a long state",
            GOOD.replace("state=s", &format!("state={long}")),
            "invalid_request",
        ),
        ("a request object", with("request=ey"), "request_not_supported"),
        (
            "a request object by URI",
            with("request_uri=https%3A%2F%2Fc.example.org"),
            "request_uri_not_supported",
        ),
        (
            "details of a type that nobody knows",
            with("authorization_details=%5B%7B%22type%22%3A%22payment%22%7D%5D"),
            "invalid_authorization_details",
        ),
        ("none with another prompt", with("prompt=none+login"), "invalid_request"),
        ("a key that is none", with("dpop_jkt=abc"), "invalid_request"),
        ("max_age in words", with("max_age=soon"), "invalid_request"),
        (
            "an unknown resource",
            with("resource=https%3A%2F%2Fother.example.org%2F"),
            "invalid_target",
        ),
        ("a relative resource", with("resource=proxy"), "invalid_target"),
        (
            "a resource with a fragment",
            with("resource=https%3A%2F%2Fproxy.example.org%2F%23a"),
            "invalid_target",
        ),
    ];
    for (name, text, error) in cases {
        assert_eq!(ask(&text).unwrap_err().error, error, "{name}");
    }
}

#[test]
fn a_good_request_keeps_what_it_said_and_unknown_words_are_left_out() {
    let request = ask(&format!("{GOOD}&display=page&ui_locales=fi&claims=%7B%7D&resource=https%3A%2F%2Fproxy.example.org%2F&login_hint=ada&kc_idp_hint=home&max_age=60&prompt=login")
        .replace("scope=openid", "scope=openid+phone")).unwrap();
    assert_eq!(request.scopes.to_string(), "openid ga4gh_passport_v1");
    assert_eq!(
        (request.state.as_deref(), request.nonce.as_deref()),
        (Some("s"), Some("n"))
    );
    assert_eq!(request.resources, ["https://proxy.example.org/"]);
    assert_eq!(
        (request.login_hint.as_deref(), request.institution.as_deref()),
        (Some("ada"), Some("home"))
    );
    assert_eq!((request.prompt.login, request.max_age), (true, Some(60)));
}

#[test]
fn who_asks_is_read_before_anything_is_sent_anywhere() {
    let cases = [
        (
            "no client",
            "redirect_uri=https%3A%2F%2Fc.example.org",
            "authorize.unreadable",
        ),
        ("no redirect URI", "client_id=c", "authorize.unreadable"),
        (
            "two clients",
            "client_id=a&client_id=b&redirect_uri=https%3A%2F%2Fc.example.org",
            "authorize.unreadable",
        ),
        (
            "two redirect URIs",
            "client_id=a&redirect_uri=a&redirect_uri=b",
            "authorize.unreadable",
        ),
    ];
    for (name, text, code) in cases {
        assert_eq!(Named::read(text, REQUEST_BYTES).unwrap_err().code(), code, "{name}");
    }
    assert_eq!(
        Named::read(&"x".repeat(REQUEST_BYTES + 1), REQUEST_BYTES)
            .unwrap_err()
            .code(),
        "authorize.too_long"
    );
}
