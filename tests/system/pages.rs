//! The pages that people see: from the login to the account, as a browser without script gets them.

use reqwest::header;
use tests::{
    demo::Demo,
    outside::{Answer, client, get, read},
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

impl Visitor {
    /// Signs in at the demo's institution and lands on a page.
    async fn arrive(&mut self, path: &str, who: &str) -> String {
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}{path}{mark}login_hint={who}&idp_hint=sample", self.broker);
        let (_, answer) = self.visit(&url, None, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        is_a_sound_page(path, &answer)
    }

    /// Sends the first form of a page that goes to `action`, with more fields; the page that follows.
    async fn send(&mut self, page: &str, action: &str, more: &[(&str, &str)]) -> (u16, String) {
        let mut fields = hidden(page, &format!("{action}\""));
        fields.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let form = page
            .split("<form ")
            .skip(1)
            .find(|form| form.split('>').next().unwrap().contains(&format!("{action}\"")));
        let to = attribute(form.unwrap().split('>').next().unwrap(), "action").unwrap();
        let url = format!("{}{to}", self.broker);
        let (_, answer) = self.visit(&url, Some(&fields), "").await;
        (answer.status, is_a_sound_page(action, &answer))
    }

    /// Sends a file with the form that goes to `action`.
    async fn hand_in(&mut self, page: &str, action: &str, more: &[(&str, &str)], file: Vec<u8>) -> (u16, String) {
        let mut form = reqwest::multipart::Form::new();
        let fields = hidden(page, &format!("{action}\""));
        let more = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        for (name, value) in fields.into_iter().chain(more) {
            form = form.text(name, value);
        }
        form = form.part(
            "file",
            reqwest::multipart::Part::bytes(file).file_name("../../etc/passwd"),
        );
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.http.post(format!("{}{action}", self.broker)).multipart(form);
        let request = request
            .header("origin", &self.broker)
            .header(header::COOKIE, jar.join("; "));
        let answer = read(request.send().await.unwrap()).await;
        let to = answer.header("location");
        if to.is_empty() {
            return (answer.status, is_a_sound_page(action, &answer));
        }
        let (_, answer) = self.visit(&format!("{}{to}", self.broker), None, "").await;
        (answer.status, is_a_sound_page(action, &answer))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_is_applied_for_and_approved_in_browsers_without_script() {
    let demo = Demo::start();
    let broker = demo.fact("/broker/issuer");
    let (mut ada, mut dan, mut ben) = (Visitor::new(&broker), Visitor::new(&broker), Visitor::new(&broker));

    // the form, in plain words; what people write is text, from either side of the page
    let page = ada.arrive("/applications/new", "ada").await;
    assert!(
        page.contains("I will not try to find out who participants are"),
        "{page}"
    );
    let study = [
        ("title", "<script>alert(1)</script> \u{202e}drow"),
        ("summary", "We compare.\n<img src=x onerror=alert(1)>"),
        ("name", "عائشة الباحثة"),
        ("institution", "https://uni.example.org"),
        ("dataset", "https://data.biobank.example.org/datasets/C"),
        ("category", "disease"),
        ("diseases", "MONDO:0007254"),
        ("commercial", "no"),
        ("countries", "fi se"),
        ("until", "2027-12-31"),
    ];
    let (status, page) = ada.send(&page, "/applications/new", &study).await;
    assert_eq!(status, 422, "not confirmed: {page}");
    assert!(
        page.contains("role=\"alert\"") && page.contains("عائشة الباحثة"),
        "what was written stays"
    );
    let mut whole = study.to_vec();
    whole.push(("none_barred", "yes"));
    let (status, page) = ada.send(&page, "/applications/new", &whole).await;
    assert_eq!(status, 200, "{page}");
    assert!(
        page.contains("&#60;script&#62;") && !page.contains("<img") && !page.contains('\u{202e}'),
        "{page}"
    );
    assert!(page.contains("<bdi>عائشة الباحثة</bdi>"), "{page}");
    assert!(
        page.contains("breast cancer") && page.contains("the purpose fits"),
        "{page}"
    );
    let at = page.split("action=\"/applications/").nth(1).unwrap();
    let id = at.split('/').next().unwrap().to_owned();
    let here = format!("/applications/{id}");

    // a paper, and one that is none; an invitation
    let letter = [
        ("title", "Letter"),
        ("kind", "ethics"),
        ("institution", "https://uni.example.org"),
        ("starts", "2026-01-01"),
    ];
    let documents = format!("{here}/documents");
    let (status, page_after) = ada
        .hand_in(&page, &documents, &letter, b"<html>%PDF-1.4".to_vec())
        .await;
    assert_eq!(status, 422, "{page_after}");
    assert!(page_after.contains("application.not_pdf"), "{page_after}");
    let (status, page) = ada
        .hand_in(&page, &documents, &letter, tests::pdf::page("letter"))
        .await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("Letter") && !page.contains("passwd"), "{page}");
    let (status, page) = ada
        .send(&page, &format!("{here}/invite"), &[("address", "ben@uni.example.org")])
        .await;
    assert_eq!(status, 200, "{page}");
    let link = page.split(&format!("{broker}{here}/join?code=")).nth(1).unwrap();
    let code = link.split('<').next().unwrap().to_owned();
    let (_, page) = ada.send(&page, &format!("{here}/submit"), &[]).await;
    assert!(page.contains("handed in"), "{page}");

    // Ben accepts; before that it is not his to see
    let (_, hidden_page) = {
        ben.arrive("/applications", "ben").await;
        ben.visit(&format!("{broker}{here}"), None, "").await
    };
    assert_eq!(hidden_page.status, 404);
    let (_, invitation) = ben.visit(&format!("{broker}{here}/join?code={code}"), None, "").await;
    let (status, page) = ben
        .send(&is_a_sound_page("join", &invitation), &format!("{here}/join"), &[])
        .await;
    // the code stands in a visible field
    assert_eq!(status, 422, "{page}");
    let (status, page) = ben.send(&page, &format!("{here}/join"), &[("code", &code)]).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("You take part in this study now"), "{page}");

    // Dan reads, asks, and approves the digest that he saw
    let page = dan.arrive(&here, "dan").await;
    for shown in [
        "Purposes tried before this one",
        "What the participants agreed to",
        "I read it",
        "Decide on this digest",
    ] {
        assert!(page.contains(shown), "the committee's page without {shown}");
    }
    let (_, page) = dan
        .send(&page, &format!("{here}/return"), &[("text", "Which tumours?")])
        .await;
    assert!(page.contains("back with questions"), "{page}");
    let (_, mine) = ada.visit(&format!("{broker}{here}"), None, "").await;
    let (_, _) = ada
        .send(&mine.text(), &format!("{here}/answer"), &[("text", "Of the breast.")])
        .await;
    let page = dan.arrive(&here, "dan").await;
    let said = [
        ("say", "approve"),
        ("reason", "Within the consent."),
        ("conditions", "No copies.\nNo models."),
    ];
    let (status, page) = dan.send(&page, &format!("{here}/decide"), &said).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("It is approved") && page.contains("No models."), "{page}");

    // a form without its token decides nothing
    let (_, forged) = dan
        .visit(
            &format!("{broker}{here}/return"),
            Some(&[("text".to_owned(), "x".to_owned())]),
            "",
        )
        .await;
    assert_eq!(forged.status, 403);

    // Ben leaves; Ada reports, and it is closed
    let (_, page) = ben.visit(&format!("{broker}{here}"), None, "").await;
    let (_, page) = ben.send(&page.text(), &format!("{here}/leave"), &[]).await;
    assert!(page.contains("You no longer take part"), "{page}");
    let (_, mine) = ada.visit(&format!("{broker}{here}"), None, "").await;
    let said = [("text", "Two genes."), ("references", "https://doi.org/10.1000/1")];
    let (_, page) = ada.send(&mine.text(), &format!("{here}/report"), &said).await;
    assert!(page.contains("closed"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_read_was_denied_stands_in_ones_history_in_the_language_that_one_chose() {
    let demo = Demo::start();
    let object = demo.access("a-cohort.vcf").await;
    let denied = get(&object, Some(&demo.token("ben"))).await;
    assert_eq!(denied.status, 403, "{}", denied.text());
    let mut ben = Visitor::new(&demo.fact("/broker/issuer"));
    let english = ben.arrive("/account/history", "ben").await;
    let code = english
        .split("<code class=\"wrap\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .find(|text| text.starts_with("consent."))
        .unwrap_or_else(|| panic!("no code of consent: {english}"))
        .to_owned();
    for shown in ["lang=\"en\">", "datasets/A", "denied"] {
        assert!(english.contains(shown), "without {shown}: {english}");
    }
    let german = ben.arrive("/account/history?lang=de", "ben").await;
    assert!(
        german.contains(&code) && german.contains("<span class=\"soft small\" lang=\"de\">"),
        "{german}"
    );
    // remembered by the browser
    let again = ben.arrive("/account/history", "ben").await;
    assert!(again.contains("<span class=\"soft small\" lang=\"de\">"), "{again}");
    let unknown = ben.arrive("/account/history?lang=tlh", "ben").await;
    assert!(unknown.contains("<span class=\"soft small\" lang=\"de\">"), "{unknown}");
}
