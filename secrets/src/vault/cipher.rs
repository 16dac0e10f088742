//! Sealed text: a version, and URL-safe base64 of a random nonce and XChaCha20-Poly1305 ciphertext.
//!
//! The nonce has 192 bits, so random nonces do not repeat. The version tells how the associated data is made: in
//! `v1.` it is the caller's context, in `v2.` a list that begins with a purpose, see [`bound`]. The two never
//! coincide, so a text does not open under the other version.

use super::VaultError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

const NONCE_BYTES: usize = 24;

/// First bytes of the associated data of version 2.
const TAG_V2: &[u8] = b"veche.sealed.v2";

/// The form of the associated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// A context without a purpose.
    V1,
    /// A purpose and a place, see [`bound`].
    V2,
}

impl Version {
    /// The version of a sealed text; a malformed text counts as version 1, and does not open.
    pub(crate) fn of(sealed: &str) -> Self {
        if sealed.starts_with(Self::V2.prefix()) { Self::V2 } else { Self::V1 }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::V1 => "v1.",
            Self::V2 => "v2.",
        }
    }
}

/// The associated data of version 2: every piece is preceded by its length, so that different lists never have the
/// same bytes.
pub(crate) fn bound(pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = TAG_V2.to_vec();
    for piece in pieces {
        bytes.extend((piece.len() as u64).to_be_bytes());
        bytes.extend(*piece);
    }
    bytes
}

/// Seals and opens with one key.
#[derive(Clone)]
pub(crate) struct Cipher(XChaCha20Poly1305);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    #[expect(clippy::disallowed_methods, reason = "makes a nonce")]
    pub(crate) fn seal(&self, version: Version, plain: &[u8], context: &[u8]) -> Result<String, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let payload = Payload { msg: plain, aad: context };
        // Fails only for texts above 256 GiB.
        let ciphertext = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Malformed)?;
        Ok(format!("{}{}", version.prefix(), encode(&[nonce.as_slice(), &ciphertext].concat())))
    }

    pub(crate) fn open(&self, version: Version, sealed: &str, context: &[u8]) -> Result<Vec<u8>, VaultError> {
        let encoded = sealed.strip_prefix(version.prefix()).ok_or(VaultError::Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| VaultError::Malformed)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Malformed)?;
        let payload = Payload { msg: ciphertext, aad: context };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| VaultError::Tampered)
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
