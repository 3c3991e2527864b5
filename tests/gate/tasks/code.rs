//! What would run: images and commands (E25, E77).

use serde_json::json;

use super::{Gate, image};

#[tokio::test(flavor = "multi_thread")]
async fn e25_images_have_one_name_and_are_forwarded_by_it() {
    let gate = Gate::start().await;
    let digest = format!("sha256:{}", "0a".repeat(32));
    let run = |image: &str| json!({"executors": [{"image": image}]});
    let cases = [
        (
            "arguments behind it",
            run("x --privileged -v /:/host"),
            400,
            "intent.image",
        ),
        ("an option", run("-v"), 400, "intent.image"),
        (
            "a scheme",
            run(&format!("docker://sample/wc@{digest}")),
            400,
            "intent.image",
        ),
        ("a file", run("/data/in.sif"), 400, "intent.image"),
        ("a file by its own folder", run("./in.sif"), 400, "intent.image"),
        ("a letter that looks alike", run("s\u{430}mple/wc"), 400, "intent.image"),
        ("upper case", run(&format!("Sample/WC@{digest}")), 400, "intent.image"),
        ("a line", run(&format!("sample/wc@{digest}\nx")), 400, "intent.image"),
        (
            "another kind of digest",
            run("sample/wc@md5:d41d8cd98f00b204e9800998ecf8427e"),
            400,
            "intent.image",
        ),
        ("a short digest", run("sample/wc@sha256:0a0a"), 400, "intent.image"),
        (
            "user info",
            run(&format!("u:p@registry.example.org/wc@{digest}")),
            400,
            "intent.image",
        ),
        ("nothing", run(""), 400, "intent.reference_length"),
        ("a tag", run("sample/wc:1"), 403, "policy.image_not_pinned"),
        ("no tag", run("sample/wc"), 403, "policy.image_not_pinned"),
        ("a digest", run(&format!("sample/wc@{digest}")), 200, ""),
    ];
    gate.tried(&gate.task(), &cases).await;
    for (given, sent) in [
        (format!("sample/wc@{digest}"), format!("docker.io/sample/wc@{digest}")),
        (format!("ubuntu@{digest}"), format!("docker.io/library/ubuntu@{digest}")),
        (
            format!("Registry.example.org/x/y:1.2@{digest}"),
            format!("registry.example.org/x/y@{digest}"),
        ),
    ] {
        let answer = gate.send(&gate.ada, &super::merged(&gate.task(), &run(&given))).await;
        assert_eq!(answer.status, 200, "{given}: {}", answer.text());
        assert_eq!(gate.tes.task()["executors"][0]["image"], json!(sent));
    }
    // one unpinned image among several is enough
    let two = super::merged(
        &gate.task(),
        &json!({"executors": [{}, {"image": "sample/wc:1", "command": ["wc"]}]}),
    );
    assert_eq!(gate.send(&gate.ada, &two).await.code(), "policy.image_not_pinned");
    // without controlled data a tag is no matter
    let idle = super::merged(&gate.idle(), &run("sample/wc:1"));
    assert_eq!(gate.send(&gate.ada, &idle).await.status, 200);
    assert_eq!(gate.tes.task()["executors"][0]["image"], json!("docker.io/sample/wc:1"));
    assert!(image().contains(&digest));
}
