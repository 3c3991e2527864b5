//! The ledger of live permits (D7): each is registered before it is asked whether its snapshot is still current, and
//! is found here when what it rests on goes. A stream owns its place until its last byte.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio_util::sync::CancellationToken;

/// Is it still permitted, on the snapshot now in force?
pub(crate) type Ask = Arc<dyn Fn() -> bool + Send + Sync>;

/// All live permits of this process.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Inner>);

#[derive(Default)]
struct Inner {
    next: AtomicU64,
    // held for map operations alone
    live: Mutex<HashMap<u64, (CancellationToken, Ask)>>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Ledger")
    }
}

/// A place in the ledger; dropping it is leaving the ledger.
#[derive(Debug)]
pub(crate) struct Live {
    ledger: Ledger,
    id: u64,
    gone: CancellationToken,
}

impl Live {
    /// What it rested on is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }

    /// Resolves when what it rested on goes.
    pub(crate) async fn gone(&self) {
        self.gone.cancelled().await;
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.ledger
            .0
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

impl Ledger {
    /// Enters a permit. `ask` says whether it still holds.
    pub(crate) fn enter(&self, ask: Ask) -> Live {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let gone = CancellationToken::new();
        self.0
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, (gone.clone(), ask));
        Live {
            ledger: self.clone(),
            id,
            gone,
        }
    }

    /// Asks for every live permit again and marks those that hold no more. Returns how many.
    pub(crate) fn sweep(&self) -> usize {
        let live: Vec<(CancellationToken, Ask)> = {
            let live = self.0.live.lock().unwrap_or_else(PoisonError::into_inner);
            live.values().cloned().collect()
        };
        live.into_iter()
            .filter(|(_, ask)| !ask())
            .map(|(gone, _)| gone.cancel())
            .count()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[tokio::test]
    async fn e49_a_sweep_ends_what_holds_no_more_and_nothing_else() {
        let ledger = Ledger::default();
        let permitted = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&permitted);
        let one = ledger.enter(Arc::new(move || asked.load(Ordering::SeqCst)));
        let two = ledger.enter(Arc::new(|| true));
        assert_eq!(ledger.sweep(), 0);
        permitted.store(false, Ordering::SeqCst);
        assert_eq!(ledger.sweep(), 1);
        one.gone().await;
        assert!(one.is_gone() && !two.is_gone());
        drop(one);
        assert_eq!(ledger.sweep(), 0, "who left is forgotten");
    }
}
