//! Which credential a request carries: exactly one, in one of the ways of `apis.md` 9.6, or none.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, header};

use crate::{
    limits,
    problem::{Challenge, Problem},
};

/// What a route takes in the `Authorization` header beside a token.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    /// A token as the password of Basic.
    pub(crate) basic: bool,
    /// A Passport in the place of a token.
    pub(crate) passport: bool,
}

/// A credential as it came. Never shown.
#[derive(Clone, Eq, PartialEq)]
pub(crate) enum Presented {
    /// Nothing.
    Nothing,
    /// An access token.
    Token(String),
    /// An access token that is bound to a key: the proof of it stands in a header of its own.
    Bound(String),
    /// Passports in a DRS body.
    Passports(Vec<String>),
    /// Both, of a DRS body: they must be one person's.
    Both(String, Vec<String>),
    /// A Passport in the place of a token, where a DRS takes it so, and Passports in its body.
    Header(String, Vec<String>),
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Token(_) => "Token(…)",
            Self::Bound(_) => "Bound(…)",
            Self::Passports(_) => "Passports(…)",
            Self::Both(..) => "Both(…)",
            Self::Header(..) => "Header(…)",
        })
    }
}

/// Reads the `Authorization` header: Bearer or DPoP in any letter case, or Basic with the token as password where `basic`.
///
/// A Passport is told by its `typ`; it is no token, and where it is not taken so it is none that counts (DRS-08).
///
/// # Errors
/// 400 for two headers, another scheme or something that is no token; 401 for a Passport where none is taken.
pub(crate) fn credential(headers: &HeaderMap, taken: Taken, passports: Vec<String>) -> Result<Presented, Problem> {
    let token = token(headers, taken)?;
    if passports.len() > limits::PASSPORTS || passports.iter().any(|one| one.len() > limits::PASSPORT_BYTES) {
        return Err(Problem::refused(
            "token.passports",
            "there are too many Passports, or one is too large",
        ));
    }
    if let Some((token, bound)) = &token
        && is_passport(token)
    {
        if taken.passport && !bound {
            return Ok(Presented::Header(token.clone(), passports));
        }
        return Err(Problem::unauthenticated(
            Challenge::InvalidToken,
            "token.passport_bearer",
            "a Passport is no access token; send it in the body of a DRS request, or an access token here",
        ));
    }
    Ok(match (token, passports.is_empty()) {
        (None, true) => Presented::Nothing,
        (Some((token, false)), true) => Presented::Token(token),
        (Some((token, true)), true) => Presented::Bound(token),
        (None, false) => Presented::Passports(passports),
        (Some((token, false)), false) => Presented::Both(token, passports),
        (Some((_, true)), false) => {
            return Err(Problem::refused(
                "token.two_ways",
                "a token that is bound to a key does not stand beside Passports; send one of them",
            ));
        }
    })
}

/// Is this a Passport, by the type that it says it has? Nothing is believed of it.
fn is_passport(token: &str) -> bool {
    let front = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(front).ok();
    let header = header.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let kind = header.as_ref().and_then(|header| header.get("typ")?.as_str());
    kind.is_some_and(|kind| {
        let bare = kind.to_ascii_lowercase();
        bare.strip_prefix("application/").unwrap_or(&bare) == "vnd.ga4gh.passport+jwt"
    })
}

