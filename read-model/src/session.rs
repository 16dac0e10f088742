//! Sessions by the keyed hash of their token.

use crate::{QueryError, ReadModel, Result, rights::Session, row_code::SessionRow};
use chrono::{DateTime, Utc};
use events::{AccountId, value::SessionKind};
use secrets::vault::Purpose;
use sqlx::Row;
use uuid::Uuid;

/// Sessions of accounts.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Sessions of accounts.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// The keyed hash under which a token's session is stored.
    pub fn token_hash(self, token: &str) -> String {
        hex::encode(self.0.vault.keyed_hash(Purpose::SessionToken, token.as_bytes()))
    }

    /// The live session of a token. Most requests start with this query, so the same statement checks whether the read model
    /// is complete.
    ///
    /// # Errors
    /// The read model is being rebuilt, or the database failed.
    pub async fn by_token(self, token: &str, now: DateTime<Utc>) -> Result<Option<Session>> {
        let hash = self.token_hash(token);
        let session = self.0.rights.session(hash.clone(), self.query(&hash, now)).await?;
        Ok(session.filter(|session| session.expires > now))
    }

    async fn query(self, token_hash: &str, now: DateTime<Utc>) -> Result<Option<Session>> {
        let row = sqlx::query(
            "SELECT c.position >= r.until AS whole, s.uid, s.account, s.kind, s.device_id, s.expires, s.code, \
                 greatest(s.created, n.at) AS seen \
             FROM checkpoint c CROSS JOIN ops.rebuild r \
             LEFT JOIN session s ON s.token_hash = $1 AND s.expires > $2 \
             LEFT JOIN ops.session_seen n ON n.session = s.uid",
        )
        .bind(token_hash)
        .bind(now)
        .fetch_one(&self.0.pool)
        .await?;
        if !row.get::<bool, _>("whole") {
            return Err(QueryError::Rebuilding);
        }
        let Some(id) = row.get::<Option<Uuid>, _>("uid") else {
            self.0.ensure_complete().await?;
            return Ok(None);
        };
        let found = SessionRow {
            token_hash,
            uid: id,
            account: row.get("account"),
            kind: row.get("kind"),
            expires: row.get("expires"),
        };
        if !found.is_genuine(&self.0.row_mac, row.get("code")) {
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

    /// The account that offers a QR login under a temporary token, if the offer is live.
    pub async fn qr_offer(self, token: &str, now: DateTime<Utc>) -> Result<Option<(AccountId, String)>> {
        let hash = hex::encode(self.0.vault.keyed_hash(Purpose::QrToken, token.as_bytes()));
        let account: Option<Uuid> =
            sqlx::query_scalar("SELECT account FROM qr_offer WHERE token_hash = $1 AND valid_until > $2")
                .bind(&hash)
                .bind(now)
                .fetch_optional(&self.0.pool)
                .await?;
        if account.is_none() {
            self.0.ensure_complete().await?;
        }
        Ok(account.map(|account| (account.into(), hash)))
    }
}
