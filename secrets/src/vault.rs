//! The vault of the master key: keyed hashes, sealed text, login codes, derived keys, and random tokens.

pub(crate) mod cipher;
mod place;

pub use place::Place;

use crate::{event_mac::EventMac, row_mac::RowMac, signing::SigningKey};
use cipher::{Cipher, Version};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    fmt,
    io::{self, Write},
    path::Path,
    sync::Arc,
};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Purpose of a keyed hash. Each purpose has a subkey, so equal inputs have different hashes for different
/// purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Finds a session by its token.
    SessionToken,
    /// Finds a phone's stream and address book entries without the number.
    Phone,
    /// Counts login codes by phone prefix, without storing the prefix.
    PhonePrefix,
    /// Finds a temporary token of a QR login.
    QrToken,
    /// Finds an invitation by its token.
    InvitationToken,
    /// Finds an integration by its API key.
    ApiKey,
    /// Derives login codes, see [`Vault::login_code`].
    LoginCode,
    /// Finds a request for a login code by the id that its client sends back.
    LoginRequest,
    /// Derives a command's id from a client's idempotency key.
    CommandId,
    /// Authenticates the client's address in a command that a gateway passes on.
    ClientAddress,
    /// Fingerprints a request's content, to distinguish a repetition from another request with the same id.
    Fingerprint,
}

impl Purpose {
    /// Label of the key derivation: a contract, because stored hashes depend on it.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::SessionToken => b"hash:session-token",
            Self::Phone => b"hash:phone",
            Self::PhonePrefix => b"hash:phone-prefix",
            Self::QrToken => b"hash:qr-token",
            Self::InvitationToken => b"hash:invitation-token",
            Self::ApiKey => b"hash:api-key",
            Self::LoginCode => b"hash:login-code",
            Self::LoginRequest => b"hash:login-request",
            Self::CommandId => b"hash:command-id",
            Self::ClientAddress => b"hash:client-address",
            Self::Fingerprint => b"hash:fingerprint",
        }
    }
}

