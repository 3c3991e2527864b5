//! What the agent shows to the node: a login that is renewed before its token ends, or a session's token.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::StatusCode;
use tokio::time::Instant;
use visa_verifier::seam::{Clock, Random, Secret, Timestamp};

use super::{answer::Refusal, notices::Notices, route::Api};
use crate::{
    client::{http::Client, login::Around, profile::Profile},
    error::CommandError,
    exit::Exit,
};

/// A token is renewed a third of its life before its end, at most so long before.
const MARGIN: Duration = Duration::from_secs(60);
/// The longest time between two tries while the broker is away.
const BACK_OFF: u64 = 60;
/// What a client waits while the person is asked to log in.
const ASKING: u64 = 30;
/// What clients are told meanwhile.
const LOGIN_OVER: &str = "agent.login_over";
/// Under this the end of the login is said.
const OVER: &str = "login over";

/// What the agent needs from around it to renew a login.
#[derive(Debug)]
pub(crate) struct Keeper {
    /// Outgoing calls.
    pub(crate) client: Client,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) random: Arc<dyn Random>,
    /// The folder of profiles.
    pub(crate) folder: PathBuf,
    /// The profile's name.
    pub(crate) name: String,
}

impl Keeper {
    /// The same, as calls to the broker want it.
    pub(crate) fn around(&self) -> Around<'_> {
        Around {
            client: &self.client,
            clock: &*self.clock,
            random: &*self.random,
        }
    }
}

/// A token in hand.
#[derive(Debug)]
struct Held {
    token: Secret,
    expires: Timestamp,
    /// Of its whole life.
    margin: Duration,
    /// Tries that failed in a row; until when there is none, and what is said meanwhile.
    failed: u32,
    rests: Option<(Instant, Refusal)>,
}

/// A login that lasts.
#[derive(Debug)]
pub(crate) struct Login {
    keeper: Keeper,
    // INVARIANT: one renewal at a time; whoever waits for it takes what it got.
    held: tokio::sync::Mutex<Held>,
    /// The person has to log in again; who asks them is told by this.
    pub(crate) over: tokio::sync::Notify,
    notices: Arc<Notices>,
}

impl Login {
    /// Of a profile as it stands.
    pub(crate) fn new(keeper: Keeper, profile: &Profile, notices: Arc<Notices>) -> Self {
        let held = Held {
            token: Secret::from(profile.access_token.clone()),
            expires: profile.expires,
            margin: margin(profile.expires.since(keeper.clock.now())),
            failed: 0,
            rests: None,
        };
        Self {
            keeper,
            held: tokio::sync::Mutex::new(held),
            over: tokio::sync::Notify::new(),
            notices,
        }
    }

    /// What it is renewed with.
    pub(crate) const fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// A token that is good for a while, for a client. Where the login is over, its person is asked.
    ///
    /// # Errors
    /// 503 while the broker is away or the person has to log in again.
    pub(crate) async fn token(&self) -> Result<Secret, Refusal> {
        let found = self.current().await;
        found.inspect_err(|refusal| self.ask(refusal))
    }

    /// Renews it if it is time; nobody is asked for anything while no client wants it.
    pub(crate) async fn look_after(&self) {
        let _ = self.current().await;
    }

    fn ask(&self, refusal: &Refusal) {
        if refusal.code() == LOGIN_OVER {
            self.over.notify_one();
        }
    }

    async fn current(&self) -> Result<Secret, Refusal> {
        let mut held = self.held.lock().await;
        let now = self.keeper.clock.now();
        if now.plus(held.margin) < held.expires {
            return Ok(held.token.clone());
        }
        if let Some((until, refusal)) = &held.rests
            && Instant::now() < *until
        {
            return good(&held, now).ok_or_else(|| refusal.clone());
        }
        let renewed = self.renewed(&mut held, None).await;
        match renewed {
            Ok(()) => Ok(held.token.clone()),
            Err(refusal) => good(&held, now).ok_or(refusal),
        }
    }

    /// The node refused this token before its time: it was revoked, or the node's clock is ahead.
    ///
    /// # Errors
    /// 503 as [`Login::token`].
    pub(crate) async fn refused(&self, token: &Secret) -> Result<(), Refusal> {
        let mut held = self.held.lock().await;
        if !held.token.same(token.expose()) {
            return Ok(());
        }
        let text = token.expose_str().map(str::to_owned);
        let renewed = self.renewed(&mut held, text.as_deref()).await;
        renewed.inspect_err(|refusal| self.ask(refusal))
    }

    /// The machine slept, or its clock was set: what rests is tried at once.
    pub(crate) async fn woke(&self) {
        let mut held = self.held.lock().await;
        held.rests = None;
        held.failed = 0;
    }

    /// A login that the person made anew.
    pub(crate) async fn take(&self, profile: &Profile) {
        let mut held = self.held.lock().await;
        self.put(&mut held, profile);
        self.notices.forget(OVER);
    }

    fn put(&self, held: &mut Held, profile: &Profile) {
        let now = self.keeper.clock.now();
        *held = Held {
            token: Secret::from(profile.access_token.clone()),
            expires: profile.expires,
            margin: margin(profile.expires.since(now)),
            failed: 0,
            rests: None,
        };
    }

