//! The tool registry: each route by each of its names, and ways around (E10, E11, E36, E47, E54, E59 there); and the
//! service registry.

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    outside::{self, Answer},
};

use crate::wire::{
    played::{Played, Said},
    raw,
};

/// The names of the base.
const BASES: [&str; 3] = ["/ga4gh/trs/v2", "/api/ga4gh/trs/v2", "/api/ga4gh/v2"];
/// A tool and a workflow of the sample node.
const TOOL: &str = "sample%2Fwc";
const WORKFLOW: &str = "%23workflow%2Fbiobank.example.org%2Fcount";

async fn get(house: &House, path: &str, token: Option<&str>) -> Answer {
    outside::get(&house.proxy(path), token).await
}

fn sha256(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The shape of an error: the number is `code`, the stable code is `error_code`.
fn refused(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    assert_eq!(body["code"], json!(answer.status), "{}", answer.text());
    assert!(body["message"].is_string() && body["request_id"].is_string(), "{body}");
    (
        answer.status,
        body["error_code"].as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn trs_each_route_answers_by_each_name_of_the_base_with_addresses_of_ours() {
    let house = House::start(Wants::default()).await;
    let ada = house.token("ada");
    let inside = house.sample.trs().trim_start_matches("http://").to_owned();
    for base in BASES {
        let paths = [
            "/tools".to_owned(),
            format!("/tools/{TOOL}"),
            format!("/tools/{TOOL}/versions"),
            format!("/tools/{TOOL}/versions/1.0"),
            format!("/tools/{TOOL}/versions/1.0/containerfile"),
            format!("/tools/{TOOL}/versions/1.0/CWL/descriptor"),
            format!("/tools/{TOOL}/versions/1.0/PLAIN_CWL/descriptor"),
            format!("/tools/{WORKFLOW}/versions/1.0/CWL/descriptor/tools/wc.cwl"),
            format!("/tools/{WORKFLOW}/versions/1.0/PLAIN_CWL/descriptor/tools%2Fwc.cwl"),
            format!("/tools/{TOOL}/versions/1.0/CWL/tests"),
            format!("/tools/{TOOL}/versions/1.0/CWL/files"),
            format!("/tools/{TOOL}/versions/1.0/CWL/files?format=zip"),
            "/toolClasses".to_owned(),
        ];
        for path in &paths {
            let path = format!("{base}{path}");
            let answer = get(&house, &path, Some(&ada)).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            assert!(!answer.header("visum-audit").is_empty(), "{path} is on record");
            assert!(!answer.text().contains(&inside), "{path}: {}", answer.text());
            let told = format!("{:?}", answer.headers);
            assert!(!told.contains(&inside), "{path}: {told}");
            let nobody = get(&house, &path, None).await;
            assert_eq!(refused(&nobody), (401, "token.missing".to_owned()), "{path}");
            assert!(nobody.header("www-authenticate").starts_with("Bearer"), "{path}");
            let posted = outside::post(&house.proxy(&path), Some(&ada), &json!({})).await;
            assert_eq!(refused(&posted), (405, "request.method".to_owned()), "{path}");
        }
        let info = get(&house, &format!("{base}/service-info"), None).await;
        assert_eq!((info.status, &info.json()["type"]["artifact"]), (200, &json!("trs")));

        let at = |path: &str| format!("{base}/tools/{path}");
        let tool = get(&house, &at(TOOL), Some(&ada)).await.json();
        assert_eq!(tool["id"], "sample/wc");
        assert_eq!(tool["url"], json!(house.proxy(&format!("/ga4gh/trs/v2/tools/{TOOL}"))));
        let version = &tool["versions"][0];
        assert_eq!(
            version["url"],
            json!(format!("{}/versions/1.0", tool["url"].as_str().unwrap()))
        );
        let image = version["images"][0]["image_name"].as_str().unwrap();
        assert_eq!(Some(image), house.sample.image("wc"));

        let wrapped = get(&house, &at(&format!("{TOOL}/versions/1.0/CWL/descriptor")), Some(&ada))
            .await
            .json();
        let text = wrapped["content"].as_str().unwrap();
        assert_eq!(wrapped["checksum"][0]["checksum"], json!(sha256(text)));
        let plain = get(
            &house,
            &at(&format!("{TOOL}/versions/1.0/PLAIN_CWL/descriptor")),
            Some(&ada),
        )
        .await;
        assert_eq!(
            (plain.text().as_str(), plain.header("content-type").as_str()),
            (text, "text/plain; charset=utf-8")
        );
        // the address that is told leads to the text
        let url = wrapped["url"].as_str().unwrap();
        assert_eq!(outside::get(url, Some(&ada)).await.text(), text);
        // an encoded path and a plain one are one file
        for path in ["tools/wc.cwl", "tools%2Fwc.cwl", "tools%2fwc.cwl"] {
            let file = get(
                &house,
                &at(&format!("{WORKFLOW}/versions/1.0/PLAIN_CWL/descriptor/{path}")),
                Some(&ada),
            )
            .await;
            assert_eq!(file.text(), text, "{path}");
        }
        let zip = get(
            &house,
            &at(&format!("{TOOL}/versions/1.0/CWL/files?format=zip")),
            Some(&ada),
        )
        .await;
        assert!(zip.body.starts_with(b"PK\x03\x04") && zip.header("content-type") == "application/zip");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trs_lists_are_paged_and_filtered_by_known_keys() {
    let house = House::start(Wants::default()).await;
    let ada = house.token("ada");
    let ids = |answer: &Answer| -> Vec<String> {
        let tools = answer.json();
        let tools = tools.as_array().unwrap().iter();
        tools.map(|tool| tool["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids(&get(&house, "/ga4gh/trs/v2/tools", Some(&ada)).await);
    assert!(all.len() >= 5, "{all:?}");
    let (mut seen, mut next) = (Vec::new(), house.proxy("/ga4gh/trs/v2/tools?limit=2"));
    while !next.is_empty() {
        let page = outside::get(&next, Some(&ada)).await;
        seen.extend(ids(&page));
        next = page.header("next_page");
        assert!(
            next.is_empty() || next.starts_with(&house.proxy("/ga4gh/trs/v2/tools?")),
            "{next}"
        );
        assert!(
            page.header("self_link")
                .starts_with(&house.proxy("/ga4gh/trs/v2/tools?"))
        );
    }
    assert_eq!(seen, all);
    let only = get(
        &house,
        "/api/ga4gh/v2/tools?toolClass=Workflow&checker=False",
        Some(&ada),
    )
    .await;
    assert_eq!(ids(&only), ["#workflow/biobank.example.org/count"]);
    let one = get(&house, "/ga4gh/trs/v2/tools?id=sample%2Fwc", Some(&ada)).await;
    assert_eq!(ids(&one), ["sample/wc"]);
    for query in [
        "html",
        "x=1",
        "Limit=2",
        "limit=2&limit=3",
        "limit=two",
        "limit=0",
        "limit=1001",
        "limit=-1",
        "checker=1",
        "descriptorType=cwl",
        "access_token=x",
        "name=%0a",
        "offset=%ff",
    ] {
        let answer = get(&house, &format!("/ga4gh/trs/v2/tools?{query}"), Some(&ada)).await;
        assert_eq!(refused(&answer), (400, "request.query".to_owned()), "{query}");
    }
    for (path, query) in [
        (format!("/ga4gh/trs/v2/tools/{TOOL}"), "x=1"),
        (
            format!("/ga4gh/trs/v2/tools/{TOOL}/versions/1.0/CWL/files"),
            "format=tar",
        ),
        (
            format!("/ga4gh/trs/v2/tools/{TOOL}/versions/1.0/CWL/files"),
            "format=zip&format=zip",
        ),
        (
            format!("/ga4gh/trs/v2/tools/{TOOL}/versions/1.0/CWL/descriptor"),
            "ref=main",
        ),
    ] {
        let answer = get(&house, &format!("{path}?{query}"), Some(&ada)).await;
        assert_eq!(refused(&answer), (400, "request.query".to_owned()), "{path}?{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e10_e57_trs_paths_lead_to_the_table_or_nowhere() {
    let played = Played::start().await;
    let house = House::start(Wants {
        trs: Some(played.url.clone()),
        ..Wants::default()
    })
    .await;
    let ada = house.token("ada");
    played.came();
    let of = |rest: &str| format!("/tools/a/versions/1/{rest}");
    for base in BASES {
        for (path, status) in [
            (of("CWL/descriptor/.."), 400),
            (of("CWL/descriptor/..%2Fx"), 400),
            (of("CWL/descriptor/x%2F..%2F..%2Fy"), 400),
            (of("CWL/descriptor/%2e%2e/y"), 400),
            (of("CWL/descriptor/%252e%252e%252fy"), 400),
            (of("CWL/descriptor/%2Fetc%2Fpasswd"), 400),
            (of("CWL/descriptor/x//y"), 400),
            (of("CWL/descriptor/x%5Cy"), 400),
            (of("CWL/descriptor/x%00"), 400),
            (of("CWL/descriptor/x;y"), 400),
            (of("CWL/descriptor/"), 400),
            (of("cwl/descriptor"), 400),
            (of("plain_CWL/descriptor"), 400),
            (of("PLAIN_PLAIN_CWL/descriptor"), 400),
            (of("CWL%2Fx/descriptor"), 400),
            (of("PLAIN_CWL/files"), 400),
            ("/tools/..%2F..%2Fadmin".to_owned(), 400),
            ("/tools/a%252Fb".to_owned(), 400),
            ("/tools/%2e%2e".to_owned(), 400),
            ("/tools/a/versions/1%2F2".to_owned(), 400),
            ("/tools/a/".to_owned(), 400),
            ("/tools/a/versions/1/CWL".to_owned(), 404),
            ("/tools/a/versions/1/CWL/tests/x".to_owned(), 404),
            ("/tools/a/versions/1/descriptor".to_owned(), 404),
            ("/tools/a/b".to_owned(), 404),
            ("/metadata".to_owned(), 404),
            ("/entries".to_owned(), 404),
            ("".to_owned(), 404),
        ] {
            let path = format!("{base}{path}");
            let host = house.node.at.proxy.trim_start_matches("http://");
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\nConnection: close\r\n\r\n"
            );
            let back = raw::send(&house.proxy(""), request.as_bytes()).await;
            assert_eq!(back.status(), status, "{path}: {}", back.text());
            assert!(back.text().contains("\"error_code\":\""), "{path}: {}", back.text());
        }
    }
    let came = played.came();
    assert!(came.is_empty(), "a backend saw {came:?}");
    // what is sent on is written anew
    get(
        &house,
        "/api/ga4gh/v2/tools/%23a%2fb%20c/versions/1%2E0/CWL/descriptor/x%2fy",
        Some(&ada),
    )
    .await;
    let came = played.came();
    assert_eq!(
        came[0].target,
        "/ga4gh/trs/v2/tools/%23a%2Fb%20c/versions/1.0/CWL/descriptor/x/y"
    );
    let authorization = came[0].headers.get("authorization").unwrap().to_str().unwrap();
    assert!(!authorization.contains(&ada), "the caller's token stays here");
}

/// A registry that tells addresses of its own and of others, and more than the specification knows.
fn telling(own: &str) -> Value {
    let at = |rest: &str| format!("{own}/ga4gh/trs/v2/tools/{rest}");
    json!({
        "id": "a", "url": "https://evil.example.net/tools/a", "organization": "x", "toolclass": {"id": "1", "secret": "SECRET"},
        "secret": "SECRET", "checker_url": "https://evil.example.net/checker", "aliases": [at("a"), "plain"],
        "versions": [{"id": "1", "url": at("a/versions/1"), "x-engine": "SECRET", "verified_source": [at("a")], "descriptor_type": ["CWL", "SECRET"],
            "images": [{"image_name": "x", "image_type": "SECRET", "pull_secret": "SECRET"}]}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn e47_e54_e59_a_registry_sends_nobody_elsewhere_and_tells_nothing_of_itself() {
    let played = Played::start().await;
    let house = House::start(Wants {
        trs: Some(played.url.clone()),
        ..Wants::default()
    })
    .await;
    let ada = house.token("ada");
    let say =
        |status: u16, headers: Vec<(&'static str, String)>, body: String| played.say(Some(Said(status, headers, body)));
    let json_type = || ("content-type", "application/json".to_owned());
    let inside = played.url.trim_start_matches("http://").to_owned();
    let clean = |name: &str, answer: &Answer| {
        let told = format!("{:?} {}", answer.headers, answer.text());
        for word in ["SECRET", "evil", &inside] {
            assert!(!told.contains(word), "{name} tells {word}: {told}");
        }
    };
    let tool = telling(&played.url);
    say(200, vec![json_type()], tool.to_string());
    let one = get(&house, "/ga4gh/trs/v2/tools/a", Some(&ada)).await;
    assert_eq!(one.status, 200, "{}", one.text());
    clean("a tool", &one);
    assert_eq!(one.json()["aliases"], json!(["plain"]));
    let other = get(&house, "/ga4gh/trs/v2/tools/b", Some(&ada)).await;
    assert_eq!(
        refused(&other),
        (502, "backend.unreadable".to_owned()),
        "a tool that was not asked for"
    );
    let pages = vec![
        json_type(),
        (
            "next_page",
            format!("{}/ga4gh/trs/v2/tools?offset=2&limit=1&x=SECRET", played.url),
        ),
        (
            "last_page",
            "https://evil.example.net/elsewhere?offset=9&session=SECRET".to_owned(),
        ),
        ("self_link", "not a url \u{7f}".replace('\u{7f}', "")),
        ("current_limit", "1".to_owned()),
        ("x-powered-by", "SECRET".to_owned()),
        ("link", "<https://evil.example.net>; rel=next".to_owned()),
    ];
    say(200, pages, json!([tool]).to_string());
    let list = get(&house, "/ga4gh/trs/v2/tools", Some(&ada)).await;
    clean("a list", &list);
    assert_eq!(
        list.header("next_page"),
        house.proxy("/ga4gh/trs/v2/tools?offset=2&limit=1")
    );
    assert_eq!(list.header("last_page"), house.proxy("/ga4gh/trs/v2/tools?offset=9"));
    let files = json!([
        {"url": "https://evil.example.net/x"}, {"content": "text", "url": "https://evil.example.net/y"},
        {"url": format!("{}/ga4gh/trs/v2/tools/a/versions/1/PLAIN_CWL/descriptor/t.json", played.url)},
    ]);
    say(200, vec![json_type()], files.to_string());
    for what in ["CWL/tests", "containerfile"] {
        let told = get(&house, &format!("/ga4gh/trs/v2/tools/a/versions/1/{what}"), Some(&ada)).await;
        clean(what, &told);
        let ours = house.proxy("/ga4gh/trs/v2/tools/a/versions/1/PLAIN_CWL/descriptor/t.json");
        assert_eq!(told.json(), json!([{"content": "text"}, {"url": ours}]), "{what}");
    }
    say(
        200,
        vec![json_type()],
        json!({"url": "https://evil.example.net/x"}).to_string(),
    );
    let descriptor = get(&house, "/ga4gh/trs/v2/tools/a/versions/1/CWL/descriptor", Some(&ada)).await;
    clean("a descriptor", &descriptor);
    // refusals, redirects and what cannot be read, in our words
    let at = "/ga4gh/trs/v2/tools/a/versions/1/CWL/descriptor";
    for (name, said, status) in [
        (
            "a redirect",
            (302, vec![("location", "https://evil.example.net/".to_owned())], ""),
            502,
        ),
        ("a refusal", (403, vec![json_type()], "SECRET stack"), 502),
        ("a failure", (500, vec![json_type()], "SECRET stack"), 502),
        ("nothing there", (404, vec![json_type()], "SECRET"), 404),
        ("no JSON", (200, vec![json_type()], "<html>SECRET</html>"), 502),
        (
            "compressed",
            (200, vec![json_type(), ("content-encoding", "gzip".to_owned())], "{}"),
            502,
        ),
    ] {
        say(said.0, said.1, said.2.to_owned());
        let answer = get(&house, at, Some(&ada)).await;
        assert_eq!(refused(&answer).0, status, "{name}: {}", answer.text());
        clean(name, &answer);
    }
    say(
        200,
        vec![("content-type", "text/html".to_owned())],
        "<script>alert(1)</script>".to_owned(),
    );
    let plain = get(
        &house,
        "/ga4gh/trs/v2/tools/a/versions/1/PLAIN_CWL/descriptor",
        Some(&ada),
    )
    .await;
    assert_eq!(
        plain.header("content-type"),
        "text/plain; charset=utf-8",
        "a page is a text here"
    );
    let zip = get(
        &house,
        "/ga4gh/trs/v2/tools/a/versions/1/CWL/files?format=zip",
        Some(&ada),
    )
    .await;
    assert_eq!(refused(&zip).0, 502, "no zip");
}

#[tokio::test(flavor = "multi_thread")]
async fn trs_tools_of_a_private_registry_are_read_by_nobody_whom_no_policy_permits() {
    let house = House::start(Wants {
        trs_lines: Some("public = false".to_owned()),
        ..Wants::default()
    })
    .await;
    let ada = house.token("ada");
    for path in [
        "/tools".to_owned(),
        format!("/tools/{TOOL}"),
        format!("/tools/{TOOL}/versions/1.0/CWL/descriptor"),
    ] {
        let answer = get(&house, &format!("/ga4gh/trs/v2{path}"), Some(&ada)).await;
        let (status, code) = refused(&answer);
        assert_eq!(status, 403, "{path}: {}", answer.text());
        assert!(!code.is_empty(), "{path}");
    }
    assert_eq!(get(&house, "/ga4gh/trs/v2/service-info", None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn e54_the_service_registry_lists_our_own_addresses_and_no_backends() {
    let house = House::start(Wants::default()).await;
    for base in ["", "/ga4gh/registry/v1"] {
        let list = get(&house, &format!("{base}/services"), None).await;
        assert_eq!(list.status, 200, "{}", list.text());
        let services = list.json();
        let services = services.as_array().unwrap();
        let kinds: Vec<&str> = services
            .iter()
            .map(|one| one["type"]["artifact"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["drs", "tes", "trs"], "what this house has");
        for one in services {
            let url = one["url"].as_str().unwrap();
            assert!(url.starts_with(&house.proxy("/ga4gh/")), "{one}");
            let info = outside::get(&format!("{url}/service-info"), None).await.json();
            assert_eq!(info["id"], one["id"], "the address leads to the service");
            let found = get(
                &house,
                &format!("{base}/services/{}", one["id"].as_str().unwrap()),
                None,
            )
            .await;
            assert_eq!(&found.json(), one);
        }
        let types = get(&house, &format!("{base}/services/types"), None).await.json();
        assert_eq!(types.as_array().unwrap().len(), 3);
        let none = get(&house, &format!("{base}/services/nobody"), None).await;
        let body = none.json();
        assert_eq!((none.status, &body["status"]), (404, &json!(404)));
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
        assert_eq!(get(&house, &format!("{base}/services?x=1"), None).await.status, 400);
        let told = list.text();
        for backend in [house.sample.drs(), house.sample.tes(), house.sample.trs()] {
            assert!(!told.contains(backend.trim_start_matches("http://")), "{told}");
        }
    }
    let info = get(&house, "/ga4gh/registry/v1/service-info", None).await.json();
    assert_eq!(
        info["type"],
        json!({"group": "org.ga4gh", "artifact": "service-registry", "version": "1.0.0"})
    );
}