/// Why the vault failed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A master key is 32 bytes, written as 64 hexadecimal digits.
    #[error("a master key must be 64 hexadecimal digits")]
    BadKey,
    /// The key file cannot be read or written.
    #[error("master key file: {0}")]
    File(#[from] io::Error),
    /// Not a text that [`Vault::seal`] makes.
    #[error("not a sealed text")]
    Malformed,
    /// The text was sealed under another key or for another place, or was changed.
    #[error("sealed text does not open under this key")]
    Tampered,
    /// The text was sealed under an unknown key.
    #[error("sealed under a key that is not there")]
    UnknownKey,
    /// The operating system has no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// The keys derived from the master key. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Secrets>);

struct Secrets {
    derive: Hkdf<Sha256>,
    cipher: Cipher,
}

impl Vault {
    /// A vault over 32 bytes of key material.
    pub fn new(master: &[u8; 32]) -> Self {
        let derive = Hkdf::<Sha256>::new(Some(b"veche vault v1"), master);
        let cipher = Cipher::new(&subkey(&derive, b"seal"));
        Self(Arc::new(Secrets { derive, cipher }))
    }

    /// A vault over a key of 64 hexadecimal digits, with optional white space around it.
    ///
    /// # Errors
    /// [`VaultError::BadKey`].
    pub fn from_hex(digits: &str) -> Result<Self, VaultError> {
        let mut master = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits.trim(), master.as_mut()).map_err(|_| VaultError::BadKey)?;
        Ok(Self::new(&master))
    }

    /// A vault over the key in a file, as [`create_key_file`] writes it.
    ///
    /// # Errors
    /// [`VaultError::File`] or [`VaultError::BadKey`].
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        Self::from_hex(&Zeroizing::new(std::fs::read_to_string(path)?))
    }

    /// HMAC-SHA-256 under the purpose's subkey, stored and searched in place of a secret.
    pub fn keyed_hash(&self, purpose: Purpose, secret: &[u8]) -> [u8; 32] {
        hmac(&subkey(&self.0.derive, purpose.label()), &[secret])
    }

    /// Seals bytes into text that opens only for the same place, which is authenticated but not part of the text.
    ///
    /// # Errors
    /// [`VaultError::Randomness`].
    pub fn seal(&self, plain: &[u8], place: Place<'_>) -> Result<String, VaultError> {
        self.0.cipher.seal(Version::V2, plain, &place.context(Version::V2))
    }

    /// Opens sealed text, including text of version 1, which had no purposes.
    ///
    /// # Errors
    /// [`VaultError::Malformed`] or [`VaultError::Tampered`].
    pub fn open(&self, sealed: &str, place: Place<'_>) -> Result<Vec<u8>, VaultError> {
        let version = Version::of(sealed);
        self.0.cipher.open(version, sealed, &place.context(version))
    }

    /// Wraps a data key; the context names the purpose and the subject.
    pub(crate) fn wrap(&self, plain: &[u8], context: &[u8]) -> Result<String, VaultError> {
        self.0.cipher.seal(Version::V1, plain, context)
    }

    /// Opens what [`Self::wrap`] made.
    pub(crate) fn unwrap(&self, wrapped: &str, context: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.0.cipher.open(Version::V1, wrapped, context)
    }

    /// Makes the codes of rows that grant rights.
    pub fn row_mac(&self) -> RowMac {
        RowMac::new(&subkey(&self.0.derive, b"mac:row"))
    }

    /// Makes the codes of stored events.
    pub fn event_mac(&self) -> EventMac {
        EventMac::new(&subkey(&self.0.derive, b"mac:event"))
    }

    /// The key that signs checkpoints of the audit chain and receipts of erasure.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&subkey(&self.0.derive, b"sign:audit"))
    }

    /// The login code of a login request: decimal digits, at most 18, derived and therefore never stored.
    ///
    /// `phone_hash` is the keyed hash of the phone and `nonce` belongs to the request.
    pub fn login_code(&self, phone_hash: &[u8; 32], nonce: Uuid, digits: u8) -> String {
        let digits = usize::from(digits.min(18));
        let key = subkey(&self.0.derive, Purpose::LoginCode.label());
        let wide = hmac(&key, &[phone_hash, nonce.as_bytes()]);
        // 256 bits are reduced digit by digit: the bias is below 10^18 / 2^256.
        let mut rest = wide;
        let code: Vec<u8> = (0..digits).map(|_| b'0' + divide_by_ten(&mut rest)).collect();
        code.into_iter().rev().map(char::from).collect()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// Writes a new master key to a new file that only its owner can read.
///
/// # Errors
/// [`VaultError::File`], also if the file exists: a key is never overwritten.
#[expect(clippy::disallowed_methods, reason = "makes the master key")]
pub fn create_key_file(path: &Path) -> Result<(), VaultError> {
    let mut master = Zeroizing::new([0_u8; 32]);
    getrandom::fill(master.as_mut())?;
    let digits = Zeroizing::new(hex::encode(master.as_ref()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(digits.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    Ok(())
}

/// A new secret of `bytes` random bytes in URL-safe base64 without padding: 24 bytes make the 32 characters of a
/// session token, 20 the 27 of an invitation token or an API key, 16 the 22 of a QR login.
///
/// # Errors
/// [`VaultError::Randomness`].
#[expect(clippy::disallowed_methods, reason = "makes a token")]
pub fn token(bytes: usize) -> Result<String, VaultError> {
    let mut random = Zeroizing::new(vec![0; bytes]);
    getrandom::fill(&mut random)?;
    Ok(cipher::encode(&random))
}

/// Compares secrets in constant time.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

fn subkey<const BYTES: usize>(derive: &Hkdf<Sha256>, label: &[u8]) -> Zeroizing<[u8; BYTES]> {
    let mut key = Zeroizing::new([0; BYTES]);
    // Cannot fail: HKDF only refuses outputs above 255 hashes, and these are one or two.
    let done = derive.expand(label, key.as_mut());
    debug_assert!(done.is_ok());
    key
}

/// The key fills a block of SHA-256, so it needs no padding.
fn hmac(key: &[u8; 64], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new(key.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Divides a big-endian number by ten in place and returns the remainder.
fn divide_by_ten(number: &mut [u8; 32]) -> u8 {
    let mut remainder = 0_u16;
    for byte in number {
        let dividend = (remainder << 8) | u16::from(*byte);
        *byte = (dividend / 10) as u8;
        remainder = dividend % 10;
    }
    remainder as u8
}

#[cfg(test)]
mod tests;
