//! The master key and all that is made from it: keyed hashes, sealed text, login codes; and tokens from the system.

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

/// What a keyed hash is for. Each purpose has a subkey of its own, so that equal inputs never meet across purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Finds a session by its token.
    SessionToken,
    /// Finds a phone's stream and address book entries without the number.
    Phone,
    /// Counts login codes by the first digits of their numbers, without these.
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
    /// Vouches for the address of a client whose command another process passes on.
    ClientAddress,
    /// Fingerprints a request's content, to tell a repeat from another request under the same id.
    Fingerprint,
}

impl Purpose {
    /// The label that goes into key derivation: a contract, since stored hashes depend on it.
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

/// Why the vault could not do its work.
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
    /// Sealed under another key, for another purpose, or changed since.
    #[error("sealed text does not open under this key")]
    Tampered,
    /// Sealed under a key that is not among those at hand.
    #[error("sealed under a key that is not there")]
    UnknownKey,
    /// The operating system gives no random bytes.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// Keeps the master key. Cheap to clone.
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

    /// A vault over a key of 64 hexadecimal digits; white space around it is ignored.
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

    /// HMAC-SHA-256 under the purpose's subkey: what is stored and searched in place of a secret.
    pub fn keyed_hash(&self, purpose: Purpose, secret: &[u8]) -> [u8; 32] {
        hmac(&subkey(&self.0.derive, purpose.label()), &[secret])
    }

    /// Seals bytes into text that opens in one place only (authenticated, not stored in the text).
    ///
    /// # Errors
    /// [`VaultError::Randomness`].
    pub fn seal(&self, plain: &[u8], place: Place<'_>) -> Result<String, VaultError> {
        self.0.cipher.seal(Version::V2, plain, &place.context(Version::V2))
    }

    /// Opens what [`Self::seal`] made, also by a program that did not know purposes yet.
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

    /// The codes of rows that give rights: they show that the projection wrote them.
    pub fn row_mac(&self) -> RowMac {
        RowMac::new(&subkey(&self.0.derive, b"mac:row"))
    }

    /// The codes of stored events: they show that this installation wrote them.
    pub fn event_mac(&self) -> EventMac {
        EventMac::new(&subkey(&self.0.derive, b"mac:event"))
    }

    /// The key that checkpoints of the audit chain and receipts of erasure are signed with.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&subkey(&self.0.derive, b"sign:audit"))
    }

    /// The login code for one request to log in: decimal digits, derived and so never stored.
    ///
    /// `phone_hash` is the keyed hash of the number and `nonce` the request's. At most 18 digits.
    pub fn login_code(&self, phone_hash: &[u8; 32], nonce: Uuid, digits: u8) -> String {
        let digits = usize::from(digits.min(18));
        let key = subkey(&self.0.derive, Purpose::LoginCode.label());
        let wide = hmac(&key, &[phone_hash, nonce.as_bytes()]);
        // 256 bits reduced digit by digit: the bias against uniform digits is below 10^18 / 2^256.
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

/// Writes a fresh master key to a new file that only its owner can read.
///
/// # Errors
/// [`VaultError::File`] also when the file exists: a key is never overwritten.
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

/// A fresh secret of `bytes` random bytes in URL-safe base64 without padding: 24 bytes are the 32 characters of a
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

/// Compares secrets in a time that tells nothing of where they differ.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

fn subkey<const BYTES: usize>(derive: &Hkdf<Sha256>, label: &[u8]) -> Zeroizing<[u8; BYTES]> {
    let mut key = Zeroizing::new([0; BYTES]);
    // Cannot fail: HKDF refuses only outputs above 255 hashes, and ours are one or two.
    let done = derive.expand(label, key.as_mut());
    debug_assert!(done.is_ok());
    key
}

/// The key fills a block of SHA-256, so that none has to be padded.
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