    async fn renewed(&self, held: &mut Held, refused: Option<&str>) -> Result<(), Refusal> {
        let keeper = &self.keeper;
        let outcome = Profile::renewed(keeper.around(), &keeper.folder, &keeper.name, held.margin, refused).await;
        let wrong = match outcome {
            Ok(profile) if profile.expires > keeper.clock.now() && refused != Some(profile.access_token.as_str()) => {
                if held.failed > 0 {
                    self.notices.say("the broker is back; the login was renewed");
                }
                self.put(held, &profile);
                return Ok(());
            }
            Ok(_) => CommandError::denied("login.expired", "this login is over"),
            Err(wrong) => wrong,
        };
        held.failed = held.failed.saturating_add(1);
        let rest = rest(held.failed);
        let refusal = if wrong.exit() == Exit::Unknown {
            if held.failed == 1 {
                self.notices.say(&format!(
                    "the login could not be renewed yet: {wrong} ({})",
                    wrong.code()
                ));
            }
            Refusal::later("agent.unreachable", "the broker can't be reached", rest)
        } else {
            self.notices
                .once(OVER, || format!("the login is over: {wrong} ({})", wrong.code()));
            // the token that is held counts no more either
            held.expires = held.expires.min(keeper.clock.now());
            let words = "the login is over; its person is asked for another one on the agent's terminal";
            Refusal::later(LOGIN_OVER, words, ASKING)
        };
        held.rests = Some((Instant::now() + Duration::from_secs(rest), refusal.clone()));
        Err(refusal)
    }
}

/// The held token, if it is still good.
fn good(held: &Held, now: Timestamp) -> Option<Secret> {
    (now < held.expires).then(|| held.token.clone())
}

/// How long before its end a token of such a life is renewed.
fn margin(life: Duration) -> Duration {
    (life / 3).min(MARGIN)
}

/// Seconds until the next try after so many failed ones.
fn rest(failed: u32) -> u64 {
    1_u64.checked_shl(failed.min(16)).unwrap_or(BACK_OFF).min(BACK_OFF)
}

/// Whether the wall clock went otherwise than time did: after a sleep, or when it was set.
pub(crate) fn jumped(before: Timestamp, now: Timestamp, elapsed: Duration) -> bool {
    let slack = Duration::from_secs(20);
    now < before || now.since(before) > elapsed + slack
}

/// A session's token, until the session ends.
#[derive(Debug)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: String,
    token: Secret,
    ended: Mutex<bool>,
}

impl Session {
    /// Of a session.
    pub(crate) fn new(id: String, token: String) -> Self {
        Self {
            id,
            token: Secret::from(token),
            ended: Mutex::new(false),
        }
    }

    fn token(&self) -> Result<Secret, Refusal> {
        if *self.ended.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(self.over());
        }
        Ok(self.token.clone())
    }

    fn over(&self) -> Refusal {
        let words = format!("the session {} has ended; start another one", plain_id(&self.id));
        Refusal::new(StatusCode::FORBIDDEN, "agent.session_over", words)
    }
}

fn plain_id(id: &str) -> String {
    super::notices::plain(id)
}

/// What the agent shows, by API: a session's token is good for tasks and runs alone.
#[derive(Debug)]
pub(crate) struct Credential {
    /// The login.
    pub(crate) login: Arc<Login>,
    /// The session of this agent's work, if it is for one.
    pub(crate) session: Option<Session>,
}

impl Credential {
    /// The session, where it is what an API takes.
    fn session(&self, api: Api) -> Option<&Session> {
        self.session.as_ref().filter(|_| matches!(api, Api::Tes | Api::Wes))
    }

    /// What is shown to an API.
    ///
    /// # Errors
    /// 503 while there is none, 403 where there will be none.
    pub(crate) async fn token(&self, api: Api) -> Result<Secret, Refusal> {
        match self.session(api) {
            Some(session) => session.token(),
            None => self.login.token().await,
        }
    }

    /// The node refused it: what the client is told. Never 401: it has no token that it could change.
    pub(crate) async fn refused(&self, api: Api, token: &Secret) -> Refusal {
        if let Some(session) = self.session(api) {
            *session.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
            return session.over();
        }
        match self.login.refused(token).await {
            Ok(()) => Refusal::later("agent.renewed", "the token was renewed a moment ago; ask again", 1),
            Err(refusal) => refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_renewed_a_third_before_their_end_and_failures_are_spaced() {
        assert_eq!(margin(Duration::from_secs(900)), MARGIN);
        assert_eq!(margin(Duration::from_secs(9)), Duration::from_secs(3));
        let rests: Vec<u64> = (1..9).map(rest).collect();
        assert_eq!(rests, [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(rest(u32::MAX), BACK_OFF);
    }

    #[test]
    fn a_sleep_and_a_clock_that_was_set_are_seen_and_time_that_passes_is_not() {
        let at = Timestamp::from_unix;
        let second = Duration::from_secs(1);
        assert!(!jumped(at(100), at(101), second));
        assert!(!jumped(at(100), at(110), second));
        assert!(jumped(at(100), at(3_700), second), "an hour asleep");
        assert!(jumped(at(100), at(50), second), "set back");
    }
}
