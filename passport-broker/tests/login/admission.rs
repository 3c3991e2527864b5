//! Who may sign in at a client, by policy: groups that a provider asserts (AARC-G069), institution, a strong login.

use http::StatusCode;
use policy_engine::snapshot::PolicyText;
use serde_json::json;

use crate::cases::redeem;
use crate::world::{Browser, ISSUER, SECRET, World, allow, ask, world_of};

/// A world whose provider says groups, and whose broker may say them on.
async fn world() -> World {
    world_of(
        |all, _| {
            let row = &mut all.upstreams[0];
            row.claims = serde_json::from_value(json!({ "groups": ["memberships"] })).unwrap();
            let rule = json!({ "namespace": "urn:geant:uni.example.org", "group": "heart", "becomes": "heart-study", "visa": true });
            row.groups = vec![serde_json::from_value(rule).unwrap()];
            all.trust[0].visa_types.push(format!("{ISSUER}/visas/group/v1"));
        },
        false,
    )
    .await
}

/// Puts a rule in force: nobody signs in at `client` but whom `unless` lets.
fn rule(world: &World, client: &str, unless: &str) {
    let current = world.broker.current();
    let mut snapshot = current.load().snapshot().clone();
    snapshot.version += 1;
    snapshot.policies = vec![PolicyText {
        name: "house.cedar".to_owned(),
        text: format!(
            "@id(\"house.members\")\n@reason(\"This program is for its members.\")\n@code(\"policy.house\")\n\
             @remedy(\"Ask its owner.\")\nforbid (principal is Visum::Researcher, action == \
             Visum::Action::\"service:info\", resource)\nwhen {{ context.client.id == \"{client}\" }}\nunless {{ {unless} }};\n"
        ),
    }];
    current.replace(snapshot).unwrap();
}

fn member(world: &World, is: bool) {
    let claims = if is {
        json!({ "memberships": ["urn:geant:uni.example.org:group:heart:role=member#aai.example.org"] })
    } else {
        json!({})
    };
    world.home.ways.lock().unwrap().claims = claims.as_object().unwrap().clone();
}

/// What the client is told when somebody new comes; `None`: the release page.
async fn told(world: &World, client: &str) -> Option<String> {
    let page = Browser::default().follow(world, &ask(client, "openid", &[])).await;
    if page.status == StatusCode::OK {
        return None;
    }
    let query = page.query();
    assert_eq!(query["iss"], ISSUER);
    Some(query["error"].clone())
}

#[tokio::test]
async fn a_policy_says_who_may_sign_in_at_a_client() {
    let world = world().await;
    member(&world, false);
    assert_eq!(told(&world, "app").await, None, "the shipped policies let everybody");
    let own = format!("principal in Visum::Group::\"{ISSUER}/groups/heart-study\"");
    let cases = [
        (
            "a group, and she is none of it",
            own.as_str(),
            false,
            Some("access_denied"),
        ),
        ("a group, and she is of it", own.as_str(), true, None),
        (
            "a group of the register by the same name is another",
            "principal in Visum::Group::\"heart-study\"",
            true,
            Some("access_denied"),
        ),
        (
            "an institution that is hers",
            "principal has institution && principal.institution == Visum::Institution::\"https://uni.example.org\"",
            false,
            None,
        ),
        (
            "another institution",
            "principal has institution && principal.institution == Visum::Institution::\"https://other.example.org\"",
            false,
            Some("access_denied"),
        ),
        (
            "a role",
            "principal in Visum::Role::\"administrator\"",
            false,
            Some("access_denied"),
        ),
    ];
    for (name, unless, is, error) in cases {
        member(&world, is);
        rule(&world, "app", unless);
        assert_eq!(told(&world, "app").await.as_deref(), error, "{name}");
        assert_eq!(told(&world, "public").await, None, "{name}: another client");
    }
    let kept = world.writer.events(0..world.writer.size()).unwrap();
    let denied = kept.iter().filter(|entry| {
        serde_json::to_string(&entry.entry)
            .unwrap_or_default()
            .contains("policy.house")
    });
    assert!(denied.count() > 0, "on record");
}

#[tokio::test]
async fn who_is_kept_out_later_gets_no_code_and_no_further_tokens() {
    let world = world().await;
    member(&world, true);
    let scope = "openid offline_access";
    let code = Browser::default().code(&world, "app", "ada", scope).await;
    let refresh = redeem(&world, &code).await.json()["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut open = Browser::default();
    let page = open.follow(&world, &ask("app", scope, &[])).await;
    rule(&world, "app", "principal in Visum::Role::\"administrator\"");
    let late = open.post(&world, "/consent", &allow(&page.body, scope)).await;
    assert_eq!(late.query()["error"], "access_denied", "the page stood open");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let refused = world.form("/token", Some(("app", SECRET)), &form).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    rule(&world, "portal", "principal in Visum::Role::\"administrator\"");
    let again = world.form("/token", Some(("app", SECRET)), &form).await;
    assert_eq!(again.status, StatusCode::OK, "nothing was used up: {}", again.body);
}
