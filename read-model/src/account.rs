//! The caller: `GET /api/v3/me`, client settings.

use crate::{ReadModel, Result};
use events::AccountId;
use protocol::{account::Me, contact::Edition};
use sqlx::Row;

/// What is known of a person beside devices and teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// `+` and digits.
    pub phone: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
}

impl ReadModel {
    /// The account with its devices and teams, as it sees itself.
    ///
    /// # Errors
    /// The database failed.
    pub async fn me(&self, account: AccountId, edition: Edition) -> Result<Option<Me>> {
        let Some(profile) = self.profile(account).await? else { return Ok(None) };
        let (devices, teams) = (self.devices(account).await?, self.teams(account, edition).await?);
        Ok(Some(Me {
            alt_send: false,
            default_lang: None,
            devices,
            email: None,
            phone: profile.phone,
            teams,
            unread_first: false,
        }))
    }

    /// Phone and names.
    ///
    /// # Errors
    /// The database failed.
    pub async fn profile(&self, account: AccountId) -> Result<Option<Profile>> {
        let row = sqlx::query("SELECT phone, given_name, family_name FROM account WHERE uid = $1")
            .bind(account.0)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| Profile {
            phone: row.get("phone"),
            given_name: row.get("given_name"),
            family_name: row.get("family_name"),
        }))
    }

    /// The client settings: the text of a JSON object, exactly as it was sent.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ui_settings(&self, account: AccountId) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT ui_settings FROM account WHERE uid = $1")
            .bind(account.0)
            .fetch_optional(&self.pool)
            .await?)
    }
}
