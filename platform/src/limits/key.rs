//! Who is counted: the keys of limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use uuid::Uuid;

/// What a limit counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A client's address; of IPv6 the /64, since one subscriber has all of it.
    Address,
    /// The neighbourhood of an address: /24 of IPv4, /56 of IPv6.
    Network,
    /// A phone number.
    Phone,
    /// An account.
    Account,
    /// An integration's key, as a keyed hash.
    ApiKey,
    /// Everybody together.
    Global,
}

/// One that is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A client's address, for limits by address and by network.
    Address(IpAddr),
    /// A phone number, or a keyed hash of one.
    Phone(String),
    /// An account.
    Account(Uuid),
    /// A keyed hash of an integration's key.
    ApiKey([u8; 32]),
    /// Everybody.
    Global,
}

impl Key {
    /// Whoever is behind an address, as limits by address count them.
    pub fn subscriber(address: IpAddr) -> Self {
        Self::Address(address).masked(KeyKind::Address)
    }

    /// The key as a limit of this kind counts it. A key of another kind stays as it is.
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
