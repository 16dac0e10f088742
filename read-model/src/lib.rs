//! The read model: schema, queries and views; the one place with SQL on read tables.
//!
//! Projections write it through `projection-service`; everybody else reads it through the functions here, which answer
//! with wire types as one viewer sees them.

pub mod account;
pub mod address_book;
pub mod chat;
pub mod confirmed;
pub mod contact;
pub mod device;
pub mod difference;
pub mod erasure;
pub mod feed;
pub mod icon;
pub mod integration;
pub mod invitation;
pub mod last_seen;
pub mod message;
pub mod parked;
pub mod past;
pub mod phones;
pub mod position;
pub mod proof;
mod query_error;
pub mod reading;
pub mod remind;
mod rights;
pub mod roster;
pub mod schema;
pub mod section;
pub mod session;
pub mod session_list;
pub mod tag;
pub mod task;
pub mod team;
pub mod text;
pub mod upkeep;
pub mod upload;

pub use query_error::{QueryError, Result};

use platform::{row_mac::RowMac, vault::Vault};
use rights::Rights;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use tokio::sync::watch;

/// How long a connection to rows that are seldom asked for stays open.
const IDLE: Duration = Duration::from_secs(30);
/// Longest wait for such a connection.
const ACQUIRE: Duration = Duration::from_secs(5);

/// The read model as this process sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReadModel {
    pool: PgPool,
    base_url: Arc<str>,
    vault: Vault,
    rows: RowMac,
    seen: Arc<watch::Sender<u64>>,
    floor: Arc<AtomicU64>,
    rights: Rights,
    /// Nothing more will come to it, and nothing is missing.
    finished: bool,
}

impl ReadModel {
    /// Makes and checks the codes of rows that give rights.
    pub fn row_mac(&self) -> &RowMac {
        &self.rows
    }

    /// Over a migrated database; `base_url` is what addresses of pictures and help texts start with, without a slash at
    /// the end.
    pub fn new(pool: PgPool, base_url: &str, vault: Vault) -> Self {
        Self {
            pool,
            base_url: base_url.trim_end_matches('/').into(),
            rows: vault.row_mac(),
            vault,
            seen: Arc::new(watch::Sender::new(0)),
            floor: Arc::default(),
            rights: Rights::new(),
            finished: false,
        }
    }

    /// Rows of the same shape in another schema of the same database. They are as they are: nobody waits for more of
    /// them, and what is not there does not exist. At most `connections` are open, and none while nobody asks.
    #[must_use]
    pub fn beside(&self, schema: &str, connections: u32) -> Self {
        let options = schema::inside((*self.pool.connect_options()).clone(), schema);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .idle_timeout(IDLE)
            .acquire_timeout(ACQUIRE)
            .connect_lazy_with(options);
        Self {
            pool,
            base_url: self.base_url.clone(),
            vault: self.vault.clone(),
            rows: self.rows.clone(),
            seen: Arc::new(watch::Sender::new(0)),
            floor: Arc::default(),
            rights: Rights::new(),
            finished: true,
        }
    }

    /// The database.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What public addresses start with.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The host (and port) of public addresses, as QR codes name it.
    pub fn host(&self) -> &str {
        self.base_url.split_once("://").map_or(&*self.base_url, |(_, host)| host)
    }
}
