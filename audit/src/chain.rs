//! The hash chain: each hash covers an event, its number and the previous hash, and thereby all history up to the
//! event.

use crate::canonical;
use event_log::RawEvent;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// Tag at the beginning of the hashed bytes.
const TAG: &[u8] = b"veche.chain.v1";

/// A hash of the chain. As text: 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash before the first event.
    pub const NONE: Self = Self([0; 32]);
}

/// A point in the chain, from which the chain continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Number of the last event; the first event has 1, whatever its position.
    pub number: u64,
    /// Hash up to and including that event.
    pub hash: Hash,
}

impl Chain {
    /// The point before the first event.
    pub const START: Self = Self { number: 0, hash: Hash::NONE };

    /// The point after one more event: SHA-256 over the tag `veche.chain.v1`, the number (8 bytes big-endian), the
    /// previous hash, and the event's [`canonical`] bytes.
    #[must_use]
    pub fn then(self, event: &RawEvent) -> Self {
        // No log is that long, but a hostile file may claim to be.
        let number = self.number.wrapping_add(1);
        let mut hash = Sha256::new();
        hash.update(TAG);
        hash.update(number.to_be_bytes());
        hash.update(self.hash.0);
        canonical::write(event, &mut |piece| hash.update(piece));
        Self { number, hash: Hash(hash.finalize().into()) }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = hex::FromHexError;

    fn from_str(digits: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
