//! [`ReadModel`]: the database and the secrets that queries of all nouns share.

use crate::{QueryError, Result, rights_cache::RightsCache, schema};
use secrets::{
    row_mac::RowMac,
    vault::{Place, Vault},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use tokio::sync::watch;

/// How long an idle connection to a detached schema stays open.
const DETACHED_IDLE: Duration = Duration::from_secs(30);
/// Longest wait for a connection to a detached schema.
const DETACHED_ACQUIRE: Duration = Duration::from_secs(5);

/// The read model as this process sees it. Cheap to clone.
///
/// Each noun has its queries in a type of its own, which a method of this type hands out: `read.teams().list(…)`.
#[derive(Clone, Debug)]
pub struct ReadModel {
    pub(crate) pool: PgPool,
    pub(crate) base_url: Arc<str>,
    pub(crate) vault: Vault,
    pub(crate) row_mac: RowMac,
    /// The highest position that this process knows to be committed.
    pub(crate) known: Arc<watch::Sender<u64>>,
    /// The position that the rows must have reached before what is missing counts as not existing.
    pub(crate) floor: Arc<AtomicU64>,
    pub(crate) rights: RightsCache,
    /// The rows are complete and never change: what is missing does not exist.
    pub(crate) finished: bool,
}

impl ReadModel {
    /// Over a migrated database. Addresses of pictures and help texts start with `base_url`.
    pub fn new(pool: PgPool, base_url: &str, vault: Vault) -> Self {
        Self {
            pool,
            base_url: base_url.trim_end_matches('/').into(),
            row_mac: vault.row_mac(),
            vault,
            known: Arc::new(watch::Sender::new(0)),
            floor: Arc::default(),
            rights: RightsCache::new(),
            finished: false,
        }
    }

    /// Rows of the same shape in another schema of the same database, which nobody changes any more. At most
    /// `connections` are open, and none while there are no queries.
    #[must_use]
    pub fn detached(&self, schema: &str, connections: u32) -> Self {
        let options = schema::inside((*self.pool.connect_options()).clone(), schema);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .idle_timeout(DETACHED_IDLE)
            .acquire_timeout(DETACHED_ACQUIRE)
            .connect_lazy_with(options);
        Self {
            pool,
            base_url: self.base_url.clone(),
            vault: self.vault.clone(),
            row_mac: self.row_mac.clone(),
            known: Arc::new(watch::Sender::new(0)),
            floor: Arc::default(),
            rights: RightsCache::new(),
            finished: true,
        }
    }

    /// The database.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Makes and checks the codes of rows that grant rights.
    pub fn row_mac(&self) -> &RowMac {
        &self.row_mac
    }

    /// Prefix of public addresses, without a trailing slash.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The host and port of public addresses, as QR codes name it.
    pub fn host(&self) -> &str {
        self.base_url.split_once("://").map_or(&*self.base_url, |(_, host)| host)
    }

    /// Opens a sealed value that the API shows again, in the place that it was sealed for.
    pub(crate) fn open_secret(&self, sealed: &str, place: Place<'_>) -> Result<String> {
        let plain = self.vault.open(sealed, place).map_err(|_| QueryError::Damaged("sealed secret"))?;
        String::from_utf8(plain).map_err(|_| QueryError::Damaged("sealed secret"))
    }

    /// Forgets cached rights: sessions, memberships and access to chats are queried again.
    pub fn rights_changed(&self) {
        self.rights.invalidate();
    }
}
