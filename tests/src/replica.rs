//! A further replica of a node: made by `visum replica init`, with addresses of its own, followed by those before it.

use std::path::Path;

use crate::{
    binary,
    node::{Addresses, Node},
};

/// Makes a replica of the first of `nodes` (all of one node, each running), lets all follow all, and starts it.
///
/// # Panics
/// If a step fails.
#[must_use]
#[expect(clippy::expect_used, reason = "a test without its replica fails")]
pub fn add(nodes: &mut [&mut Node], name: &str) -> Node {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = Addresses::free();
    let data = folder.path().join("node");
    let first = nodes.first().expect("a node");
    let (of, issuer) = (first.data(), first.at.clone());
    let said = binary::run(&[
        "replica",
        "init",
        &data.display().to_string(),
        "--of",
        &of.display().to_string(),
        "--name",
        name,
        "--json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let made: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let key = made.get("log").and_then(serde_json::Value::as_str).unwrap_or_default();

    // The same issuer and URLs, other sockets; --of's configuration brought the logs that it follows itself.
    let file = data.join("visum.toml");
    let text = std::fs::read_to_string(&file).expect("its configuration");
    let listen = |url: &str| url.trim_start_matches("http://").to_owned();
    let text = [
        (&issuer.broker, &at.broker),
        (&issuer.proxy, &at.proxy),
        (&issuer.door, &at.door),
    ]
    .into_iter()
    .fold(text, |text, (before, now)| {
        text.replace(
            &format!("listen = \"{}\"", listen(before)),
            &format!("listen = \"{}\"", listen(now)),
        )
    });
    std::fs::write(&file, text).expect("its configuration");
    for node in nodes.iter_mut() {
        follow(node, &data.join("audit"), key);
        node.stop();
        node.again();
    }
    Node::of(folder, at)
}

/// One more log to follow.
#[expect(clippy::expect_used, reason = "a test without its replica fails")]
fn follow(node: &Node, log: &Path, key: &str) {
    let file = node.config();
    let text = std::fs::read_to_string(&file).expect("a configuration");
    let more = format!("{text}\n[[replicas]]\nlog = \"{}\"\nkey = \"{key}\"\n", log.display());
    std::fs::write(&file, more).expect("a configuration");
}
