//! What binds a task's capability while it is used: its first address, and how much it may still read (E62, E63).

use std::net::IpAddr;

use crate::{
    config::DoorRules,
    limits,
    store::{PinTable, StoreError},
};

/// Why a use is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum PinFault {
    #[error("this capability is used from another address; it has been ended")]
    Address,
    #[error("this capability has delivered as much as it may; it has been ended")]
    Budget,
    #[error("this capability has been ended: a second address used it")]
    Ended,
}

impl PinFault {
    /// Stable code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Address => "door.second_address",
            Self::Budget => "door.budget",
            Self::Ended => "door.ended",
        }
    }
}

/// The capabilities in use.
#[derive(Clone, Debug)]
pub(crate) struct Pins {
    table: PinTable,
    rules: DoorRules,
}

/// Bytes set aside for one answer.
#[derive(Debug)]
pub(crate) struct Share {
    pins: Pins,
    id: String,
    left: u64,
}

impl Pins {
    /// Kept in this table, under these rules.
    pub(crate) const fn new(table: PinTable, rules: DoorRules) -> Self {
        Self { table, rules }
    }

    /// A use begins: pins the first address, ends the capability at a second one.
    ///
    /// # Errors
    /// The fault, or the index's own.
    pub(crate) async fn begin(
        &self,
        id: &str,
        address: IpAddr,
        until: i64,
    ) -> Result<Result<(), PinFault>, StoreError> {
        let network = self.rules.pin(address);
        let pinned = self.table.first(id, &network, until).await?;
        let ended = pinned.ended.as_deref();
        if ended == Some(PinFault::Budget.code()) {
            return Ok(Err(PinFault::Budget));
        }
        if ended.is_some() {
            return Ok(Err(PinFault::Ended));
        }
        if pinned.network != network {
            self.table.end(id, PinFault::Address.code()).await?;
            return Ok(Err(PinFault::Address));
        }
        Ok(Ok(()))
    }

    /// A budget that is not bound to an address: a session's (`apis.md` 10.2).
    ///
    /// # Errors
    /// The index's own.
    pub(crate) async fn open(&self, id: &str, until: i64) -> Result<(), StoreError> {
        self.table.first(id, "session", until).await.map(drop)
    }

    /// Sets `count` bytes aside of the budget of an object of this size; `None` if there are not so many left, and then
    /// the capability is ended.
    ///
    /// # Errors
    /// The index's own.
    pub(crate) async fn share(&self, id: &str, count: u64, size: Option<u64>) -> Result<Option<Share>, StoreError> {
        let budget = size.map_or(limits::BUDGET_UNKNOWN, |size| {
            size.saturating_mul(self.rules.budget_times)
        });
        if self.table.reserve(id, count, budget).await? {
            return Ok(Some(Share {
                pins: self.clone(),
                id: id.to_owned(),
                left: count,
            }));
        }
        self.table.end(id, PinFault::Budget.code()).await?;
        Ok(None)
    }

    /// Forgets what has run out.
    pub(crate) async fn forget(&self, now: i64) {
        if let Err(error) = self.table.forget(now).await {
            tracing::warn!(code = error.code(), %error, "old pins could not be forgotten");
        }
    }
}

impl Share {
    /// Bytes go out. Returns whether they were set aside.
    pub(crate) fn spend(&mut self, count: u64) -> bool {
        match self.left.checked_sub(count) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.left == 0 {
            return;
        }
        let (pins, id, left) = (self.pins.clone(), std::mem::take(&mut self.id), self.left);
        // outside of a runtime nothing is given back: the capability only ends earlier
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = pins.table.refund(&id, left).await {
                    tracing::warn!(code = error.code(), %error, "bytes that did not go out could not be given back");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Db;

    async fn pins() -> Pins {
        let db = Db::open("sqlite::memory:").await.unwrap();
        Pins::new(PinTable::new(db), DoorRules::default())
    }

    #[tokio::test]
    async fn e62_a_second_address_ends_a_capability() {
        let pins = pins().await;
        let [one, mapped, two] =
            ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"].map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!(pins.begin("c", one, 100).await.unwrap(), Ok(()));
        assert_eq!(
            pins.begin("c", mapped, 100).await.unwrap(),
            Ok(()),
            "the same address in its other form"
        );
        assert_eq!(pins.begin("c", two, 100).await.unwrap(), Err(PinFault::Address));
        assert_eq!(
            pins.begin("c", one, 100).await.unwrap(),
            Err(PinFault::Ended),
            "for the first one too"
        );
    }

    #[tokio::test]
    async fn e63_a_capability_over_its_budget_is_ended_and_what_did_not_go_out_is_given_back() {
        let pins = pins().await;
        let one = "10.0.0.1".parse().unwrap();
        pins.begin("c", one, 100).await.unwrap().unwrap();
        let mut whole = pins.share("c", 300, Some(100)).await.unwrap().unwrap();
        assert!(whole.spend(100) && !whole.spend(201), "no more than was set aside");
        drop(whole);
        // the refund is on its way
        let again = async {
            loop {
                match pins.table.first("c", "", 0).await.unwrap().used {
                    100 => break,
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(5), again)
            .await
            .unwrap();
        let mut rest = pins.share("c", 300, Some(100)).await.unwrap().unwrap();
        assert!(rest.spend(300), "four times the size");
        assert!(pins.share("c", 1, Some(100)).await.unwrap().is_none());
        assert_eq!(pins.begin("c", one, 100).await.unwrap(), Err(PinFault::Budget));
    }
}
