//! Ed25519 signatures (RFC 8032) of checkpoints and receipts, which anybody with the public key can check.

use ed25519_dalek::{Signer, Verifier};
use std::{fmt, str::FromStr};

/// A signing key, made by [`crate::vault::Vault::signing_key`].
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public key that checks its signatures.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of `text`, 128 hexadecimal digits.
    pub fn sign(&self, text: &[u8]) -> String {
        hex::encode(self.0.sign(text).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(public {})", self.public())
    }
}

/// Checks signatures. Its text form is 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// Whether `signature` is this key's signature of `text`.
    pub fn verifies(&self, text: &[u8], signature: &str) -> bool {
        let mut bytes = [0; 64];
        hex::decode_to_slice(signature, &mut bytes).is_ok()
            && self.0.verify(text, &ed25519_dalek::Signature::from_bytes(&bytes)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.as_bytes()))
    }
}

/// The text is not a public key.
#[derive(Debug, thiserror::Error)]
#[error("a public key must be 64 hexadecimal digits of an Ed25519 key")]
pub struct BadPublicKey;

impl FromStr for PublicKey {
    type Err = BadPublicKey;

    fn from_str(digits: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits.trim(), &mut bytes).map_err(|_| BadPublicKey)?;
        ed25519_dalek::VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| BadPublicKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Vault;

    #[test]
    fn signature_is_checked_with_the_public_key_alone() {
        let key = Vault::new(&[7; 32]).signing_key();
        let signature = key.sign(b"checkpoint");
        let public: PublicKey = key.public().to_string().parse().unwrap();
        assert!(public.verifies(b"checkpoint", &signature));
        assert!(!public.verifies(b"Checkpoint", &signature));
        assert!(!public.verifies(b"checkpoint", &signature[2..]));
        assert!(!Vault::new(&[8; 32]).signing_key().public().verifies(b"checkpoint", &signature));
    }

    #[test]
    fn malformed_public_key_is_refused() {
        for digits in ["", "00", &"zz".repeat(32)] {
            assert!(digits.parse::<PublicKey>().is_err(), "{digits:?}");
        }
    }
}
