//! Start and stop of the whole.

use std::net::SocketAddr;

use sample_node::{SampleNode, Settings};

use crate::world::{REDIRECT, World};

/// What is other than usual in the settings.
type Change<'a> = &'a dyn Fn(&mut Settings);

#[tokio::test]
async fn settings_that_cannot_be_stop_the_start_with_a_code() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().map(|address| (address, taken)).unwrap();
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let cases: [(&str, Change<'_>, &str); 6] = [
        (
            "an address that is not loopback",
            &|settings| settings.addresses.drs = everywhere,
            "sample.setting",
        ),
        (
            "an address that is taken",
            &|settings| settings.addresses.tes = taken.0,
            "sample.address",
        ),
        (
            "no redirect URI",
            &|settings| settings.home.redirect_uris.clear(),
            "sample.setting",
        ),
        (
            "a redirect URI that is none",
            &|settings| settings.home.redirect_uris = vec!["/callback".into()],
            "sample.setting",
        ),
        (
            "a tool that is missing",
            &|settings| settings.tes.tools.push("no-such-tool".into()),
            "sample.tool_missing",
        ),
        (
            "no room for a task",
            &|settings| settings.tes.running = 0,
            "sample.setting",
        ),
    ];
    for (name, change, code) in cases {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(dir.path().to_owned(), REDIRECT, Vec::new()).unwrap();
        change(&mut settings);
        assert_eq!(SampleNode::start(settings).await.unwrap_err().code(), code, "{name}");
    }
}

#[tokio::test]
async fn a_stopped_node_answers_nowhere_and_its_addresses_are_free_again() {
    let world = World::new().await;
    let bases = [
        world.node.issuer(),
        world.node.drs(),
        world.node.tes(),
        world.node.wes(),
    ]
    .map(str::to_owned);
    world.node.stop().await;
    for base in bases {
        let address: SocketAddr = base.trim_start_matches("http://").parse().unwrap();
        assert!(tokio::net::TcpListener::bind(address).await.is_ok(), "{base}");
    }
}

#[tokio::test]
async fn no_secret_is_in_what_debug_prints() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new(dir.path().to_owned(), REDIRECT, Vec::new()).unwrap();
    let secrets = [
        settings.credential.expose().to_owned(),
        settings.home.collector.expose().to_owned(),
    ];
    let printed = format!("{settings:?}");
    let node = SampleNode::start(settings).await.unwrap();
    let printed = format!("{printed}{node:?}");
    for secret in secrets
        .iter()
        .map(String::as_str)
        .chain([node.client_secret().expose()])
    {
        assert!(!printed.contains(secret));
    }
}
