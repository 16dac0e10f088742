//! Sealed text: `v1.` and URL-safe base64 of a random nonce and XChaCha20-Poly1305 ciphertext.
//!
//! The nonce has 192 bits, so random ones do not repeat however many values one key seals.

use super::VaultError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

const PREFIX: &str = "v1.";
const NONCE_BYTES: usize = 24;

/// One key's sealing and opening.
#[derive(Clone)]
pub(crate) struct Cipher(XChaCha20Poly1305);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    pub(crate) fn seal(&self, plain: &[u8], context: &[u8]) -> Result<String, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let payload = Payload { msg: plain, aad: context };
        // Fails only for texts above 256 GiB.
        let ciphertext = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Malformed)?;
        Ok(format!("{PREFIX}{}", encode(&[nonce.as_slice(), &ciphertext].concat())))
    }

    pub(crate) fn open(&self, sealed: &str, context: &[u8]) -> Result<Vec<u8>, VaultError> {
        let encoded = sealed.strip_prefix(PREFIX).ok_or(VaultError::Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| VaultError::Malformed)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Malformed)?;
        let payload = Payload { msg: ciphertext, aad: context };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| VaultError::Tampered)
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
