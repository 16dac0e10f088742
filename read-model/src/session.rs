//! Who calls: sessions by the keyed hash of their token.

use crate::{
    QueryError, ReadModel, Result,
    contact::Viewer,
    proof::{PlaceRow, SessionRow},
};
use chrono::{DateTime, Utc};
use domain::policy::{self, Action};
use events::{AccountId, ContactId, SessionId, TeamId, value::ContactStatus, value::SessionKind};
use platform::vault::Purpose;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// How it was opened.
    pub kind: SessionKind,
    /// Which device it belongs to.
    pub device_id: Option<String>,
    /// When it ends at the latest.
    pub expires: DateTime<Utc>,
    /// When it was used, as far as that was noted: see [`ReadModel::saw_session`].
    pub seen: DateTime<Utc>,
}

/// An account's place in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The team.
    pub team: TeamId,
    /// The account's contact in it.
    pub contact: ContactId,
    /// Its rights.
    pub status: ContactStatus,
    /// Whether it may add people.
    pub may_invite: bool,
    /// Seconds in which messages may be changed.
    pub message_update_age: u32,
}

impl Membership {
    /// The member as views need it.
    pub fn viewer(&self) -> Viewer {
        Viewer { contact: self.contact, status: self.status }
    }
}

impl ReadModel {
    /// The keyed hash under which a token's session is stored.
    pub fn token_hash(&self, token: &str) -> String {
        hex::encode(self.vault.keyed_hash(Purpose::SessionToken, token.as_bytes()))
    }

    /// The session that a token opens, if it is live. Most requests ask this first, so it is asked here, in the same
    /// statement, whether the read model is whole.
    ///
    /// # Errors
    /// The read model is being rebuilt, or the database failed.
    pub async fn session(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Session>> {
        let hash = self.token_hash(token);
        let session = self.rights.session(hash.clone(), self.session_in_rows(&hash, now)).await?;
        Ok(session.filter(|session| session.expires > now))
    }

    async fn session_in_rows(&self, token_hash: &str, now: DateTime<Utc>) -> Result<Option<Session>> {
        let row = sqlx::query(
            "SELECT c.position >= r.until AS whole, s.uid, s.account, s.kind, s.device_id, s.expires, s.code, \
                 greatest(s.created, n.at) AS seen \
             FROM checkpoint c CROSS JOIN ops.rebuild r \
             LEFT JOIN session s ON s.token_hash = $1 AND s.expires > $2 \
             LEFT JOIN ops.session_seen n ON n.session = s.uid",
        )
        .bind(token_hash)
        .bind(now)
        .fetch_one(&self.pool)
        .await?;
        if !row.get::<bool, _>("whole") {
            return Err(QueryError::Rebuilding);
        }
        let Some(id) = row.get::<Option<Uuid>, _>("uid") else {
            self.whole().await?;
            return Ok(None);
        };
        let found = SessionRow {
            token_hash,
            uid: id,
            account: row.get("account"),
            kind: row.get("kind"),
            expires: row.get("expires"),
        };
        if !found.is_genuine(&self.rows, row.get("code")) {
            return Ok(None);
        }
        Ok(Some(Session {
            id: id.into(),
            account: row.get::<Uuid, _>("account").into(),
            kind: SessionKind::from_word(row.get("kind")).unwrap_or(SessionKind::Token),
            device_id: row.get("device_id"),
            expires: row.get("expires"),
            seen: row.get("seen"),
        }))
    }

    /// An account's place in a team that is not archived, unless it was removed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn membership(&self, account: AccountId, team: TeamId) -> Result<Option<Membership>> {
        self.rights.membership((account, team), self.membership_in_rows(account, team)).await
    }

    async fn membership_in_rows(&self, account: AccountId, team: TeamId) -> Result<Option<Membership>> {
        let row = sqlx::query(
            "SELECT c.uid, c.status, c.inviting, c.code, t.max_message_update_age FROM contact c JOIN team t ON t.uid = c.team \
             WHERE c.team = $1 AND c.account = $2 AND NOT c.archived AND NOT t.archived",
        )
        .bind(team.0)
        .bind(account.0)
        .fetch_optional(&self.pool)
        .await?;
        if row.is_none() {
            self.whole().await?;
        }
        let is_genuine = |row: &PgRow| {
            let place = PlaceRow {
                contact: row.get("uid"),
                team: team.0,
                account: Some(account.0),
                status: row.get("status"),
                inviting: row.get("inviting"),
                archived: false,
            };
            place.is_genuine(&self.rows, row.get("code"))
        };
        Ok(row.filter(is_genuine).map(|row| {
            let status = ContactStatus::from_word(row.get("status")).unwrap_or(ContactStatus::Guest);
            Membership {
                team,
                contact: row.get::<Uuid, _>("uid").into(),
                status,
                may_invite: row.get("inviting") || policy::may(status, Action::AddToTeam),
                message_update_age: row.get::<i32, _>("max_message_update_age").unsigned_abs(),
            }
        }))
    }

    /// The account that offers a QR login under a temporary token, if the offer is live.
    ///
    /// # Errors
    /// The database failed.
    pub async fn qr_offer(&self, token: &str, now: DateTime<Utc>) -> Result<Option<(AccountId, String)>> {
        let hash = hex::encode(self.vault.keyed_hash(Purpose::QrToken, token.as_bytes()));
        let account: Option<Uuid> =
            sqlx::query_scalar("SELECT account FROM qr_offer WHERE token_hash = $1 AND valid_until > $2")
                .bind(&hash)
                .bind(now)
                .fetch_optional(&self.pool)
                .await?;
        if account.is_none() {
            self.whole().await?;
        }
        Ok(account.map(|account| (account.into(), hash)))
    }
}
