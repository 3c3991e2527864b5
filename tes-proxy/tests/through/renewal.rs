//! Work goes on for longer than the token that sent it and the visas that permitted it, while its owner still holds what
//! they ask for; and not a moment longer (E51).

use std::sync::{Arc, Mutex};

use audit_log::EventType;
use futures::{FutureExt as _, future::BoxFuture};
use http::StatusCode;
use tes_proxy::{Renewal, RenewalError};
use visa_verifier::VisaIdentity;

use crate::{
    between::{TASKS, door, slow},
    broker::TestBroker,
    world::{A, World},
};

/// A broker that is asked for what people hold now.
#[derive(Debug, Default)]
struct Now(Mutex<Option<TestBroker>>);

impl Renewal for Now {
    fn passport<'r>(
        &'r self,
        identity: &'r VisaIdentity,
        audience: &'r str,
    ) -> BoxFuture<'r, Result<Option<String>, RenewalError>> {
        let now = self.0.lock().unwrap().clone();
        async move { Ok(now.map(|broker| broker.passport(identity.sub.as_str(), audience))) }.boxed()
    }
}

/// The same broker at a later time, where Ada still has her grant.
fn granted(world: &World, seconds: i64) -> TestBroker {
    let later = world.broker.later(seconds);
    later.affiliate("ada");
    later.grant("ada", A);
    later
}

fn renewals(world: &World) -> usize {
    let decided = world.events(EventType::Decision);
    let is = |stored: &&audit_log::StoredEntry| format!("{:?}", stored.entry).contains("work.renewed");
    decided.iter().filter(is).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn e51_a_task_outlives_its_token_and_its_visas_while_its_owner_holds_what_it_rests_on() {
    let (world, tes, token) = slow().await;
    let now = Arc::new(Now::default());
    world.proxy.wire_renewal(Arc::clone(&now) as Arc<dyn Renewal>);
    tes.answers.add_permits(1);
    let created = world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await;
    assert_eq!(created.status, StatusCode::OK);
    let url = tes.capability().unwrap();
    assert_eq!(door(&world, &url, 7).await.status, StatusCode::OK);

    // the token ended half an hour ago, the visas end in a few minutes
    *now.0.lock().unwrap() = Some(granted(&world, 2_500));
    world.clock.ahead(2_500);
    world
        .within_five_seconds("it is renewed, on record", || async { renewals(&world) == 1 })
        .await;
    // the first visas are over, those of the renewal are not
    world.clock.ahead(4_000);
    world
        .within_five_seconds("its capability opens still", || async {
            door(&world, &url, 7).await.status == StatusCode::OK
        })
        .await;
    assert!(tes.cancelled.lock().unwrap().is_empty());

    // what its owner held is gone: nothing is renewed any more
    *now.0.lock().unwrap() = Some(world.broker.later(5_600));
    world.clock.ahead(5_600);
    world
        .within_five_seconds("it ends", || async { tes.cancelled.lock().unwrap().len() == 1 })
        .await;
    assert_ne!(door(&world, &url, 7).await.status, StatusCode::OK);
    assert_eq!(renewals(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn e51_without_a_renewal_a_task_ends_with_the_visas_that_permitted_it_and_a_wished_end_is_never_passed() {
    for (wish, end) in [(None, 3_100), (Some("1200"), 1_300)] {
        let (world, tes, token) = slow().await;
        if wish.is_some() {
            let now = Now(Mutex::new(Some(granted(&world, 600))));
            world.proxy.wire_renewal(Arc::new(now));
        }
        tes.answers.add_permits(1);
        let mut task = world.count(&["a-cohort.vcf"]);
        if let Some(seconds) = wish {
            task["tags"]["visum.walltime"] = seconds.into();
        }
        let created = world.post(TASKS, Some(&token), &task).await;
        assert_eq!(created.status, StatusCode::OK, "{:?}", created.bytes);
        let url = tes.capability().unwrap();
        world.clock.ahead(end - 200);
        assert_eq!(door(&world, &url, 7).await.status, StatusCode::OK, "{end}");
        assert!(tes.cancelled.lock().unwrap().is_empty());
        world.clock.ahead(end);
        assert_ne!(door(&world, &url, 7).await.status, StatusCode::OK, "{end}");
        world
            .within_five_seconds("it ends", || async { tes.cancelled.lock().unwrap().len() == 1 })
            .await;
        assert_eq!(renewals(&world), 0);
    }
}
