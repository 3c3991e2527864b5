//! Browser sessions: encrypted cookies, and the rows behind them.

mod address;
mod browser;
mod cookie;
mod cookies;

pub(crate) use address::address;
pub(crate) use browser::{Browser, begin, current, digest_of};
pub(crate) use cookie::{CookieProblem, Jar, Sealer};
pub(crate) use cookies::Cookies;
