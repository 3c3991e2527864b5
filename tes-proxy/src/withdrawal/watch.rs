//! The chores: a new snapshot is swept at once; every few seconds what ran out, what is silent and what was not taken.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use policy_engine::intent::DataRef;
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::{
    ownership::{Basis, data, item, refresh},
    proxy::{Parts, Proxy},
    session,
    store::{Phase, StoreError, Work},
};

use super::{
    adopt::adopt,
    cancel::withdraw,
    renew::{due, renew},
    sent::orphans,
};

/// Between two looks at the clock and at the backends.
const TICK: Duration = Duration::from_secs(2);
/// A row that is `submitting` for longer than a backend may take is looked for.
const LOST_SECONDS: i64 = 60;

/// The running chores; dropping it stops them.
#[derive(Debug)]
pub struct Chores(Vec<JoinHandle<()>>);

impl Drop for Chores {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

impl Proxy {
    /// Starts the chores: the sweep after each new snapshot, the end of what ran out, adoption after a restart. Call it
    /// once, inside of the runtime.
    #[must_use = "dropping the handle stops the chores"]
    pub fn start_chores(&self) -> Chores {
        let changed = Arc::new(Notify::new());
        let told = Arc::clone(&changed);
        self.0.gate.current.on_change(move |_| told.notify_one());
        let (proxy, sweeper) = (self.clone(), self.clone());
        let sweep = tokio::spawn(async move {
            loop {
                changed.notified().await;
                sweeper.sweep().await;
            }
        });
        let tick = tokio::spawn(async move {
            proxy.restore().await;
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                proxy.tidy().await;
            }
        });
        Chores(vec![sweep, tick])
    }

    /// Asks for everything that lives again on the snapshot in force, and ends what holds no more: streams first, then
    /// tasks and runs. Done by the chores; tests call it.
    pub async fn sweep(&self) {
        let ended = self.0.gate.ledger.sweep();
        if ended > 0 {
            tracing::info!(count = ended, "open permits ended: what they rest on is gone");
        }
        self.each(|proxy, work| async move {
            if let Err(code) = holds(&proxy.0, &work) {
                withdraw(&proxy, &work, &code).await;
            }
        })
        .await;
    }

    /// At start: rows that nobody can judge any more are withdrawn, rows that were being submitted are looked for.
    async fn restore(&self) {
        self.each(|proxy, work| async move {
            match work.phase {
                Phase::Submitting => adopt(&proxy, &work).await,
                Phase::Live | Phase::Over => {
                    if let Err(code) = holds(&proxy.0, &work) {
                        withdraw(&proxy, &work, &code).await;
                    }
                }
            }
        })
        .await;
    }

    async fn tidy(&self) {
        let now = self.0.gate.now().unix();
        orphans(self).await;
        self.0.pins.forget(now).await;
        self.0.gate.ledger.sweep();
        self.each(|proxy, work| async move {
            let lost = work.phase == Phase::Submitting && now.saturating_sub(work.created_at) > LOST_SECONDS;
            if lost {
                adopt(&proxy, &work).await;
                return;
            }
            match holds(&proxy.0, &work) {
                Err(code) => {
                    withdraw(&proxy, &work, &code).await;
                    return;
                }
                Ok((basis, data)) if due(&proxy.0, &work, &basis, proxy.0.gate.now()) => {
                    renew(&proxy.0, &work, basis, &data).await;
                }
                Ok(_) => {}
            }
            // a backend is asked every few seconds, so that capabilities end with their work
            if now.saturating_sub(work.confirmed_at) >= 5 {
                drop(refresh(&proxy.0, work).await);
            }
        })
        .await;
    }

    async fn each<F, R>(&self, act: F)
    where
        F: Fn(Self, Work) -> R,
        R: Future<Output = ()>,
    {
        match self.0.works.live().await {
            Ok(live) => {
                stream::iter(live)
                    .for_each_concurrent(16, |work| act(self.clone(), work))
                    .await
            }
            Err(error) => {
                tracing::error!(error = %error, "the ownership index cannot be read; what lives cannot be swept")
            }
        }
    }
}

/// Does a task or run still rest on something? What it rests on, or the code of what is gone.
fn holds(parts: &Parts, work: &Work) -> Result<(Basis, Vec<DataRef>), String> {
    if let Some(code) = &work.withdrawn {
        return Err(code.clone());
    }
    let now = parts.gate.now();
    if now.unix() >= work.expires_at {
        return Err("work.expired".to_owned());
    }
    // what cannot be judged is not permitted
    let unjudged = |error: StoreError| {
        tracing::error!(error = %error, work.id = %work.id, "a row of the index cannot be judged");
        "work.unjudged".to_owned()
    };
    let engine = parts.gate.current.load();
    let (basis, item) = (Basis::of(work).map_err(unjudged)?, item(work, now).map_err(unjudged)?);
    let data: Vec<DataRef> = if work.kind == "session" {
        // what of its datasets is held is left out at each use; it ends when nothing of one is left
        let facts = basis.kept.facts(engine.snapshot());
        let of = |dataset: &String| session::reads(&engine, &facts, dataset, now);
        basis.whole.iter().flat_map(of).collect()
    } else {
        data(work).map_err(unjudged)?
    };
    basis.holds(&engine, &item, &data, now)?;
    Ok((basis, data))
}
