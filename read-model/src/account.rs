//! Accounts: profile, devices and teams, client settings, phone numbers.

use crate::{ReadModel, Result};
use events::AccountId;
use protocol::{
    ApiVersion,
    account::{LaterMe, Me},
    contact::{Contact, OwnLaterContact},
};
use sqlx::Row;

/// Phone and names of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// `+` and digits.
    pub phone: String,
    pub given_name: String,
    pub family_name: String,
    /// Index of the colour of placeholder pictures.
    pub colour: i16,
}

/// An account's phone number as it is stored, for operators who look for malformed ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPhone {
    pub account: AccountId,
    pub phone: String,
    /// How many teams the account is in.
    pub teams: i64,
}

/// Accounts as they see themselves.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Accounts as they see themselves.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }
}

impl Accounts<'_> {
    /// The account with its devices and teams, as it sees itself.
    pub async fn me(self, account: AccountId, version: ApiVersion) -> Result<Option<Me>> {
        let Some(profile) = self.profile(account).await? else { return Ok(None) };
        let (devices, teams) =
            (self.0.devices().list(account).await?, self.0.teams().list(account, version).await?);
        // Preferences belong to contacts: those of the team that was used last count.
        let last_used = teams.iter().find(|team| team.last_active).or(teams.first()).map(|team| &team.me);
        let own = last_used.and_then(|contact| contact.own.as_ref());
        Ok(Some(Me {
            alt_send: own.is_some_and(|own| own.alt_send),
            default_lang: own.and_then(|own| own.default_lang.clone()),
            devices,
            email: None,
            unread_first: own.is_some_and(|own| own.unread_first),
            later: (version == ApiVersion::V4).then(|| self.later_me(&profile, last_used)),
            phone: profile.phone,
            teams,
        }))
    }

    fn later_me(self, profile: &Profile, last_used: Option<&Contact>) -> LaterMe {
        let own = last_used.and_then(|contact| contact.own_later.as_ref());
        let named = domain::name::display_name(&profile.given_name, &profile.family_name, &profile.phone);
        let text = |of: fn(&OwnLaterContact) -> Option<String>| own.and_then(of);
        let switch = |of: fn(&OwnLaterContact) -> bool| own.is_some_and(of);
        LaterMe {
            always_send_pushes: switch(|own| own.always_send_pushes),
            asterisk_mention: switch(|own| own.asterisk_mention),
            family_name: profile.family_name.clone(),
            given_name: profile.given_name.clone(),
            hide_pushes_content: switch(|own| own.hide_pushes_content),
            icons: last_used
                .map_or_else(|| self.0.icons().stub(profile.colour, &named), |contact| contact.icons.clone()),
            munread_first: switch(|own| own.munread_first),
            patronymic: text(|own| Some(own.patronymic.clone())).unwrap_or_default(),
            quiet_time_finish: text(|own| own.quiet_time_finish.clone()),
            quiet_time_start: text(|own| own.quiet_time_start.clone()),
            timezone: text(|own| own.timezone.clone()).unwrap_or_default(),
        }
    }

    pub async fn profile(self, account: AccountId) -> Result<Option<Profile>> {
        let row = sqlx::query("SELECT phone, given_name, family_name, colour FROM account WHERE uid = $1")
            .bind(account.0)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(row.map(|row| Profile {
            phone: row.get("phone"),
            given_name: row.get("given_name"),
            family_name: row.get("family_name"),
            colour: row.get("colour"),
        }))
    }

    /// The client settings: a JSON object exactly as a client sent it.
    pub async fn ui_settings(self, account: AccountId) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT ui_settings FROM account WHERE uid = $1")
            .bind(account.0)
            .fetch_optional(&self.0.pool)
            .await?)
    }

    /// Accounts with a phone number, ordered by id, after `after`.
    pub async fn stored_phones(self, after: Option<AccountId>, limit: i64) -> Result<Vec<StoredPhone>> {
        let rows = sqlx::query(
            "SELECT a.uid, a.phone, (SELECT count(*) FROM contact c WHERE c.account = a.uid AND NOT c.archived) AS teams \
             FROM account a WHERE a.phone <> '' AND ($1::uuid IS NULL OR a.uid > $1) ORDER BY a.uid LIMIT $2",
        )
        .bind(after.map(|account| account.0))
        .bind(limit)
        .fetch_all(&self.0.pool)
        .await?;
        let stored = |row: &sqlx::postgres::PgRow| StoredPhone {
            account: AccountId(row.get("uid")),
            phone: row.get("phone"),
            teams: row.get("teams"),
        };
        Ok(rows.iter().map(stored).collect())
    }
}
