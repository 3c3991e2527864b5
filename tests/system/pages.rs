//! The pages that people see: from the login to the account, as a browser without script gets them.

use reqwest::header;
use tests::{
    demo::Demo,
    outside::{Answer, client, read},
};
use url::Url;

/// A browser's cookies of the broker, and its walk through redirects.
struct Visitor {
    http: reqwest::Client,
    broker: String,
    cookies: Vec<(String, String)>,
}

impl Visitor {
    fn new(broker: &str) -> Self {
        Self {
            http: client(),
            broker: broker.to_owned(),
            cookies: Vec::new(),
        }
    }

    /// A GET, or a POST of form fields; redirects are followed until a page or `stop`.
    async fn visit(&mut self, url: &str, form: Option<&[(String, String)]>, stop: &str) -> (Url, Answer) {
        let mut url = Url::parse(url).unwrap();
        let mut form = form;
        for _ in 0..20 {
            let ours = url.as_str().starts_with(&self.broker);
            let mut request = match form.take() {
                Some(fields) => self.http.post(url.clone()).form(fields).header("origin", &self.broker),
                None => self.http.get(url.clone()),
            };
            if ours {
                let jar: Vec<String> = self
                    .cookies
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                request = request.header(header::COOKIE, jar.join("; "));
            }
            let answer = read(request.send().await.unwrap()).await;
            if ours {
                for set in answer.headers.get_all(header::SET_COOKIE) {
                    let pair = set.to_str().unwrap().split(';').next().unwrap();
                    let (name, value) = pair.split_once('=').unwrap();
                    self.cookies.retain(|(other, _)| other != name);
                    self.cookies.push((name.to_owned(), value.to_owned()));
                }
            }
            let to = answer.header("location");
            if to.is_empty() {
                return (url, answer);
            }
            url = url.join(&to).unwrap();
            if !stop.is_empty() && url.as_str().starts_with(stop) {
                return (url, answer);
            }
        }
        panic!("redirected without end: {url}");
    }
}

/// What every page of the broker must keep.
fn is_a_sound_page(name: &str, answer: &Answer) -> String {
    let (text, policy) = (answer.text(), answer.header("content-security-policy"));
    assert!(policy.contains("default-src 'none'"), "{name}: {policy}");
    assert!(
        !policy.contains("script-src") && !policy.contains("unsafe"),
        "{name}: {policy}"
    );
    for never in ["<script", "javascript:", " onclick=", " style="] {
        assert!(!text.contains(never), "{name} has {never}");
    }
    assert!(text.contains("<html lang=\"en\">"), "{name}: its language");
    assert!(text.contains("name=\"viewport\""), "{name}: fits a phone");
    assert_eq!(text.matches("<h1").count(), 1, "{name}: one heading of the page");
    assert_eq!(text.matches("<main").count(), 1, "{name}: one main part");
    assert!(text.contains("fictional"), "{name}: the demo says what it is");
    for input in text.split("<input ").skip(1) {
        let tag = input.split('>').next().unwrap();
        if tag.contains("type=\"hidden\"") {
            continue;
        }
        let before = text.split(tag).next().unwrap();
        let within = before
            .rfind("<label")
            .is_some_and(|open| before.rfind("</label>").is_none_or(|close| close < open));
        let named = attribute(tag, "id").is_some_and(|id| text.contains(&format!("<label for=\"{id}\"")));
        assert!(within || named, "{name}: no label for {tag}");
    }
    text
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()
}

/// The hidden fields of the first form that goes to `action`.
fn hidden(text: &str, action: &str) -> Vec<(String, String)> {
    let form = text
        .split("<form ")
        .skip(1)
        .find(|form| form.split('>').next().unwrap().contains(action))
        .unwrap();
    let form = form.split("</form>").next().unwrap();
    let inputs = form
        .split("<input ")
        .skip(1)
        .map(|input| input.split('>').next().unwrap());
    inputs
        .filter(|tag| tag.contains("type=\"hidden\""))
        .map(|tag| {
            (
                attribute(tag, "name").unwrap().to_owned(),
                attribute(tag, "value").unwrap().to_owned(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_from_login_to_account_works_without_script_and_names_its_fields() {
    let demo = Demo::start();
    let broker = demo.fact("/broker/issuer");
    let mut ada = Visitor::new(&broker);
    let (_, home) = ada.visit(&format!("{broker}/"), None, "").await;
    is_a_sound_page("front page", &home);
    let (_, wrong) = ada
        .visit(&format!("{broker}/login/sample?choice=made-up"), None, "")
        .await;
    assert_eq!(wrong.status, 400);
    assert!(is_a_sound_page("error page", &wrong).contains("login.not_pending"));

    // The institution's page is skipped by the hint; the broker asks before anything is released.
    let back = "http://127.0.0.1:9/callback";
    let mut start = Url::parse(&format!("{broker}/authorize")).unwrap();
    start.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", "visum-cli"),
        ("redirect_uri", back),
        ("scope", "openid profile ga4gh_passport_v1"),
        ("state", "s"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("login_hint", "ada"),
    ]);
    let (_, consent) = ada.visit(start.as_str(), None, back).await;
    let text = is_a_sound_page("release page", &consent);
    for shown in ["visum-cli", "Ada Researcher", "What would be released", "datasets/A"] {
        assert!(text.contains(shown), "release page without {shown}");
    }
    let mut fields = hidden(&text, "/consent");
    fields.push(("decision".to_owned(), "refuse".to_owned()));
    let (end, _) = ada.visit(&format!("{broker}/consent"), Some(&fields), back).await;
    assert!(end.query().unwrap_or_default().contains("error=access_denied"), "{end}");

    let (_, account) = ada.visit(&format!("{broker}/account"), None, "").await;
    assert_eq!(account.status, 200);
    let text = is_a_sound_page("account page", &account);
    for shown in [
        "https://data.biobank.example.org/datasets/A",
        "https://biobank.example.org/dac",
        "faculty@uni.example.org",
        "action=\"/account/purposes\"",
        "Command-line keys",
        "this browser",
    ] {
        assert!(text.contains(shown), "account page without {shown}");
    }
    // The one grant without a purpose is asked about, by name.
    let asked = hidden(&text, "action=\"/account/purposes\"");
    assert!(
        asked
            .iter()
            .any(|(name, value)| name == "dataset" && value.ends_with("/datasets/B")),
        "{asked:?}"
    );

    // A form without its token changes nothing.
    let forged = [
        ("dataset".to_owned(), "x".to_owned()),
        ("csrf".to_owned(), "x".to_owned()),
    ];
    let (_, refused) = ada
        .visit(&format!("{broker}/account/purposes"), Some(&forged), "")
        .await;
    assert_eq!(refused.status, 403);
    is_a_sound_page("refused form", &refused);
}
