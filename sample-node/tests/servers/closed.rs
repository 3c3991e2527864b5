//! A closed network, seen from inside of a task: the door answers, and nothing else does.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::World;

/// A server that says one word.
async fn says(word: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/word", get(move || async move { word }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Runs a script; `None` where the system gives no closed network, and so nothing runs.
async fn script(world: &World, text: &str) -> Option<Value> {
    let task = json!({
        "inputs": [{ "path": "/in/run.sh", "content": text }],
        "executors": [{ "image": world.image("bash"), "command": ["bash", "/in/run.sh"] }],
    });
    let (status, told) = world.call(Method::POST, world.tes("/tasks"), Some(task)).await;
    if status == StatusCode::BAD_REQUEST {
        let can = std::process::Command::new("unshare").args(["--net", "true"]).status();
        assert!(
            !can.is_ok_and(|status| status.success()),
            "the system gives one: {told}"
        );
        return None;
    }
    let id = told["id"].as_str().unwrap();
    Some(world.ended(&world.tes(&format!("/tasks/{id}?view=FULL"))).await)
}

#[tokio::test]
async fn of_a_closed_network_a_task_reaches_the_door_and_nothing_else() {
    let (door, store) = (says("the door").await, says("the store").await);
    let world = World::with(|settings| {
        settings.tes.shells = vec!["bash".to_owned()];
        settings.tes.closed_network = Some(door);
    })
    .await;
    let address = |url: &str| url.trim_start_matches("http://").to_owned();
    let others = [
        store.to_string(),
        address(world.node.tes()),
        address(world.node.drs()),
        address(world.node.wes()),
        address(world.node.trs()),
        address(world.node.issuer()),
        // the same port at another address, and an address outside of the machine (RFC 5737)
        format!("127.0.0.9:{}", door.port()),
        "192.0.2.1:80".to_owned(),
    ];
    for other in &others[..6] {
        let there = tokio::net::TcpStream::connect(other).await;
        assert!(there.is_ok(), "{other} listens out here");
    }
    let text = format!(
        "for at in {}; do if (exec 3<>/dev/tcp/${{at/://}}) 2>/dev/null; then echo OPEN $at; else echo shut $at; fi; done\n\
         tail -n +3 /proc/net/dev | grep -vc ' *lo:'\n\
         for _ in 1 2; do exec 3<>/dev/tcp/{}/{}; printf 'GET /word HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3; echo; done\n\
         exit 0",
        others.join(" "),
        door.ip(),
        door.port(),
    );
    let Some(told) = script(&world, &text).await else {
        return;
    };
    assert_eq!(told["state"], "COMPLETE", "{told}");
    let said = told["logs"][0]["logs"][0]["stdout"].as_str().unwrap();
    let lines: Vec<&str> = said.lines().collect();
    for (line, other) in lines.iter().zip(&others) {
        assert_eq!(*line, format!("shut {other}"), "{said}");
    }
    assert_eq!(lines[others.len()], "0", "no interface but loopback: {said}");
    assert_eq!(said.matches("the door").count(), 2, "{said}");
    assert!(!said.contains("the store"), "{said}");
}

#[tokio::test]
async fn a_script_in_a_closed_network_finds_no_way_back_to_the_machines() {
    let door = says("the door").await;
    let world = World::with(|settings| {
        settings.tes.shells = vec!["bash".to_owned()];
        settings.tes.closed_network = Some(door);
    })
    .await;
    let machine = std::fs::read_link("/proc/self/ns/net").unwrap();
    let text = "readlink /proc/self/ns/net\n\
                unshare --net true 2>/dev/null && echo 'own namespaces lead nowhere' || echo 'no namespaces'\n\
                ip link add way type dummy 2>/dev/null && echo CHANGED\n\
                mount -o remount,bind,rw /usr 2>/dev/null && touch /usr/own 2>/dev/null && echo WRITTEN\n\
                nsenter --target 1 --net readlink /proc/self/ns/net 2>/dev/null\n\
                perl -e 'mkdir \"/tmp/x\"; chroot \"/tmp/x\"; chdir \"..\" for 1..64; chroot \".\"; print join(\" \", glob(\"/*\"))' 2>/dev/null\n\
                echo; exit 0";
    let Some(told) = script(&world, text).await else { return };
    assert_eq!(told["state"], "COMPLETE", "{told}");
    let said = told["logs"][0]["logs"][0]["stdout"].as_str().unwrap();
    assert!(said.starts_with("net:["), "{said}");
    assert!(!said.contains(machine.to_str().unwrap()), "{said}");
    for word in ["CHANGED", "WRITTEN", "/root", "/home", "/run", "/var"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    assert!(!std::path::Path::new("/usr/own").exists());
}

#[tokio::test]
async fn programs_without_scripts_are_closed_in_too_and_a_cancelled_one_leaves_no_door() {
    let door = says("the door").await;
    let world = World::with(|settings| {
        settings.tes.closed_network = Some(door);
    })
    .await;
    let sleeping = json!({ "executors": [{ "image": world.image("sleep"), "command": ["sleep", "60"] }] });
    let (status, told) = world.call(Method::POST, world.tes("/tasks"), Some(sleeping)).await;
    if status == StatusCode::BAD_REQUEST {
        assert!(told.to_string().contains("network namespace"), "{told}");
        return;
    }
    let at = world.tes(&format!("/tasks/{}", told["id"].as_str().unwrap()));
    let ours = std::fs::read_link("/proc/self/ns/net").unwrap();
    let sleeper = wait_for(|| child_named("sleep")).await;
    let theirs = std::fs::read_link(format!("/proc/{sleeper}/ns/net")).unwrap();
    assert_ne!(ours, theirs, "a program's network is its own");
    world.call(Method::POST, format!("{at}:cancel"), None).await;
    assert_eq!(world.ended(&at).await["state"], "CANCELED");
    // nothing is left in its network, and so no door
    wait_for(|| (!std::path::Path::new(&format!("/proc/{sleeper}/ns/net")).exists()).then_some(())).await;
}

async fn wait_for<T>(mut there: impl FnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = there() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come to be")
}

/// A child of this process by its name.
fn child_named(name: &str) -> Option<u32> {
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let (head, tail) = stat.rsplit_once(')')?;
        let is_ours = tail.split_whitespace().nth(1) == Some(&own) && head.ends_with(&format!("({name}"));
        is_ours.then_some(pid)
    })
}
