//! Images by the digest of all they hold.

use std::process::Command;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

/// An image with a few programs of this machine.
fn image(folder: &std::path::Path) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/image.sh");
    let made = Command::new(script)
        .arg(folder)
        .args(["bash", "cat", "ls"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

async fn run(world: &World, image: &str) -> (StatusCode, Value) {
    let task = json!({
        "inputs": [{ "path": "/in/a", "content": "of the task\n" }],
        "executors": [{ "image": image, "command": ["/bin/bash", "-c", "ls -d /*; cat /in/a /etc/of-the-image; echo $WORD"],
            "env": { "WORD": "the task's" } }],
    });
    let (status, told) = world.call(Method::POST, world.tes("/tasks"), Some(task)).await;
    let Some(id) = told["id"].as_str() else {
        return (status, told);
    };
    let told = world.ended(&world.tes(&format!("/tasks/{id}?view=FULL"))).await;
    (status, told)
}

#[tokio::test]
async fn a_task_sees_what_its_image_holds_and_none_runs_once_a_byte_of_it_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("small");
    image(&small);
    let word = small.join("rootfs/etc/of-the-image");
    std::fs::write(&word, "of the image\n").unwrap();
    let world = World::with(|settings| settings.tes.images = vec![small.clone()]).await;
    let name = world.image("small");

    let (status, told) = run(&world, &name).await;
    if status == StatusCode::BAD_REQUEST {
        assert!(told.to_string().contains("no mount namespace"), "{told}");
        let can = Command::new("unshare")
            .args(["--mount", "--map-root-user", "true"])
            .status();
        assert!(!can.is_ok_and(|status| status.success()), "the system gives one");
        return;
    }
    assert_eq!(told["state"], "COMPLETE", "{told}");
    let said = told["logs"][0]["logs"][0]["stdout"].as_str().unwrap();
    assert!(said.ends_with("of the task\nof the image\nthe task's\n"), "{said}");
    // the machine's `/usr` is not there either
    for folder in ["/home", "/root", "/var", "/opt"] {
        assert!(!said.contains(folder), "{folder}: {said}");
    }

    let (head, digest) = name.split_once("@sha256:").unwrap();
    let other = format!("{head}@sha256:{}", digest.chars().rev().collect::<String>());
    for wrong in [other.as_str(), head, "sample/small:latest"] {
        let (status, told) = run(&world, wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {told}");
    }

    std::fs::write(&word, "of somebody\n").unwrap();
    let (_, told) = run(&world, &name).await;
    assert_eq!(told["state"], "SYSTEM_ERROR", "{told}");
    assert!(
        told["logs"][0]["logs"].as_array().unwrap().is_empty(),
        "nothing ran: {told}"
    );
    std::fs::write(&word, "of the image\n").unwrap();
    assert_eq!(
        run(&world, &name).await.1["state"],
        "COMPLETE",
        "with the old bytes it runs again"
    );
}
