//! Signatures over the lines of the checkpoint file.

use secrets::signing::PublicKey;
use serde::Serialize;

/// A signature that proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum BadSignature {
    /// It was made with another key than the trusted one.
    #[error("it is signed with another key")]
    OtherKey,
    /// It does not fit the signed text.
    #[error("its signature does not fit")]
    Forged,
}

/// Checks a signature over `text` against a trusted key; `key` is the one that the signed line names.
pub(crate) fn check(key: &str, text: &str, signature: &str, trusted: &PublicKey) -> Result<(), BadSignature> {
    if key != trusted.to_string() {
        return Err(BadSignature::OtherKey);
    }
    if !trusted.verifies(text.as_bytes(), signature) {
        return Err(BadSignature::Forged);
    }
    Ok(())
}
