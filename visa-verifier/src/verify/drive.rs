//! [`drive`] and [`drive_request`]: the only loops that wait, so that all else is tested without a socket.
//!
//! They share their thread with others: a large Passport is judged in parts, with a pause between them, and only so
//! many at a time. A flood of large Passports waits for itself, not everybody for it.

use std::sync::OnceLock;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::request::{Judged, Judging, RequestStep};
use super::verification::{Step, Verification};
use crate::keys::KeyStore;
use crate::passport::{PassportRejected, VerifiedPassport};

/// Signatures that are checked without a pause: 1 ms at the most on a core of today.
const PART: usize = 16;

/// Runs a verification to its end, asking `keys` for what it needs.
pub async fn drive(verification: Verification<'_>, keys: &KeyStore) -> Result<VerifiedPassport, PassportRejected> {
    let (mut verification, mut turn) = (verification.remembering(keys.memory()), None);
    loop {
        match verification.part(PART) {
            Some(Step::Need(request)) => {
                // who waits for a server does not keep others from their turn
                turn = None;
                verification.supply(keys.get(&request).await);
            }
            Some(Step::Done(result)) => return *result,
            None => pause(&mut turn).await,
        }
    }
}

/// Runs the judgement of a whole request to its end, asking `keys` for what it needs.
pub async fn drive_request(judging: Judging<'_>, keys: &KeyStore) -> Judged {
    let (mut judging, mut turn) = (judging.remembering(keys.memory()), None);
    loop {
        match judging.part(PART) {
            Some(RequestStep::Need(request)) => {
                turn = None;
                judging.supply(keys.get(&request).await);
            }
            Some(RequestStep::Done(judged)) => return judged,
            None => pause(&mut turn).await,
        }
    }
}

/// Lets others run, and waits for a turn among the large ones if this one has none yet: half of the cores, at least one.
async fn pause(turn: &mut Option<SemaphorePermit<'static>>) {
    static TURNS: OnceLock<Semaphore> = OnceLock::new();
    let turns = TURNS.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Semaphore::new(cores.div_ceil(2))
    });
    if turn.is_none() {
        // never closed
        *turn = turns.acquire().await.ok();
    } else {
        tokio::task::yield_now().await;
    }
}
