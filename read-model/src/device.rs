//! Devices of an account (`docs/acceptance.md`, items 34 to 42).

use crate::{ReadModel, Result};
use events::{AccountId, value::DeviceKind};
use protocol::device::Device;
use sqlx::{Row, postgres::PgRow};

/// Devices of accounts.
#[derive(Clone, Copy, Debug)]
pub struct Devices<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Devices of accounts.
    pub fn devices(&self) -> Devices<'_> {
        Devices(self)
    }
}

impl Devices<'_> {
    /// The devices of an account, the oldest first.
    pub async fn list(self, account: AccountId) -> Result<Vec<Device>> {
        let rows = sqlx::query("SELECT * FROM device WHERE account = $1 ORDER BY since, device_id")
            .bind(account.0)
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(device).collect())
    }

    pub async fn find(self, account: AccountId, device_id: &str) -> Result<Option<Device>> {
        let row = sqlx::query("SELECT * FROM device WHERE account = $1 AND device_id = $2")
            .bind(account.0)
            .bind(device_id)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(row.as_ref().map(device))
    }
}

fn device(row: &PgRow) -> Device {
    Device {
        allowed_notifications: row.get("allowed_notifications"),
        data_pushes: row.get("data_pushes"),
        device_id: row.get("device_id"),
        name: row.get("name"),
        notification_token: row.get("notification_token"),
        kind: DeviceKind::from_word(row.get("kind")).unwrap_or(DeviceKind::Web),
        voip_notification_token: row.get("voip_notification_token"),
    }
}
