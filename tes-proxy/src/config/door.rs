//! The storage door's rules: who may come to it, how long and how much, and where sessions keep what they write.

use std::{net::IpAddr, path::PathBuf};

use super::{Config, ConfigFault, Network, NodeSecret};

/// Rules of the storage door.
#[derive(Clone, Debug)]
pub struct DoorRules {
    /// The listener takes client certificates of compute nodes: who shows one counts as inside of the compute network.
    pub client_certificates: bool,
    /// Bits of the first IPv4 address to which a task's capability is pinned. Default 32.
    pub pin_v4: u8,
    /// Bits of the first IPv6 address to which a task's capability is pinned. Default 64.
    pub pin_v6: u8,
    /// A capability delivers so many times its object's size, over all ranges and connections. Default 4.
    pub budget_times: u64,
    /// The folder in which sessions keep what they write through the door. Without one there is no scratch.
    pub scratch: Option<PathBuf>,
    /// Most bytes that one session keeps there. Default 1 TiB.
    pub scratch_bytes: u64,
    /// Most bytes of all files that one request for release names. Default 64 MiB.
    pub release_bytes: u64,
    /// A row of a released table stands for so many people or more, or for nobody. Default 5.
    pub least_group: u64,
    /// What sessions' tokens and S3 keys are made from; else the node's secret.
    pub key: Option<NodeSecret>,
    /// The same from before its last change: what it made still counts, nothing new is made from it.
    pub previous_key: Option<NodeSecret>,
}

impl Default for DoorRules {
    fn default() -> Self {
        Self {
            client_certificates: false,
            pin_v4: 32,
            pin_v6: 64,
            budget_times: 4,
            scratch: None,
            scratch_bytes: 1 << 40,
            release_bytes: 64 << 20,
            least_group: 5,
            key: None,
            previous_key: None,
        }
    }
}

impl DoorRules {
    /// The network that a capability is pinned to when this address uses it first.
    pub(crate) fn pin(&self, address: IpAddr) -> String {
        match address.to_canonical() {
            IpAddr::V4(one) => {
                let net = u32::from(one) & mask32(self.pin_v4);
                format!("{}/{}", std::net::Ipv4Addr::from(net), self.pin_v4.min(32))
            }
            IpAddr::V6(one) => {
                let net = u128::from(one) & mask128(self.pin_v6);
                format!("{}/{}", std::net::Ipv6Addr::from(net), self.pin_v6.min(128))
            }
        }
    }
}

fn mask32(bits: u8) -> u32 {
    u32::MAX
        .checked_shl(32_u32.saturating_sub(u32::from(bits)))
        .unwrap_or(0)
}

fn mask128(bits: u8) -> u128 {
    u128::MAX
        .checked_shl(128_u32.saturating_sub(u32::from(bits)))
        .unwrap_or(0)
}

/// A list of the whole world is no list: it keeps nobody out.
fn is_guard(network: &Network) -> bool {
    network.prefix > 0
}

impl Config {
    /// Is the door open to the compute network alone?
    pub fn door_is_guarded(&self) -> bool {
        let listed = !self.door_networks.is_empty() && self.door_networks.iter().all(is_guard);
        listed || (self.door.client_certificates && self.door_networks.iter().all(is_guard))
    }

    /// May this configuration serve datasets of which some are compute-only (E61)?
    ///
    /// # Errors
    /// [`ConfigFault::NetworkMissing`] with the first of them, if nothing says who the compute network is.
    pub fn check_compute_only<'d>(&self, mut compute_only: impl Iterator<Item = &'d str>) -> Result<(), ConfigFault> {
        match compute_only.next() {
            Some(dataset) if !self.door_is_guarded() => Err(ConfigFault::NetworkMissing(dataset.to_owned())),
            Some(_) | None => Ok(()),
        }
    }

    /// Does this address, or the certificate that it showed, count as the compute network? Where nothing says what that
    /// is, every address does, and compute-only data are not served.
    pub(crate) fn is_compute_network(&self, address: IpAddr, certified: bool) -> bool {
        let listed = self.door_networks.iter().any(|network| network.contains(address));
        let nothing_said = self.door_networks.is_empty() && !self.door.client_certificates;
        listed || (certified && self.door.client_certificates) || nothing_said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e62_a_capability_is_pinned_to_the_address_or_its_configured_network() {
        let cases = [
            (32, 64, "10.1.2.3", "10.1.2.3/32"),
            (24, 64, "10.1.2.3", "10.1.2.0/24"),
            (32, 64, "::ffff:10.1.2.3", "10.1.2.3/32"),
            (32, 64, "fd00:1:2:3:4:5:6:7", "fd00:1:2:3::/64"),
            (32, 128, "fd00::7", "fd00::7/128"),
            (0, 0, "10.1.2.3", "0.0.0.0/0"),
        ];
        for (pin_v4, pin_v6, address, expected) in cases {
            let rules = DoorRules {
                pin_v4,
                pin_v6,
                ..DoorRules::default()
            };
            assert_eq!(rules.pin(address.parse().unwrap()), expected, "{address}");
        }
    }
}
