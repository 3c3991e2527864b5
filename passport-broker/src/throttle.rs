//! How often: logins, tokens, applications. Counted in the database, so that it holds over all replicas.

use std::time::Duration;

use visa_verifier::seam::Timestamp;

use crate::broker::Broker;
use crate::store::{StoreError, throttles};

/// A bound on how often something may be tried by one subject.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    /// What is tried; the key in the table.
    pub name: &'static str,
    /// How often in one window.
    pub most: u32,
    /// The window.
    pub window: Duration,
}

/// Logins from one address.
pub const LOGIN: Throttle = Throttle {
    name: "login",
    most: 60,
    window: Duration::from_secs(60),
};
/// Requests of one client at the token endpoint.
pub const TOKEN: Throttle = Throttle {
    name: "token",
    most: 600,
    window: Duration::from_secs(60),
};
/// Failed client authentications at the token endpoint from one address.
pub const CLIENT_AUTH: Throttle = Throttle {
    name: "client-auth",
    most: 30,
    window: Duration::from_secs(60),
};
/// Logins at another device begun from one address.
pub const DEVICE: Throttle = Throttle {
    name: "device",
    most: 30,
    window: Duration::from_secs(60),
};
/// Logout tokens of institutions from one address.
pub const LOGOUT: Throttle = Throttle {
    name: "upstream-logout",
    most: 600,
    window: Duration::from_secs(60),
};
/// Codes of other devices typed in one session: 20^8 codes, ten minutes each.
pub const DEVICE_CODE: Throttle = Throttle {
    name: "device-code",
    most: 10,
    window: Duration::from_secs(60),
};
/// Explanations at length of one person: each decides anew many times (policy.md 4).
pub const AT_LENGTH: Throttle = Throttle {
    name: "explain-full",
    most: 5,
    window: Duration::from_secs(60),
};
/// Rounds in which one REMS is asked.
pub const REMS: Throttle = Throttle {
    name: "rems",
    most: 1,
    window: Duration::from_secs(600),
};
/// Word of one REMS, or of anybody in its name, that something changed there.
pub const REMS_PUSH: Throttle = Throttle {
    name: "rems-push",
    most: 12,
    window: Duration::from_secs(60),
};
/// Registrations of clients from one address.
pub const REGISTER: Throttle = Throttle {
    name: "register",
    most: 10,
    window: Duration::from_secs(60),
};
/// Enrolment codes tried, by anybody.
pub const ENROLMENT: Throttle = Throttle {
    name: "enrolment",
    most: 10,
    window: Duration::from_secs(60),
};
/// Writes of one person at the admin API.
pub const ADMIN: Throttle = Throttle {
    name: "admin",
    most: 120,
    window: Duration::from_secs(60),
};

/// Holds of one consent service.
pub const CONSENT: Throttle = Throttle {
    name: "consent",
    most: 600,
    window: Duration::from_secs(60),
};

/// Alarms about the many holds of one service on one dataset.
pub const MANY_HOLDS: Throttle = Throttle {
    name: "many-holds",
    most: 1,
    window: Duration::from_secs(3600),
};

impl Throttle {
    /// Counts one try; `Some(wait)` if it is one too many.
    ///
    /// # Errors
    /// The database is down.
    pub async fn hit(&self, broker: &Broker, subject: &str) -> Result<Option<Duration>, StoreError> {
        let (since, wait) = self.window_of(broker.now());
        let hits = throttles::hit(&mut broker.db(), self.name, subject, since).await?;
        Ok((hits > i64::from(self.most)).then_some(wait))
    }

    /// The window that `now` lies in, and how long it still lasts.
    fn window_of(&self, now: Timestamp) -> (Timestamp, Duration) {
        let length = i64::try_from(self.window.as_secs()).unwrap_or(60).max(1);
        let into = now.unix().rem_euclid(length);
        let since = Timestamp::from_unix(now.unix() - into);
        (since, Duration::from_secs(u64::try_from(length - into).unwrap_or(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_at_whole_minutes_and_tell_how_long_to_wait() {
        let (since, wait) = LOGIN.window_of(Timestamp::from_unix(125));
        assert_eq!((since.unix(), wait.as_secs()), (120, 55));
    }
}
