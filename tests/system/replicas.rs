//! Two replicas over one database: what is decided at one holds at the other, with its event in the log of the one that
//! wrote it, and a row that no log knows stops both.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{
    binary,
    house::{DATASET, House, Wants},
    node::Addresses,
    outside::{Answer, client, read},
    postgres::Fresh,
    replica,
};

/// A stop placed at one replica is in force at all within 5 s; a loaded machine gets more, so that only a fault fails.
const SOON: Duration = Duration::from_secs(60);

/// Asks until the answer is as it should be.
async fn until(what: &str, mut ask: impl AsyncFnMut() -> Answer, good: impl Fn(&Answer) -> bool) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = ask().await;
        if good(&answer) {
            return answer;
        }
        assert!(begun.elapsed() < SOON, "{what}: {} {}", answer.status, answer.text());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Sends a request for the node to one of its replicas, as a load balancer does: the address is the node's.
struct Balancer<'a> {
    node: &'a Addresses,
    token: &'a str,
}

impl Balancer<'_> {
    async fn send(&self, replica: &Addresses, path: &str, body: Option<&Value>) -> Answer {
        let (of, to) = if path.starts_with("/ga4gh/") {
            (&self.node.proxy, &replica.proxy)
        } else {
            (&self.node.broker, &replica.broker)
        };
        let url = format!("{to}{path}");
        let client = client();
        let request = body.map_or_else(|| client.get(&url), |body| client.post(&url).json(body));
        let request = request
            .header("host", of.trim_start_matches("http://"))
            .bearer_auth(self.token);
        read(request.send().await.unwrap()).await
    }

    /// The route of the object's bytes.
    async fn access(&self, replica: &Addresses) -> String {
        let object = "/ga4gh/drs/v1/objects/a-cohort.vcf";
        let described = self.send(replica, object, None).await.json();
        let id = described.pointer("/access_methods/0/access_id").and_then(Value::as_str);
        format!("{object}/access/{}", id.unwrap_or_default())
    }
}

fn object_hold(object: &str) -> Value {
    json!({ "dataset": DATASET, "kind": "disputed", "scope": "object", "target": object, "reason": "a question of the committee" })
}

async fn walk(database: String) {
    let mut house = House::start(Wants {
        database: Some(database.clone()),
        ..Wants::default()
    })
    .await;
    let second = tokio::task::block_in_place(|| replica::add(&mut [&mut house.node], "b"));
    let (first, other) = (house.node.at.clone(), second.at.clone());
    let (ada, dan, noor) = (house.token("ada"), house.token("dan"), house.token("noor"));
    let as_ = |token| Balancer { node: &first, token };
    let holds = "/visum/v1/admin/holds";

    // A grant issued at the first opens the data at the second, also to a token that was there before.
    let bytes = as_(&ada).access(&other).await;
    let denied = as_(&ada).send(&other, &bytes, None).await;
    assert_eq!(
        (denied.status, denied.code().as_str()),
        (403, "consent.approval_missing"),
        "{}",
        denied.text()
    );
    house.granted().await;
    let open = |answer: &Answer| answer.status == 200;
    until("a grant", async || as_(&ada).send(&other, &bytes, None).await, open).await;
    assert_eq!(as_(&ada).send(&first, &bytes, None).await.status, 200);

    // A hold placed at the second closes it at the first.
    let placed = as_(&dan).send(&other, holds, Some(&object_hold("a-cohort.vcf"))).await;
    assert!(matches!(placed.status, 200 | 201), "{}", placed.text());
    let closed = |answer: &Answer| answer.status == 403;
    until("a hold", async || as_(&ada).send(&first, &bytes, None).await, closed).await;

    // Each wrote what it did in its own log, and both logs are whole.
    for (replica, data, wrote, not) in [
        (&first, house.node.data(), "grant.issue", "hold.place"),
        (&other, second.data(), "hold.place", "grant.issue"),
    ] {
        for (kind, there) in [(wrote, true), (not, false)] {
            let events = format!("/visum/v1/admin/audit/events?type={kind}");
            let seen = as_(&noor).send(replica, &events, None).await;
            assert_eq!(seen.status, 200, "{}", seen.text());
            assert_eq!(
                seen.text().contains(&format!("\"type\":\"{kind}\"")),
                there,
                "{kind}: {}",
                seen.text()
            );
        }
        let said = binary::run(&["audit", "verify", &data.join("audit").display().to_string()]);
        assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    }

    // One of them ends; the other goes on, with all that was decided.
    house.node.stop();
    let held = as_(&ada).send(&other, &bytes, None).await;
    assert_eq!(held.status, 403, "{}", held.text());
    house.node.again();

    // A row of a log that nobody follows is nobody's: neither publishes what the table says, and what is closed stays so.
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&database).await.unwrap();
    let forged = "UPDATE governed SET origin = 'localhost/audit/nobody' WHERE kind = 'hold'";
    assert_eq!(sqlx::query(forged).execute(&pool).await.unwrap().rows_affected(), 1);
    for replica in [&first, &other] {
        let refused = as_(&dan).send(replica, holds, Some(&object_hold("a-reads.cram"))).await;
        assert!(refused.status >= 500, "{} {}", refused.status, refused.text());
        assert!(refused.text().contains("db_not_as_logged"), "{}", refused.text());
        let still = as_(&ada).send(replica, &bytes, None).await;
        assert_eq!(still.status, 403, "the snapshot before stays: {}", still.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_decides_holds_at_the_other_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    walk(format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("shared.db").display()
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_decides_holds_at_the_other_on_postgresql() {
    let Some(database) = Fresh::of("replicas").await else {
        return;
    };
    walk(database.url.clone()).await;
    database.remove().await;
}
