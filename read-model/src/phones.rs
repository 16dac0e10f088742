//! The phone numbers of all accounts, for operators who look for those that were stored wrongly.

use crate::{ReadModel, Result};
use events::AccountId;
use sqlx::Row;

/// An account with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPhone {
    /// Whose.
    pub account: AccountId,
    /// As it is stored.
    pub phone: String,
    /// How many teams the account is in.
    pub teams: i64,
}

impl ReadModel {
    /// The next accounts with a number, by their ids; those behind `after` if one is named.
    ///
    /// # Errors
    /// The database failed.
    pub async fn stored_phones(&self, after: Option<AccountId>, limit: i64) -> Result<Vec<StoredPhone>> {
        let rows = sqlx::query(
            "SELECT a.uid, a.phone, (SELECT count(*) FROM contact c WHERE c.account = a.uid AND NOT c.archived) AS teams \
             FROM account a WHERE a.phone <> '' AND ($1::uuid IS NULL OR a.uid > $1) ORDER BY a.uid LIMIT $2",
        )
        .bind(after.map(|account| account.0))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let stored = |row: &sqlx::postgres::PgRow| StoredPhone {
            account: AccountId(row.get("uid")),
            phone: row.get("phone"),
            teams: row.get("teams"),
        };
        Ok(rows.iter().map(stored).collect())
    }
}
