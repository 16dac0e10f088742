//! Rows that give rights carry a code that only the projection makes: who can write to the database, but has no key, gives nobody a
//! session, a place in a team or a rank. A row without its code is as good as not there, and it is said.

use chrono::{DateTime, Utc};
use platform::row_mac::RowMac;
use uuid::Uuid;

/// A session, as far as it gives rights.
#[derive(Clone, Copy, Debug)]
pub struct SessionRow<'r> {
    /// By which it is found.
    pub token_hash: &'r str,
    /// The session.
    pub uid: Uuid,
    /// Whose.
    pub account: Uuid,
    /// Its kind's word.
    pub kind: &'r str,
    /// When it ends at the latest.
    pub expires: DateTime<Utc>,
}

/// An account's place in a team, as far as it gives rights.
#[derive(Clone, Copy, Debug)]
pub struct PlaceRow<'r> {
    /// The contact.
    pub contact: Uuid,
    /// The team.
    pub team: Uuid,
    /// Whose; a bot is nobody's.
    pub account: Option<Uuid>,
    /// Its rank's word.
    pub status: &'r str,
    /// May add people whatever its rank.
    pub inviting: bool,
    /// Is out of the team.
    pub archived: bool,
}

impl SessionRow<'_> {
    /// The row's code.
    pub fn code(&self, mac: &RowMac) -> Vec<u8> {
        self.with_columns(|columns| mac.of("session", columns))
    }

    /// Whether the projection wrote it.
    pub fn is_genuine(&self, mac: &RowMac, code: Option<&[u8]>) -> bool {
        self.with_columns(|columns| mac.fits("session", columns, code)) || forged("session", self.uid)
    }

    fn with_columns<T>(&self, work: impl FnOnce(&[&[u8]]) -> T) -> T {
        let expires = self.expires.timestamp_micros().to_be_bytes();
        let (hash, kind) = (self.token_hash.as_bytes(), self.kind.as_bytes());
        work(&[hash, self.uid.as_bytes(), self.account.as_bytes(), kind, &expires])
    }
}

impl PlaceRow<'_> {
    /// The row's code.
    pub fn code(&self, mac: &RowMac) -> Vec<u8> {
        self.with_columns(|columns| mac.of("contact", columns))
    }

    /// Whether the projection wrote it.
    pub fn is_genuine(&self, mac: &RowMac, code: Option<&[u8]>) -> bool {
        self.with_columns(|columns| mac.fits("contact", columns, code)) || forged("contact", self.contact)
    }

    fn with_columns<T>(&self, work: impl FnOnce(&[&[u8]]) -> T) -> T {
        let account = self.account.map_or_else(Vec::new, |account| account.as_bytes().to_vec());
        let flags = [u8::from(self.inviting), u8::from(self.archived)];
        work(&[self.contact.as_bytes(), self.team.as_bytes(), &account, self.status.as_bytes(), &flags])
    }
}

/// Says that a row is not the projection's; answers that it gives no rights.
fn forged(table: &'static str, uid: Uuid) -> bool {
    metrics::counter!("veche_rows_not_ours_total", "table" => table).increment(1);
    tracing::error!(table, %uid, "a row that gives rights is not as the projection wrote it, and gives none");
    false
}
