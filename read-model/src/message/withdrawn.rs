//! Texts of messages that their authors have deleted: kept sealed beside the read model for a while, and shown to nobody
//! but the author's own sockets.

use super::Messages;
use crate::Result;
use events::MessageKey;
use secrets::vault::Place;

impl Messages<'_> {
    /// For how long such a text is kept, as Postgres writes it.
    pub const WITHDRAWN_KEPT: &'static str = "24 hours";

    /// The text that a message had when its author deleted it, if that is not long ago.
    pub async fn withdrawn_text(self, key: MessageKey) -> Result<Option<String>> {
        let kept = "SELECT text FROM ops.withdrawn WHERE message = $1 AND team = $2";
        let sealed: Option<String> = sqlx::query_scalar(kept)
            .bind(key.message.0)
            .bind(key.team.0)
            .fetch_optional(&self.0.pool)
            .await?;
        // What cannot be opened is as good as gone.
        let opened = sealed.and_then(|sealed| self.0.vault.open(&sealed, Place::Withdrawn(key)).ok());
        Ok(opened.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Forgets the texts that have been kept long enough.
    pub async fn forget_withdrawn(self) -> Result<()> {
        sqlx::query("DELETE FROM ops.withdrawn WHERE at < now() - $1::text::interval")
            .bind(Self::WITHDRAWN_KEPT)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }
}
