//! Checkpoints: signatures over the end of the chain at intervals. They prove later changes of the history before
//! them.

use crate::{BadSignature, Chain, Hash, signed};
use chrono::{DateTime, SecondsFormat, Utc};
use events::Position;
use secrets::signing::{PublicKey, SigningKey};
use serde::{Deserialize, Serialize};

/// A signed statement: at this time the chain had this hash at this number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Number in the chain.
    pub number: u64,
    /// Position of the event in the log that was signed for; a copy of the history has other positions.
    pub position: Position,
    /// Hash of the chain at that number.
    pub hash: Hash,
    /// Time of signing by the signer's clock, in microseconds.
    pub at: DateTime<Utc>,
    /// Public key that verifies the signature, 64 hexadecimal digits.
    pub key: String,
    /// Ed25519 signature over [`Self::text`], 128 hexadecimal digits.
    pub signature: String,
}

impl Checkpoint {
    /// Signs a point in the chain.
    pub fn sign(chain: Chain, position: Position, at: DateTime<Utc>, key: &SigningKey) -> Self {
        let Chain { number, hash } = chain;
        let at = DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at);
        let key_text = key.public().to_string();
        let mut checkpoint = Self { number, position, hash, at, key: key_text, signature: String::new() };
        checkpoint.signature = key.sign(checkpoint.text().as_bytes());
        checkpoint
    }

    /// The signed text: these lines, each terminated by a line feed.
    pub fn text(&self) -> String {
        let Self { number, position, hash, key, .. } = self;
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        format!(
            "veche audit checkpoint v1\nnumber {number}\nposition {position}\nhash {hash}\nat {at}\nkey {key}\n"
        )
    }

    /// Checks the signature against a trusted key: the key that the checkpoint names proves nothing.
    ///
    /// # Errors
    /// See [`BadSignature`]: the checkpoint proves nothing.
    pub fn check(&self, trusted: &PublicKey) -> Result<(), BadSignature> {
        signed::check(&self.key, &self.text(), &self.signature, trusted)
    }

    /// The point that it signs.
    pub fn chain(&self) -> Chain {
        Chain { number: self.number, hash: self.hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrets::vault::Vault;

    fn signed() -> Checkpoint {
        let chain = Chain { number: 7, hash: Hash([3; 32]) };
        let at = DateTime::from_timestamp_nanos(1_700_000_000_123_456_789);
        Checkpoint::sign(chain, 9, at, &Vault::new(&[1; 32]).signing_key())
    }

    #[test]
    fn checkpoint_is_trusted_only_with_its_key() {
        let json = serde_json::to_string(&signed()).unwrap();
        let read: Checkpoint = serde_json::from_str(&json).unwrap();
        assert_eq!(read, signed());
        assert_eq!(read.check(&Vault::new(&[1; 32]).signing_key().public()), Ok(()));
        let other = Vault::new(&[2; 32]).signing_key().public();
        assert_eq!(read.check(&other), Err(BadSignature::OtherKey));
        let renamed = Checkpoint { key: other.to_string(), ..read };
        assert_eq!(renamed.check(&other), Err(BadSignature::Forged));
    }

    #[test]
    fn changed_checkpoint_fails_the_check() {
        let key = Vault::new(&[1; 32]).signing_key().public();
        let good = signed();
        let changed = [
            Checkpoint { number: 8, ..good.clone() },
            Checkpoint { position: 8, ..good.clone() },
            Checkpoint { hash: Hash([4; 32]), ..good.clone() },
            Checkpoint { at: good.at + chrono::TimeDelta::microseconds(1), ..good.clone() },
            Checkpoint { signature: "00".repeat(64), ..good.clone() },
        ];
        for checkpoint in changed {
            assert_eq!(checkpoint.check(&key), Err(BadSignature::Forged), "{checkpoint:?}");
        }
    }
}
