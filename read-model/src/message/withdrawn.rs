//! Texts of messages that their authors have deleted: kept sealed beside the read model for a while, and shown to nobody
//! but the author's own sockets.

use crate::{ReadModel, Result};
use events::MessageId;
use platform::vault::Place;

impl ReadModel {
    /// For how long such a text is kept, as Postgres writes it.
    pub const WITHDRAWN_KEPT: &str = "24 hours";

    /// The text that a message had when its author deleted it, if that is not long ago.
    ///
    /// # Errors
    /// The database failed.
    pub async fn withdrawn_text(&self, message: MessageId) -> Result<Option<String>> {
        let sealed: Option<String> = sqlx::query_scalar("SELECT text FROM ops.withdrawn WHERE message = $1")
            .bind(message.0)
            .fetch_optional(&self.pool)
            .await?;
        // What cannot be opened is as good as gone.
        let opened = sealed.and_then(|sealed| self.vault.open(&sealed, Place::Withdrawn(message)).ok());
        Ok(opened.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Forgets the texts that have been kept long enough.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget_withdrawn(&self) -> Result<()> {
        sqlx::query("DELETE FROM ops.withdrawn WHERE at < now() - $1::text::interval")
            .bind(Self::WITHDRAWN_KEPT)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
