//! Many people at once: each login and each exchange succeeds, whatever runs beside it. Told beside: how many a second on
//! SQLite, all in one process, and where the time goes. `cargo xtask bench broker` runs more of them, in release.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::task::JoinSet;

use crate::cases::{exchange, redeem};
use crate::world::{Browser, World, allow, ask, at_home, path_of, world};

const SCOPE: &str = "openid ga4gh_passport_v1";
/// As many begin in one minute of the world's clock: the broker counts logins of one address.
const MINUTE: usize = 40;
/// Logins where nothing is measured.
const FEW: usize = 16;
/// Browsers at once.
const AT_ONCE: usize = 8;
const PEOPLE: [&str; 4] = ["ada", "ben", "dan", "eve"];

/// Wall time of each part of one login.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    authorize: Duration,
    institution: Duration,
    callback: Duration,
    page: Duration,
    release: Duration,
    tokens: Duration,
}

/// A login from the client's request to its tokens; gives the access token.
async fn login(world: &World, person: &str) -> (String, Parts) {
    let (mut browser, mut parts, mut then) = (Browser::default(), Parts::default(), Instant::now());
    let mut lap = || std::mem::replace(&mut then, Instant::now()).elapsed();
    let first = browser.get(world, &ask("app", SCOPE, &[("login_hint", person)])).await;
    parts.authorize = lap();
    let callback = path_of(&at_home(&first.location()).await);
    parts.institution = lap();
    let back = browser.get(world, &callback).await;
    parts.callback = lap();
    let page = browser.get(world, &path_of(&back.location())).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    parts.page = lap();
    let reply = browser.post(world, "/consent", &allow(&page.body, SCOPE)).await;
    let code = reply.query()["code"].clone();
    parts.release = lap();
    let tokens = redeem(world, &code).await.json();
    parts.tokens = lap();
    (tokens["access_token"].as_str().unwrap().to_owned(), parts)
}

/// Runs `work` so often, some at once, a minute of the world's clock at a time; how many a second.
async fn rate<F, T>(
    world: &Arc<World>,
    often: usize,
    minute: usize,
    work: impl Fn(Arc<World>, usize) -> F,
) -> (f64, Vec<T>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (mut all, mut spent) = (Vec::new(), Duration::ZERO);
    for minute in (0..often).collect::<Vec<_>>().chunks(minute) {
        world.clock.advance(Duration::from_secs(61));
        let begun = Instant::now();
        let mut running = JoinSet::new();
        for at in minute {
            if running.len() == AT_ONCE {
                all.push(running.join_next().await.unwrap().unwrap());
            }
            running.spawn(work(world.clone(), *at));
        }
        all.extend(running.join_all().await);
        spent += begun.elapsed();
    }
    (often as f64 / spent.as_secs_f64(), all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_log_in_and_exchange_at_once_and_all_get_their_tokens() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement's own size, not the product's configuration"
    )]
    let wished = std::env::var("VISUM_BENCH_LOGINS").ok();
    let logins: usize = wished.and_then(|text| text.parse().ok()).unwrap_or(FEW);
    let world = Arc::new(world().await);
    let mut sum = Parts::default();
    let alone = FEW / 2;
    for at in 0..alone {
        let (_, parts) = login(&world, PEOPLE[at % PEOPLE.len()]).await;
        sum.authorize += parts.authorize;
        sum.institution += parts.institution;
        sum.callback += parts.callback;
        sum.page += parts.page;
        sum.release += parts.release;
        sum.tokens += parts.tokens;
    }
    println!("\n| part of a login, one at a time | ms wall |\n|---|---|");
    for (name, spent) in [
        ("`/authorize`: request, discovery, state", sum.authorize),
        ("the institution (in this process)", sum.institution),
        (
            "`/login/callback`: code, ID Token, UserInfo, session, event",
            sum.callback,
        ),
        (
            "`/authorize` again: policy, release page with the visas in words",
            sum.page,
        ),
        ("`/consent`: policy, event, code", sum.release),
        ("`/token`: tokens signed, family, rows", sum.tokens),
    ] {
        println!(
            "| {name} | {:.2} |",
            spent.as_secs_f64() * 1000.0 / f64::from(alone as u32)
        );
    }
    let (rate_of_logins, done) = rate(&world, logins, MINUTE, |world, at| async move {
        login(&world, PEOPLE[at % PEOPLE.len()]).await.0
    })
    .await;
    assert_eq!(done.len(), logins);
    assert!(done.iter().all(|token| !token.is_empty()));
    let tokens = Arc::new(done);
    let newest = tokens.len().saturating_sub(MINUTE);
    let (rate_of_exchanges, _) = rate(&world, logins.min(1500) * 2, 400, move |world, at| {
        let tokens = tokens.clone();
        async move {
            let fresh = &tokens[newest..];
            let reply = exchange(&world, &fresh[at % fresh.len()], &[]).await;
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        }
    })
    .await;
    println!("\n| load, {AT_ONCE} at once, SQLite | a second |\n|---|---|");
    println!("| logins, from the request to the tokens | {rate_of_logins:.0} |");
    println!("| exchanges for a Passport | {rate_of_exchanges:.0} |");
}
