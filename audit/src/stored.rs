//! Conversions between values and columns of the schema `audit`.

use crate::Hash;

/// To the database's signed numbers. No log is that long; a larger number is after every end either way.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts a stored hash.
pub(crate) fn hash_of(bytes: Vec<u8>) -> Result<Hash, sqlx::Error> {
    let wrong = |bytes: Vec<u8>| sqlx::Error::Decode(format!("a hash of {} bytes", bytes.len()).into());
    bytes.try_into().map(Hash).map_err(wrong)
}
