//! Where tiles and entry bundles lie (C2SP tlog-tiles).

use std::fmt;

/// Hashes in a full tile, entries in a full bundle.
pub(crate) const FULL: usize = 256;
/// More levels than a log of 2^63 entries has.
const LEVELS: u8 = 8;

/// What a tile holds: hashes of a level, or entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Hashes(u8),
    Entries,
}

/// The address of a tile: `tile/<L>/<N>[.p/<W>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TilePath {
    pub(crate) kind: Kind,
    pub(crate) n: u64,
    /// 1 to 256; 256 is the full tile.
    pub(crate) width: usize,
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Hashes(level) => write!(f, "tile/{level}/")?,
            Kind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.n % 1000];
        let mut rest = self.n / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            if place > 0 {
                write!(f, "x{group:03}/")?
            } else {
                write!(f, "{group:03}")?
            }
        }
        if self.width < FULL {
            write!(f, ".p/{}", self.width)
        } else {
            Ok(())
        }
    }
}

impl TilePath {
    /// The tile at this path; only in its one spelling.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("tile/")?;
        let (level, rest) = rest.split_once('/')?;
        let kind = if level == "entries" {
            Kind::Entries
        } else {
            Kind::Hashes(level.parse().ok()?)
        };
        if matches!(kind, Kind::Hashes(level) if level >= LEVELS) {
            return None;
        }
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, FULL),
        };
        let mut n: u64 = 0;
        for group in number.split('/') {
            let group: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            n = n.checked_mul(1000)?.checked_add(group)?;
        }
        let path = Self { kind, n, width };
        (width > 0 && width <= FULL && path.to_string() == text).then_some(path)
    }
}
