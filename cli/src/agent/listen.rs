//! Where the agent listens: on this machine's loopback, and nowhere else.

use std::{net::SocketAddr, str::FromStr};

/// A loopback address with a port; port 0 is any free one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Loopback(SocketAddr);

impl Loopback {
    /// The address.
    pub(crate) const fn address(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for Loopback {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text
            .strip_prefix("localhost:")
            .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
        let address: SocketAddr = text
            .parse()
            .map_err(|_| format!("`{text}` is no address with a port, such as 127.0.0.1:0"))?;
        if !address.ip().is_loopback() {
            return Err(format!(
                "{} is not of this machine alone: whoever reaches the agent acts as you, so it listens on loopback only",
                address.ip()
            ));
        }
        Ok(Self(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_taken() {
        for good in ["127.0.0.1:0", "127.0.0.2:8080", "[::1]:9", "localhost:1"] {
            assert!(good.parse::<Loopback>().is_ok(), "{good}");
        }
        for bad in [
            "0.0.0.0:1",
            "[::]:1",
            "192.0.2.1:1",
            "127.0.0.1",
            "example.org:1",
            "[::ffff:127.0.0.1]:1",
            "",
        ] {
            assert!(bad.parse::<Loopback>().is_err(), "{bad}");
        }
    }
}
