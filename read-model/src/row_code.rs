//! Codes of rows that grant rights: a MAC that only the projection can make. Without the key, write access to the database
//! grants nobody a session, a membership or a status. A row without its code grants nothing and raises an alarm.

use chrono::{DateTime, Utc};
use secrets::row_mac::RowMac;
use uuid::Uuid;

/// The columns of a session that grant rights.
#[derive(Clone, Copy, Debug)]
pub struct SessionRow<'r> {
    pub token_hash: &'r str,
    pub uid: Uuid,
    pub account: Uuid,
    /// The stored word of its kind.
    pub kind: &'r str,
    /// When it ends at the latest.
    pub expires: DateTime<Utc>,
}

/// The columns of a contact that grant rights.
#[derive(Clone, Copy, Debug)]
pub struct MembershipRow<'r> {
    pub contact: Uuid,
    pub team: Uuid,
    /// `None` for a bot.
    pub account: Option<Uuid>,
    /// The stored word of its status.
    pub status: &'r str,
    /// The contact may add people whatever its status.
    pub inviting: bool,
    /// The contact was removed from the team.
    pub archived: bool,
}

impl SessionRow<'_> {
    /// The code of the row.
    pub fn code(self, mac: &RowMac) -> Vec<u8> {
        self.with_columns(|columns| mac.of("session", columns))
    }

    /// Whether the projection wrote the row; raises the alarm if not.
    pub fn is_genuine(self, mac: &RowMac, code: Option<&[u8]>) -> bool {
        self.with_columns(|columns| mac.fits("session", columns, code)) || forged("session", self.uid)
    }

    fn with_columns<T>(self, work: impl FnOnce(&[&[u8]]) -> T) -> T {
        let expires = self.expires.timestamp_micros().to_be_bytes();
        let (hash, kind) = (self.token_hash.as_bytes(), self.kind.as_bytes());
        work(&[hash, self.uid.as_bytes(), self.account.as_bytes(), kind, &expires])
    }
}

impl MembershipRow<'_> {
    /// The code of the row.
    pub fn code(self, mac: &RowMac) -> Vec<u8> {
        self.with_columns(|columns| mac.of("contact", columns))
    }

    /// Whether the projection wrote the row; raises the alarm if not.
    pub fn is_genuine(self, mac: &RowMac, code: Option<&[u8]>) -> bool {
        self.with_columns(|columns| mac.fits("contact", columns, code)) || forged("contact", self.contact)
    }

    fn with_columns<T>(self, work: impl FnOnce(&[&[u8]]) -> T) -> T {
        let account = self.account.map_or_else(Vec::new, |account| account.as_bytes().to_vec());
        let flags = [u8::from(self.inviting), u8::from(self.archived)];
        work(&[self.contact.as_bytes(), self.team.as_bytes(), &account, self.status.as_bytes(), &flags])
    }
}

/// Counts and logs a forged row; `false`: it grants no rights.
fn forged(table: &'static str, uid: Uuid) -> bool {
    metrics::counter!("veche_rows_not_ours_total", "table" => table).increment(1);
    tracing::error!(table, %uid, "forged row: its code is missing or wrong, so it grants no rights");
    false
}
