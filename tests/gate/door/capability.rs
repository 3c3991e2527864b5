//! Capabilities of tasks: network, first address, budget, life (E31, E49, E51, E52, E61 to E63, E73).

use serde_json::{Value, json};
use tests::{
    binary,
    house::{DATASET, House, Wants},
    node::{Addresses, Node},
    outside,
    tes::PlayedTes,
};

use super::{OBJECT, alarms, from, house, sent, size, with};

/// A node's facts: one compute-only dataset.
fn facts() -> Value {
    let house = "https://biobank.example.org";
    let committee = format!("{house}/dac");
    json!({
        "institutions": [{ "id": house, "scopes": ["biobank.example.org"], "country": "FI", "nonprofit": true, "commercial": false }],
        "committees": [{ "id": committee, "institution": house, "title": "Committee" }],
        "datasets": [{
            "consent": { "id": "https://data.biobank.example.org/datasets/A", "access": "controlled", "dac": [committee],
                "bound_purpose": true, "uses": [{ "group": "all", "terms": [{ "id": "DUO:0000042" }] }] },
            "title": "Cohort A", "short_name": "a", "dac": committee, "custodian": house, "mode": "compute-only",
            "discoverable": true, "min_identity": 2, "min_authn": 1
        }]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn e61_compute_only_data_at_a_door_that_is_open_to_all_are_refused_at_check_and_at_start() {
    for (name, door, sound) in [
        ("nothing said", "", false),
        ("the whole world", "networks = [\"0.0.0.0/0\"]", false),
        (
            "a network beside the whole world",
            "networks = [\"10.0.0.0/8\", \"::/0\"]",
            false,
        ),
        ("a network", "networks = [\"10.20.0.0/16\"]", true),
    ] {
        let facts = facts();
        let (folder, at) = tokio::task::spawn_blocking({
            let (at, door) = (Addresses::free(), door.to_owned());
            move || Node::made(at, &facts, "", &door, "")
        })
        .await
        .expect("the node is made");
        let config = folder.path().join("node/visum.toml");
        let config = config.to_str().unwrap_or_default();
        let checked = binary::run(&["check", "--config", config, "--json"]);
        assert_eq!(
            checked.code,
            i32::from(!sound),
            "{name}: {}{}",
            checked.out,
            checked.err
        );
        assert_eq!(
            checked.out.contains("door.network_missing"),
            !sound,
            "{name}: {}",
            checked.out
        );
        if !sound {
            let up = binary::run(&["up", "--config", config]);
            assert_eq!(up.code, 2, "{name}: {}{}", up.out, up.err);
            assert!(up.err.contains("door.network_missing"), "{name}: {}", up.err);
        }
        drop(at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e61_a_capability_from_outside_of_the_compute_network_is_refused_and_alarms() {
    let (house, tes) = with("networks = [\"127.0.7.0/24\"]").await;
    let (ada, _) = house.granted().await;
    let (_, capability) = sent(&house, &tes, &ada).await;
    assert!(capability.starts_with(&house.node.at.door), "{capability}");
    let denied = from("127.0.0.1", &capability, None).await;
    assert_eq!(
        (denied.status, denied.code().as_str()),
        (403, "door.wrong_network"),
        "{}",
        denied.text()
    );
    let ranged = from("127.0.0.1", &capability, Some("bytes=0-9")).await;
    assert_eq!((ranged.status, ranged.code().as_str()), (403, "door.wrong_network"));
    // a header that claims another address changes nothing
    let client = outside::client();
    for name in [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "ssl-client-verify",
        "x-client-cert",
    ] {
        let value = if name == "forwarded" {
            "for=127.0.7.1"
        } else {
            "127.0.7.1"
        };
        let reply = client
            .get(&capability)
            .header(name, value)
            .send()
            .await
            .expect("an answer");
        assert_eq!(outside::read(reply).await.code(), "door.wrong_network", "{name}");
    }
    assert!(
        !alarms(&house, "door.wrong_network").await.is_empty(),
        "it is on record"
    );
    // the wrong network did not pin it: the right one may use it
    let right = from("127.0.7.1", &capability, None).await;
    assert_eq!(right.status, 200, "{}", right.text());
    // the public listener does not know it, under no path
    let sealed = capability.rsplit('/').next().unwrap_or_default();
    for path in [format!("/visum/data/{sealed}"), format!("/visum/logs/{sealed}")] {
        let answer = outside::get(&house.proxy(&path), Some(&ada)).await;
        assert!(matches!(answer.status, 403 | 404), "{path}: {}", answer.text());
    }
    // nor does the door know the public listener's routes
    for path in [
        "/ga4gh/drs/v1/objects/a-cohort.vcf",
        "/ga4gh/tes/v1/tasks",
        "/visum/v1/datasets",
    ] {
        let answer = from("127.0.7.1", &format!("{}{path}", house.node.at.door), None).await;
        assert!(
            matches!(answer.status, 400 | 401 | 403 | 404),
            "{path}: {}",
            answer.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e62_a_second_address_is_refused_ends_the_capability_and_alarms() {
    let (house, tes) = house().await;
    let (ada, _) = house.granted().await;
    let (_, capability) = sent(&house, &tes, &ada).await;
    let first = from("127.0.0.1", &capability, None).await;
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.body.len() as u64, size(&house));
    let second = from("127.0.0.2", &capability, Some("bytes=0-0")).await;
    assert_eq!(
        (second.status, second.code().as_str()),
        (403, "door.second_address"),
        "{}",
        second.text()
    );
    assert_eq!(
        from("127.0.0.1", &capability, None).await.code(),
        "door.ended",
        "for the first one too"
    );
    assert!(
        !alarms(&house, "door.second_address").await.is_empty(),
        "it is on record"
    );
    // another capability of the same object is none the worse
    let (_, fresh) = sent(&house, &tes, &ada).await;
    assert_eq!(from("127.0.0.2", &fresh, None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn e62_a_pin_outlives_a_restart_and_may_be_a_network() {
    let (mut house, tes) = with("networks = [\"127.0.0.0/8\"]\npin_bits_v4 = 24").await;
    let (ada, _) = house.granted().await;
    let (_, capability) = sent(&house, &tes, &ada).await;
    assert_eq!(from("127.0.5.1", &capability, None).await.status, 200);
    assert_eq!(from("127.0.5.9", &capability, None).await.status, 200, "the same /24");
    house.node.stop();
    house.node.again();
    assert_eq!(from("127.0.6.1", &capability, None).await.code(), "door.second_address");
}

#[tokio::test(flavor = "multi_thread")]
async fn e63_four_times_the_size_is_all_by_whichever_ranges() {
    let (house, tes) = house().await;
    let (ada, _) = house.granted().await;
    let size = size(&house);
    // whole reads
    let (_, whole) = sent(&house, &tes, &ada).await;
    for turn in 0..4 {
        assert_eq!(from("127.0.0.1", &whole, None).await.status, 200, "{turn}");
    }
    let fifth = from("127.0.0.1", &whole, None).await;
    assert_eq!(
        (fifth.status, fifth.code().as_str()),
        (403, "door.budget"),
        "{}",
        fifth.text()
    );
    // many ranges, over many connections, and an end that is never reached counts what went out
    let (_, ranged) = sent(&house, &tes, &ada).await;
    let half = size.div_ceil(2);
    let (mut got, mut ended) = (0, false);
    for _ in 0..12 {
        let part = from("127.0.0.1", &ranged, Some(&format!("bytes=0-{}", half - 1))).await;
        match part.status {
            206 => got += part.body.len() as u64,
            _ => {
                assert_eq!(
                    (part.status, part.code().as_str()),
                    (403, "door.budget"),
                    "{}",
                    part.text()
                );
                ended = true;
            }
        }
    }
    assert!(ended && got <= 4 * size, "{got} of {size}");
    assert_eq!(
        from("127.0.0.1", &ranged, Some("bytes=0-0")).await.code(),
        "door.budget",
        "it is ended"
    );
    assert!(!alarms(&house, "door.budget").await.is_empty(), "it is on record");
    // descriptions deliver nothing and cost nothing
    let (_, described) = sent(&house, &tes, &ada).await;
    for _ in 0..10 {
        let head = outside::client().head(&described).send().await.expect("an answer");
        assert_eq!(head.status().as_u16(), 200);
    }
    assert_eq!(from("127.0.0.1", &described, None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn e51_a_capability_ends_with_its_task_and_its_grant() {
    let (house, tes) = house().await;
    let (ada, dan) = house.granted().await;
    let (id, capability) = sent(&house, &tes, &ada).await;
    assert_eq!(from("127.0.0.1", &capability, None).await.status, 200);
    let cancel = format!("/ga4gh/tes/v1/tasks/{id}:cancel");
    assert_eq!(
        outside::post(&house.proxy(&cancel), Some(&ada), &json!({}))
            .await
            .status,
        200
    );
    assert_eq!(from("127.0.0.1", &capability, None).await.code(), "door.ended");
    // the grant
    let (_, capability) = sent(&house, &tes, &ada).await;
    assert_eq!(from("127.0.0.1", &capability, None).await.status, 200);
    let dataset: String = url::form_urlencoded::byte_serialize(DATASET.as_bytes()).collect();
    let listed = outside::get(
        &house.broker(&format!("/visum/v1/admin/grants?dataset={dataset}")),
        Some(&dan),
    )
    .await
    .json();
    let grant = listed.pointer("/grants/0/id").or_else(|| listed.pointer("/0/id"));
    let grant = grant.and_then(Value::as_str).unwrap_or_default().to_owned();
    let revoked = outside::post(
        &house.broker(&format!("/visum/v1/admin/grants/{grant}/revoke")),
        Some(&dan),
        &json!({ "reason": "the study is over" }),
    )
    .await;
    assert!(matches!(revoked.status, 200 | 204), "{}: {listed}", revoked.text());
    let after = from("127.0.0.1", &capability, None).await;
    assert_eq!(after.status, 403, "{}", after.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e52_a_capability_is_what_was_sealed_and_nothing_near_it() {
    let (house, tes) = house().await;
    let (ada, _) = house.granted().await;
    let (_, capability) = sent(&house, &tes, &ada).await;
    let (front, sealed) = capability.rsplit_once('/').unwrap_or_default();
    let flipped: String = sealed
        .char_indices()
        .map(|(at, letter)| match (at, letter) {
            (40, 'A') => 'B',
            (40, _) => 'A',
            _ => letter,
        })
        .collect();
    for (name, tried) in [
        ("altered", flipped),
        ("cut", sealed.get(..sealed.len() - 4).unwrap_or_default().to_owned()),
        ("longer", format!("{sealed}AAAA")),
        ("twice", format!("{sealed}{sealed}")),
        ("a word", "x".to_owned()),
    ] {
        let answer = from("127.0.0.1", &format!("{front}/{tried}"), None).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "door.capability"),
            "{name}: {}",
            answer.text()
        );
    }
    for query in ["?versionId=1", "?x=1"] {
        assert_eq!(
            from("127.0.0.1", &format!("{capability}{query}"), None).await.status,
            400,
            "{query}"
        );
    }
    for method in ["PUT", "POST", "DELETE", "PATCH"] {
        let method = method.parse().expect("a method");
        let answer = outside::send(method, &capability, None, None).await;
        assert_eq!(answer.status, 405, "{}", answer.text());
    }
    // a bearer beside it is needless and changes nothing
    assert_eq!(outside::get(&capability, Some(&ada)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn e31_a_person_reads_compute_only_data_by_no_url() {
    let (house, tes) = house().await;
    let (ada, _) = house.granted().await;
    let object = format!("/ga4gh/drs/v1/objects/{OBJECT}");
    let described = outside::get(&house.proxy(&object), Some(&ada)).await;
    assert_eq!(described.status, 200, "{}", described.text());
    assert!(!described.text().contains("/visum/data/"), "{}", described.text());
    let access = outside::get(&house.proxy(&format!("{object}/access/https")), Some(&ada)).await;
    assert!(matches!(access.status, 403 | 404), "{}", access.text());
    // the task's owner sees no capability in what they get back
    let (id, capability) = sent(&house, &tes, &ada).await;
    let sealed = capability.rsplit('/').next().unwrap_or_default();
    let shown = outside::get(&house.proxy(&format!("/ga4gh/tes/v1/tasks/{id}?view=FULL")), Some(&ada)).await;
    assert!(!shown.text().contains(sealed), "{}", shown.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e61_download_data_need_no_network_and_are_still_pinned() {
    let tes = PlayedTes::start().await;
    let wants = Wants {
        tes: Some(tes.url.clone()),
        ..Wants::default()
    };
    let house = House::start(wants).await;
    let (ada, _) = house.granted().await;
    let (_, capability) = sent(&house, &tes, &ada).await;
    assert_eq!(from("127.0.0.1", &capability, None).await.status, 200);
    assert_eq!(from("127.0.0.3", &capability, None).await.code(), "door.second_address");
}
