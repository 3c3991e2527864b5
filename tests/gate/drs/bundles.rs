//! Bundles: each member decided by itself, nothing told of what the caller may not know (E16, E48, E55, E56).

use serde_json::{Value, json};
use tests::outside::{get, post};

use super::{Fake, events, hold, house, house_of, names, told, url};

#[tokio::test(flavor = "multi_thread")]
async fn e16_a_bundle_shows_what_the_caller_may_know_and_is_named_as_a_whole() {
    let fake = Fake::start().await;
    let house = house_of(&fake).await;
    let ada = house.token("ada");
    let whole = get(&url(&house, "objects/whole"), Some(&ada)).await;
    assert_eq!(whole.status, 200, "{}", whole.text());
    assert_eq!(names(&whole, "/contents"), ["shown-1", "shown-2"]);

    fake.asked();
    let part = get(&url(&house, "objects/bundle"), Some(&ada)).await;
    assert_eq!(part.status, 200, "{}", part.text());
    assert_eq!(names(&part, "/contents"), ["shown-1", "inner"]);
    assert_eq!(fake.asked(), ["bundle"], "without expand nothing else is asked for");
    for (name, value) in [
        ("size", json!(1000)),
        ("checksums", json!([{ "type": "sha-256", "checksum": "f".repeat(64) }])),
    ] {
        assert_eq!(
            part.json()[name],
            value,
            "{name} is that of the full bundle, as of a whole one"
        );
        assert_eq!(whole.json()[name], value, "{name}");
    }
    let host = house.proxy("").replace("http://", "");
    let host = host.split(':').next().unwrap();
    assert_eq!(
        part.json()["contents"][0]["drs_uri"],
        json!([format!("drs://{host}/shown-1")])
    );
    assert_eq!(part.json()["contents"][0]["name"], "shown-1.name");
    for word in [
        "hidden",
        "secret_note",
        "inner.example",
        "inner-bucket",
        "access_methods",
        ":9/",
    ] {
        assert!(!part.text().contains(word), "{word}: {}", part.text());
    }
    for expand in ["true", "True", "TRUE"] {
        let all = get(&url(&house, &format!("objects/bundle?expand={expand}")), Some(&ada)).await;
        assert_eq!(names(&all, "/contents"), ["shown-1", "inner"], "{}", all.text());
        assert_eq!(names(&all, "/contents/1/contents"), ["shown-2"], "{}", all.text());
    }
    assert!(
        !fake.asked().contains(&"hidden-1".to_owned()),
        "what is not shown is not asked for"
    );
    let none = get(&url(&house, "objects/bundle?expand=false"), Some(&ada)).await;
    assert!(none.json().pointer("/contents/1/contents").is_none(), "{}", none.text());
    let posted = post(&url(&house, "objects/bundle"), Some(&ada), &json!({ "expand": true })).await;
    assert_eq!(names(&posted, "/contents/1/contents"), ["shown-2"], "{}", posted.text());
    let bulk = json!({ "bulk_object_ids": ["bundle", "whole"] });
    let bulk = post(&url(&house, "objects?expand=true"), Some(&ada), &bulk).await;
    assert_eq!(
        names(&bulk, "/resolved_drs_object/0/contents/1/contents"),
        ["shown-2"],
        "{}",
        bulk.text()
    );

    // A permit on the bundle opens no byte of a member.
    for id in ["shown-1", "hidden-1"] {
        let bytes = get(&url(&house, &format!("objects/{id}/access/https")), Some(&ada)).await;
        assert!(matches!(bytes.status, 403 | 404), "{id}: {}", bytes.text());
    }
    // Somebody without a login sees what everybody may.
    let nobody = get(&url(&house, "objects/bundle?expand=true"), None).await;
    assert_eq!(nobody.status, 200, "{}", nobody.text());
    assert_eq!(names(&nobody, "/contents"), ["shown-1", "inner"]);
    assert!(!nobody.text().contains("hidden"), "{}", nobody.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e16_a_bundle_is_walked_so_deep_and_so_wide_and_no_further() {
    let house = house().await;
    let ada = house.token("ada");
    for (id, why) in [("loop", "holds itself"), ("deep-0", "16 deep"), ("wide", "10,000")] {
        let refused = get(&url(&house, &format!("objects/{id}?expand=true")), Some(&ada)).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (502, "backend.bundle"),
            "{id}"
        );
        assert!(refused.text().contains(why), "{id}: {}", refused.text());
    }
    let listed = get(&url(&house, "objects/loop"), Some(&ada)).await;
    assert_eq!(
        names(&listed, "/contents"),
        ["loop-2"],
        "one level is told: {}",
        listed.text()
    );
    let deep = get(&url(&house, "objects/deep-4?expand=true"), Some(&ada)).await;
    assert_eq!(deep.status, 200, "15 levels and the end of them: {}", deep.text());
    let odd = get(&url(&house, "objects/ruined?expand=true"), Some(&ada)).await;
    assert_eq!(
        names(&odd, "/contents"),
        ["shown-1", "broken", "later", "shown-2"],
        "members that cannot be looked into are named: {}",
        odd.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e55_e56_nothing_in_an_answer_about_a_bundle_comes_from_what_is_hidden() {
    let fake = Fake::start().await;
    let house = house_of(&fake).await;
    let ada = house.token("ada");
    for path in ["objects/mixed", "objects/mixed?expand=true"] {
        fake.asked();
        let answer = get(&url(&house, path), Some(&ada)).await;
        assert_eq!(
            answer.status,
            200,
            "a loop that is not seen is no error: {}",
            answer.text()
        );
        assert_eq!(names(&answer, "/contents"), ["shown-1"], "{path}");
        assert!(!fake.asked().iter().any(|id| id.starts_with("hidden")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e14_e16_members_of_other_hosts_are_left_as_they_are_and_ours_are_ours_by_any_name() {
    let fake = Fake::start().await;
    let house = house_of(&fake).await;
    let ada = house.token("ada");
    fake.asked();
    let answer = get(&url(&house, "objects/worldwide?expand=true"), Some(&ada)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let own = |id: &str| format!("drs://127.0.0.1/{id}");
    let expected = json!([
        { "name": "elsewhere", "id": "far-1", "drs_uri": ["drs://drs.example.net/far-1", "drs://dg.4503:far-1"] },
        { "name": "anonymous", "drs_uri": ["drs://drs.example.net/far-2"] },
        { "name": "ours", "id": "shown-1", "drs_uri": [own("shown-1"), "drs://mirror.example.net/m1"] },
        { "name": "ours by its address", "id": "shown-2", "drs_uri": [own("shown-2")] },
    ]);
    assert_eq!(answer.json()["contents"], expected, "{}", answer.text());
    // members are asked for side by side, in whatever order
    let mut asked = fake.asked();
    asked.sort_unstable();
    assert_eq!(asked, ["shown-1", "shown-2", "worldwide"], "nobody else is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn e15_e16_what_is_held_is_in_no_bundle_and_is_refused_by_each_of_its_names() {
    let fake = Fake::start().await;
    let house = house_of(&fake).await;
    let (ada, _) = house.granted().await;
    let noor = house.token("noor");
    for id in ["shown-1", "alias-1"] {
        let open = get(&url(&house, &format!("objects/{id}/access/https")), Some(&ada)).await;
        assert_eq!(open.status, 200, "{id}: {}", open.text());
    }
    let before = events(&house, &noor, "drs:GetObject").await.len();
    hold(&house, "object", "shown-1").await;
    for (path, shown) in [
        ("objects/whole", "/contents"),
        ("objects/bundle?expand=true", "/contents"),
    ] {
        for token in [Some(ada.as_str()), None] {
            let held = get(&url(&house, path), token).await;
            assert_eq!(held.status, 200, "{}", held.text());
            assert!(
                !names(&held, shown).contains(&"shown-1".to_owned()),
                "{path}: {}",
                held.text()
            );
            assert!(
                !held.text().contains("hold") && !held.text().contains("shown-1"),
                "{}",
                held.text()
            );
        }
    }
    // One code and one sentence, by the name that the hold says and by another of the same file.
    let mut sentences = Vec::new();
    for id in ["shown-1", "alias-1"] {
        let held = get(&url(&house, &format!("objects/{id}/access/https")), Some(&ada)).await;
        assert_eq!(
            (held.status, held.code().as_str()),
            (403, "consent.hold"),
            "{id}: {}",
            held.text()
        );
        assert!(!held.text().contains("withdr"), "{}", held.text());
        sentences.push(held.json()["msg"].clone());
    }
    assert_eq!(sentences[0], sentences[1]);
    assert!(events(&house, &noor, "drs:GetObject").await.len() > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn e48_what_a_bundle_tells_is_what_was_decided_on_and_each_decision_is_on_record() {
    let fake = Fake::start().await;
    let house = house_of(&fake).await;
    let (ada, noor) = (house.token("ada"), house.token("noor"));
    for _ in 0..4 {
        let answer = get(&url(&house, "objects/turning?expand=true"), Some(&ada)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(
            !answer.text().contains("hidden"),
            "another bundle by now: {}",
            answer.text()
        );
    }
    let before = events(&house, &noor, "drs:GetObject").await;
    let answer = get(&url(&house, "objects/bundle"), Some(&ada)).await;
    let after = events(&house, &noor, "drs:GetObject").await;
    let request = answer.header("x-request-id");
    let mine: Vec<&Value> = after
        .iter()
        .filter(|event| event.to_string().contains(&request))
        .collect();
    assert_eq!(after.len(), before.len() + mine.len());
    // the log knows objects by pseudonyms: of each outcome so many things
    let of = |outcome: &str| {
        let with = mine.iter().filter(|event| event["event"]["outcome"] == outcome);
        with.flat_map(|event| event["event"]["what"].as_array().cloned().unwrap_or_default())
            .map(|what| what["object"].to_string())
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    };
    assert_eq!(of("success"), 3, "the bundle, shown-1, inner: {mine:?}");
    assert_eq!(of("denied"), 1, "hidden-1: {mine:?}");
    // What is unknown is on record as what is hidden.
    assert_eq!(
        told(&get(&url(&house, "objects/hidden-1"), Some(&ada)).await),
        told(&get(&url(&house, "objects/nothing1"), Some(&ada)).await)
    );
}