/// The token, and whether its scheme says that it is bound to a key.
fn token(headers: &HeaderMap, taken: Taken) -> Result<Option<(String, bool)>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::refused("token.twice", "there are two Authorization headers"));
    }
    let scheme_fault = || {
        Problem::refused(
            "token.scheme",
            "the Authorization header is neither Bearer, DPoP nor a scheme that this route takes",
        )
    };
    let text = value.to_str().map_err(|_| scheme_fault())?;
    let (scheme, rest) = text.split_once(' ').ok_or_else(scheme_fault)?;
    let rest = rest.trim_start_matches(' ');
    let bound = scheme.eq_ignore_ascii_case("dpop");
    let token = if bound || scheme.eq_ignore_ascii_case("bearer") {
        rest.to_owned()
    } else if taken.basic && scheme.eq_ignore_ascii_case("basic") {
        let pair = STANDARD
            .decode(rest)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(scheme_fault)?;
        let (user, password) = pair.split_once(':').ok_or_else(scheme_fault)?;
        // wes-client writes `visum:TOKEN`; some tools put the token in the place of the name and leave the password out
        if password.is_empty() {
            user.to_owned()
        } else {
            password.to_owned()
        }
    } else {
        return Err(scheme_fault());
    };
    let plain = token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    let most = if is_passport(&token) {
        limits::PASSPORT_BEARER_BYTES
    } else {
        limits::TOKEN_BYTES
    };
    if token.is_empty() || token.len() > most || !plain {
        return Err(Problem::refused(
            "token.form",
            "the Authorization header holds no token, or one that is too long",
        ));
    }
    Ok(Some((token, bound)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e35_there_is_one_credential_or_a_refusal() {
        let basic = format!("Basic {}", STANDARD.encode("visum:abc.def"));
        let named = format!("basic {}", STANDARD.encode("abc.def:"));
        type Case<'c> = (&'c str, &'c [&'c str], bool, Result<Presented, &'c str>);
        let cases: [Case<'_>; 12] = [
            ("none", &[], true, Ok(Presented::Nothing)),
            ("bearer", &["Bearer abc"], true, Ok(Presented::Token("abc".into()))),
            (
                "lower-case scheme",
                &["bearer abc"],
                true,
                Ok(Presented::Token("abc".into())),
            ),
            (
                "basic with the token as password",
                &[&basic],
                true,
                Ok(Presented::Token("abc.def".into())),
            ),
            (
                "basic with the token as name",
                &[&named],
                true,
                Ok(Presented::Token("abc.def".into())),
            ),
            ("basic where it is not taken", &[&basic], false, Err("token.scheme")),
            ("two headers", &["Bearer a", "Bearer a"], true, Err("token.twice")),
            (
                "bound to a key",
                &["dpop abc"],
                false,
                Ok(Presented::Bound("abc".into())),
            ),
            ("another scheme", &["Negotiate abc"], true, Err("token.scheme")),
            ("no token", &["Bearer "], true, Err("token.form")),
            ("a token with spaces", &["Bearer a b"], true, Err("token.form")),
            ("no scheme", &["abc"], true, Err("token.scheme")),
        ];
        for (name, values, basic, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            let taken = Taken { basic, passport: false };
            let got = credential(&headers, taken, Vec::new()).map_err(|problem| problem.code.into_owned());
            assert_eq!(got, expected.map_err(str::to_owned), "{name}");
        }
    }

    #[test]
    fn e35_e71_a_passport_is_told_by_its_type_and_is_no_token() {
        let header = |typ: &str| URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"{typ}","alg":"ES256"}}"#));
        let passport = format!("{}.e30.x", header("vnd.ga4gh.passport+jwt"));
        let long = format!("{}.{}.x", header("VND.ga4gh.passport+JWT"), "a".repeat(20 << 10));
        let huge = format!("{passport}{}", "a".repeat(32 << 10));
        let token = format!("{}.e30.x", header("at+jwt"));
        let with = |scheme: &str, token: &str, passport| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", format!("{scheme} {token}").parse().unwrap());
            let taken = Taken { basic: true, passport };
            credential(&headers, taken, Vec::new())
                .map_err(|problem| (problem.status.as_u16(), problem.code.into_owned()))
        };
        let refused = Err((401, "token.passport_bearer".to_owned()));
        for one in [&passport, &long] {
            assert_eq!(with("Bearer", one, false), refused);
            assert_eq!(with("DPoP", one, true), refused, "nothing binds a Passport to a key");
            assert_eq!(
                with("bearer", one, true),
                Ok(Presented::Header(one.clone(), Vec::new()))
            );
        }
        assert_eq!(with("Bearer", &huge, true), Err((400, "token.form".to_owned())));
        assert_eq!(with("Bearer", &token, true), Ok(Presented::Token(token.clone())));
    }

    #[test]
    fn credentials_are_not_shown() {
        assert!(!format!("{:?}", Presented::Both("hush".into(), vec!["hush".into()])).contains("hush"));
    }
}
