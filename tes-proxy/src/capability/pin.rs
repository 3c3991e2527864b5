//! What binds a task's capability while it is used: its first address, and how much it may still read (E62, E63).

use std::{collections::HashMap, net::IpAddr, sync::Mutex};

use crate::limits;

/// Why a use is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum PinFault {
    #[error("this capability is used from another address; it has been ended")]
    Address,
    #[error("this capability has delivered as much as it may; it has been ended")]
    Budget,
    #[error("this capability has been ended")]
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

#[derive(Debug)]
struct Pin {
    address: IpAddr,
    used: u64,
    ended: bool,
    until: i64,
}

/// The capabilities in use at this replica.
#[derive(Debug, Default)]
pub(crate) struct Pins(Mutex<HashMap<String, Pin>>);

impl Pins {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Pin>> {
        // no code panics while it holds this lock; a poisoned map is still whole
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A use begins: pins the first address, ends the capability at a second one.
    ///
    /// # Errors
    /// [`PinFault`].
    pub(crate) fn begin(&self, id: &str, address: IpAddr, until: i64, size: Option<u64>) -> Result<(), PinFault> {
        let mut pins = self.lock();
        let pin = pins.entry(id.to_owned()).or_insert(Pin {
            address,
            used: 0,
            ended: false,
            until,
        });
        if pin.ended {
            return Err(PinFault::Ended);
        }
        if pin.address.to_canonical() != address.to_canonical() {
            pin.ended = true;
            return Err(PinFault::Address);
        }
        if pin.used > budget(size) {
            pin.ended = true;
            return Err(PinFault::Budget);
        }
        Ok(())
    }

    /// Bytes went out. Returns whether it may go on.
    pub(crate) fn spend(&self, id: &str, bytes: u64, size: Option<u64>) -> bool {
        let mut pins = self.lock();
        let Some(pin) = pins.get_mut(id) else { return true };
        pin.used = pin.used.saturating_add(bytes);
        if pin.used > budget(size) {
            pin.ended = true;
        }
        !pin.ended
    }

    /// Forgets what has run out.
    pub(crate) fn forget(&self, now: i64) {
        self.lock().retain(|_, pin| now < pin.until);
    }
}

fn budget(size: Option<u64>) -> u64 {
    size.map_or(limits::BUDGET_UNKNOWN, |size| {
        size.max(1 << 20).saturating_mul(limits::BUDGET_TIMES)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e62_a_second_address_ends_a_capability() {
        let pins = Pins::default();
        let [one, mapped, two] =
            ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"].map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!(pins.begin("c", one, 100, None), Ok(()));
        assert_eq!(
            pins.begin("c", mapped, 100, None),
            Ok(()),
            "the same address in its other form"
        );
        assert_eq!(pins.begin("c", two, 100, None), Err(PinFault::Address));
        assert_eq!(
            pins.begin("c", one, 100, None),
            Err(PinFault::Ended),
            "for the first one too"
        );
    }

    #[test]
    fn e63_a_capability_over_its_budget_is_ended() {
        let pins = Pins::default();
        let one = "10.0.0.1".parse().unwrap();
        let size = Some(2 << 20);
        pins.begin("c", one, 100, size).unwrap();
        assert!(pins.spend("c", 8 << 20, size), "four times the size");
        assert!(!pins.spend("c", 1, size));
        assert_eq!(pins.begin("c", one, 100, size), Err(PinFault::Ended));
    }
}
