//! Keys of limits: what requests are counted by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use uuid::Uuid;

/// The kind of key of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Client address; for IPv6 its /64, which one subscriber owns.
    Address,
    /// Network of an address: /24 for IPv4, /56 for IPv6.
    Network,
    /// A phone number.
    Phone,
    /// An account.
    Account,
    /// Key of an integration, as a keyed hash.
    ApiKey,
    /// One count for all requests.
    Global,
}

/// The key that a request is counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Client address, for limits by address and by network.
    Address(IpAddr),
    /// A phone number, or a keyed hash of one.
    Phone(String),
    /// An account.
    Account(Uuid),
    /// A keyed hash of an integration's key.
    ApiKey([u8; 32]),
    /// All requests.
    Global,
}

impl Key {
    /// The key of a client address, as limits by address count it.
    pub fn subscriber(address: IpAddr) -> Self {
        Self::Address(address).masked(KeyKind::Address)
    }

    /// The key as a limit of this kind counts it. A key of another kind stays unchanged.
    pub(super) fn masked(&self, kind: KeyKind) -> Self {
        match (kind, self) {
            (KeyKind::Address, Self::Address(address)) => Self::Address(mask(*address, 32, 64)),
            (KeyKind::Network, Self::Address(address)) => Self::Address(mask(*address, 24, 56)),
            (KeyKind::Global, _) => Self::Global,
            (_, key) => key.clone(),
        }
    }
}

fn mask(address: IpAddr, v4_bits: u32, v6_bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & (u32::MAX << (32 - v4_bits)))),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << (128 - v6_bits)))),
    }
}
