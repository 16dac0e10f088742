//! The authentication code of rows that grant rights: HMAC-SHA-256 under a key derived from the master key, over
//! the table's name and the relevant columns. It shows that the projection wrote the row. It is deterministic: a
//! rebuild makes the same code.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The first covered bytes.
const TAG: &[u8] = b"veche.row-mac.v1";

/// Makes and checks the codes of rows. Cheap to clone.
#[derive(Clone)]
pub struct RowMac(Hmac<Sha256>);

impl RowMac {
    pub(crate) fn new(key: &[u8; 64]) -> Self {
        Self(Hmac::new(key.into()))
    }

    /// The code of a row; the order of `columns` is a contract.
    pub fn of(&self, table: &str, columns: &[&[u8]]) -> Vec<u8> {
        self.over(table, columns).finalize().into_bytes().to_vec()
    }

    /// Whether a code matches the row.
    pub fn fits(&self, table: &str, columns: &[&[u8]], code: Option<&[u8]>) -> bool {
        code.is_some_and(|code| self.over(table, columns).verify_slice(code).is_ok())
    }

    fn over(&self, table: &str, columns: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(TAG);
        for piece in [table.as_bytes()].iter().chain(columns) {
            mac.update(&(piece.len() as u64).to_be_bytes());
            mac.update(piece);
        }
        mac
    }
}

impl fmt::Debug for RowMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowMac(…)")
    }
}

#[cfg(test)]
mod tests {
    use crate::vault::Vault;

    #[test]
    fn code_matches_only_its_table_columns_and_key() {
        let mac = Vault::new(&[7; 32]).row_mac();
        let code = mac.of("session", &[b"hash", b"account"]);
        assert!(mac.fits("session", &[b"hash", b"account"], Some(&code)));
        assert!(!mac.fits("contact", &[b"hash", b"account"], Some(&code)));
        assert!(!mac.fits("session", &[b"hash", b"accounts"], Some(&code)));
        assert!(!mac.fits("session", &[b"hasha", b"ccount"], Some(&code)), "columns do not run together");
        assert!(!mac.fits("session", &[b"hash", b"account"], None));
        assert!(!Vault::new(&[8; 32]).row_mac().fits("session", &[b"hash", b"account"], Some(&code)));
    }
}
