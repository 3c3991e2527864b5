//! What the broker does by itself: looks after its keys, tells clients of logouts that they did not take yet, announces what ends soon, reminds of what waits, sends mail, and forgets what has been over for long.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, interval};
use visa_verifier::seam::Timestamp;

use crate::Broker;
use crate::application;
use crate::catalogue::LOOK;
use crate::limits;
use crate::mail;
use crate::passport;
use crate::person::endings;
use crate::provider::logout;
use crate::rems;
use crate::store::people::{self, PersonId};
use crate::store::{StoreError, announced, codes, logout_notices, mails, tokens, webhooks};
use crate::webhook;

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(60);

/// Seconds of an hour.
const HOUR: i64 = 3_600;

/// After a look that failed: what is wrong is seldom over in a second.
const AGAIN: Duration = Duration::from_secs(10);

/// The running chores; dropping it stops them.
#[derive(Debug)]
pub struct Chores([JoinHandle<()>; 2]);

impl Drop for Chores {
    fn drop(&mut self) {
        for running in &self.0 {
            running.abort();
        }
    }
}

/// Ticks that are not made up for when one comes late.
fn every(span: Duration) -> Interval {
    let mut ticks = interval(span);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

impl Broker {
    /// Starts the chores. Call it once, inside of the runtime; replicas may all do it.
    #[must_use = "dropping the handle stops the chores"]
    pub fn start_chores(&self) -> Chores {
        let (rounds, looks) = (self.clone(), self.clone());
        // A round waits for other people's servers; a stop that another replica placed does not wait for a round.
        Chores([
            tokio::spawn(async move {
                let mut ticks = every(ROUND);
                loop {
                    ticks.tick().await;
                    rounds.do_chores().await;
                }
            }),
            tokio::spawn(async move {
                let mut ticks = every(LOOK);
                let mut failed = None;
                loop {
                    let now = ticks.tick().await;
                    if failed.is_none_or(|then| now.duration_since(then) >= AGAIN) {
                        failed = (!looks.look().await).then_some(now);
                    }
                }
            }),
        ])
    }

    /// What another replica published is put in force here. Whether all is well.
    async fn look(&self) -> bool {
        let taken = self.take_up().await;
        if let Err(error) = &taken {
            tracing::error!(error.code = error.code(), %error, "what is on record is not in force here");
        }
        taken.is_ok()
    }

    /// One round of the chores: what fails is logged, and tried again in the next one.
    pub async fn do_chores(&self) {
        match self.tend_keys(false).await {
            Ok(0) => {}
            Ok(turned) => tracing::info!(count = turned, "new signing keys are in use"),
            Err(error) => {
                tracing::error!(error.code = error.code(), %error, "the signing keys could not be looked after")
            }
        }
        logout::deliver(self).await;
        if let Err(error) = self.announce_endings().await {
            tracing::error!(error.code = error.code(), %error, "what ends soon could not be announced");
        }
        webhook::deliver(self).await;
        mail::deliver(self).await;
        if let Err(error) = passport::refresh(self).await {
            tracing::error!(error.code = error.code(), %error, "visas of other issuers could not be asked for again");
        }
        rems::follow(self).await;
        let forgotten = self.forget().await;
        for error in [forgotten.err(), application::sweep(self).await.err()]
            .into_iter()
            .flatten()
        {
            tracing::error!(error.code = error.code(), %error, "what is over could not be removed");
        }
    }

    /// Once an hour, by whichever replica is first.
    async fn announce_endings(&self) -> Result<(), StoreError> {
        let now = self.now();
        let hour = Timestamp::from_unix(now.unix().saturating_sub(now.unix().rem_euclid(HOUR)));
        let nobody = PersonId::from_text("");
        if !announced::first(&mut self.db(), &nobody, "round", hour, "hour", now).await? {
            return Ok(());
        }
        application::remind(self).await?;
        let counts = endings::announce(self).await?;
        webhook::tell_endings(self, &counts).await
    }

    async fn forget(&self) -> Result<(), StoreError> {
        let (mut db, now) = (self.db(), self.now());
        codes::tidy(&mut db, now).await?;
        logout_notices::tidy(&mut db, now).await?;
        tokens::tidy(&mut db, now).await?;
        let seconds = i64::try_from(limits::CLOSED.as_secs()).unwrap_or(i64::MAX);
        people::forget_closed(&mut db, Timestamp::from_unix(now.unix().saturating_sub(seconds))).await?;
        webhooks::tidy(&mut db, now).await?;
        mails::tidy(&mut db, now).await?;
        Ok(())
    }
}
