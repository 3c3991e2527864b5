//! Which addresses may be called: public ones; those inside a network where the configuration allows it; some never.
//! In IPv4, in IPv6, and in the IPv6 forms that carry an IPv4 address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address reaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reach {
    /// Globally reachable unicast.
    Public,
    /// This machine and the networks behind the same router: loopback, private (RFC 1918), shared (RFC 6598), unique
    /// local (RFC 4193). For who says so in the configuration.
    Inside,
    /// No place for a document: link-local, the metadata services of clouds, multicast, test and documentation
    /// networks, what is reserved, and the tunnels that carry an IPv4 address (6to4, Teredo, NAT64).
    Never,
}

/// Whether `address` is a globally reachable unicast address.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    reach(address) == Reach::Public
}

/// Whether an outgoing call may go to `address`: a public one; if `inside`, a loopback or private one too; never one of
/// link-local, metadata, multicast and reserved networks.
#[must_use]
pub fn may_be_called(address: IpAddr, inside: bool) -> bool {
    match reach(address) {
        Reach::Public => true,
        Reach::Inside => inside,
        Reach::Never => false,
    }
}

pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => v4_reach(v4),
        IpAddr::V6(v6) => v6_reach(v6),
    }
}

/// Metadata services that answer on addresses that are otherwise ordinary inside ones.
const METADATA_V4: [Ipv4Addr; 1] = [Ipv4Addr::new(100, 100, 100, 200)];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
];

fn v4_reach(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    let never = address.is_link_local() // holds 169.254.169.254, the metadata service of most clouds
        || METADATA_V4.contains(&address)
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    if never {
        Reach::Never
    } else if address.is_loopback() || address.is_private() || (a == 100 && (64..128).contains(&b)) {
        Reach::Inside
    } else {
        Reach::Public
    }
}

fn v6_reach(address: Ipv6Addr) -> Reach {
    if let Some(v4) = address.to_ipv4_mapped() {
        return v4_reach(v4);
    }
    let [a, b, ..] = address.segments();
    if METADATA_V6.contains(&address) {
        return Reach::Never;
    }
    if address.is_loopback() || (a & 0xfe00) == 0xfc00 {
        return Reach::Inside;
    }
    // global unicast is 2000::/3; of it 2001::/23 (special: Teredo, benchmarks, ORCHID), documentation and
    // 6to4 (carries an IPv4 address) are not for us; NAT64's 64:ff9b::/96 and 64:ff9b:1::/48, the old site-local and
    // IPv4-compatible forms lie outside of it
    let public = (a & 0xe000) == 0x2000
        && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8))
        && a != 0x2002
        && !(a == 0x3fff && b < 0x1000);
    if public { Reach::Public } else { Reach::Never }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_may_be_called_inside_ones_if_allowed_and_some_never() {
        use Reach::{Inside, Never, Public};
        for (address, how) in [
            ("192.0.1.1", Public),
            ("8.8.4.4", Public),
            ("127.0.0.1", Inside),
            ("127.8.8.8", Inside),
            ("10.1.2.3", Inside),
            ("172.16.0.1", Inside),
            ("172.32.0.1", Public),
            ("192.168.1.1", Inside),
            ("100.64.0.1", Inside),
            ("100.128.0.1", Public),
            ("169.254.169.254", Never),
            ("169.254.1.1", Never),
            ("100.100.100.200", Never),
            ("0.0.0.0", Never),
            ("0.1.2.3", Never),
            ("192.0.0.8", Never),
            ("192.88.99.1", Never),
            ("224.0.0.1", Never),
            ("240.0.0.1", Never),
            ("255.255.255.255", Never),
            ("198.18.0.1", Never),
            ("192.0.2.5", Never),
            ("198.51.100.5", Never),
            ("203.0.113.5", Never),
            ("2606:4700::1111", Public),
            ("::1", Inside),
            ("fd12:3456::1", Inside),
            ("fc00::1", Inside),
            ("::", Never),
            ("fe80::1", Never),
            ("fec0::1", Never),
            ("fd00:ec2::254", Never),
            ("ff02::1", Never),
            ("::ffff:10.0.0.1", Inside),
            ("::ffff:127.0.0.1", Inside),
            ("::ffff:169.254.169.254", Never),
            ("::ffff:8.8.8.8", Public),
            ("::10.0.0.1", Never),
            ("64:ff9b::a00:1", Never),
            ("64:ff9b:1::a00:1", Never),
            ("2002:0a00:0001::1", Never),
            ("2001:db8::1", Never),
            ("3fff::1", Never),
            ("2001::1", Never),
            ("5f00::1", Never),
        ] {
            assert_eq!(address.parse().map(reach), Ok(how), "{address}");
        }
    }
}
