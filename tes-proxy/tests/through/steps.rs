//! A snapshot that is swapped at every step of a request (`apis.md` 10.3, E72): time and randomness are asked for between
//! all of its steps, so a swap at each of these questions is a swap at each step, the same in every run.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use http::StatusCode;
use visa_verifier::seam::{Clock, Random, SystemClock, SystemRandom};

use crate::{
    between::{TASKS, door, slow, withdraw},
    world::World,
};

tokio::task_local! {
    /// The request that is stepped through, in its own task.
    static STEPS: Arc<Steps>;
}

/// What happens at which question.
struct Steps {
    seen: AtomicUsize,
    at: usize,
    hook: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Steps {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Steps")
    }
}

fn step() {
    let _ = STEPS.try_with(|steps| {
        if steps.seen.fetch_add(1, Ordering::SeqCst) == steps.at {
            (steps.hook)();
        }
    });
}

/// The system's time, and a step; a test may set it ahead.
#[derive(Debug, Default)]
pub(crate) struct SteppedClock(AtomicI64);

impl SteppedClock {
    /// So many seconds ahead of the system's time.
    pub(crate) fn ahead(&self, seconds: i64) {
        self.0.store(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for SteppedClock {
    fn now_micros(&self) -> i64 {
        step();
        SystemClock.now_micros() + self.0.load(Ordering::SeqCst)
    }
}

/// The system's randomness, and a step.
#[derive(Debug)]
pub(crate) struct SteppedRandom(pub(crate) SystemRandom);

impl Random for SteppedRandom {
    fn fill(&self, bytes: &mut [u8]) {
        step();
        self.0.fill(bytes);
    }
}

/// Sends `request` with a withdrawal at step `at`; gives its answer and whether it came to that step.
async fn withdrawn_at<T>(world: &Arc<World>, at: usize, request: impl Future<Output = T>) -> (T, bool) {
    let inner = Arc::clone(world);
    let steps = Arc::new(Steps {
        seen: AtomicUsize::new(0),
        at,
        hook: Box::new(move || withdraw(&inner)),
    });
    let answer = STEPS.scope(Arc::clone(&steps), request).await;
    (answer, steps.seen.load(Ordering::SeqCst) > at)
}

#[tokio::test(flavor = "multi_thread")]
async fn e72_a_withdrawal_at_any_step_of_a_submission_leaves_no_task_alive() {
    let (world, tes, token) = slow().await;
    let (mut at, mut refused, mut cancelled) = (0, 0, 0);
    loop {
        tes.answers.add_permits(1);
        let task = world.count(&["a-cohort.vcf"]);
        let before = tes.tasks.lock().unwrap().len();
        let (answer, reached) = withdrawn_at(&world, at, world.post(TASKS, Some(&token), &task)).await;
        if !reached {
            assert_eq!(answer.status, StatusCode::OK, "nothing was withdrawn");
            break;
        }
        let urls: Vec<String> = {
            let tasks = tes.tasks.lock().unwrap();
            let sent = tasks.iter().skip(before);
            sent.map(|task| task["inputs"][0]["url"].as_str().unwrap().to_owned())
                .collect()
        };
        if urls.is_empty() {
            assert!(
                matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE),
                "step {at}: {}",
                answer.status
            );
            refused += 1;
            tes.answers.forget_permits(1);
        } else {
            let id = format!("b{before}");
            world
                .within_five_seconds(&format!("the task of step {at} is cancelled"), || async {
                    tes.cancelled.lock().unwrap().contains(&id)
                })
                .await;
            cancelled += 1;
        }
        for url in urls {
            let read = door(&world, &url, 7).await;
            assert_ne!(read.status, StatusCode::OK, "step {at}");
        }
        world.publish(|snapshot| snapshot.holds.clear());
        at += 1;
    }
    println!("{at} steps: {refused} refused, {cancelled} sent and cancelled");
    assert!(
        refused >= 3 && cancelled >= 1,
        "{refused} refused, {cancelled} cancelled"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e48_e72_a_withdrawal_at_any_step_of_a_read_gives_no_byte_after_it() {
    let world = Arc::new(World::new().await);
    world.broker.affiliate("ada");
    world.broker.grant("ada", crate::world::A);
    let token = world.broker.token("ada");
    let object = "/ga4gh/drs/v1/objects/a-cohort.vcf";
    let described = world.get(object, Some(&token)).await.json();
    let access = described["access_methods"][0]["access_id"].as_str().unwrap().to_owned();
    let (mut at, mut refused) = (0, 0);
    loop {
        let url = world
            .get(&format!("{object}/access/{access}"), Some(&token))
            .await
            .json();
        let url = url["url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix(crate::broker::AUDIENCE).unwrap().to_owned();
        let (answer, reached) = withdrawn_at(&world, at, world.get(&path, None)).await;
        if !reached {
            assert_eq!(answer.status, StatusCode::OK, "nothing was withdrawn");
            break;
        }
        // what began before the withdrawal may have gone out; whatever began after it did not
        if answer.status != StatusCode::OK {
            refused += 1;
            assert!(
                matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE),
                "step {at}: {}",
                answer.status
            );
        }
        let after = world.get(&path, None).await;
        assert_ne!(after.status, StatusCode::OK, "step {at}: the same address after it");
        world.publish(|snapshot| snapshot.holds.clear());
        at += 1;
    }
    assert!(refused >= 2, "{refused} of {at}");
}
