//! The read model: schema, queries and views; the one place with SQL on read tables.
//!
//! Projections write it through `projection-service`; everybody else reads it through the functions here, which answer
//! with wire types as one viewer sees them.

pub mod account;
pub mod address_book;
pub mod chat;
pub mod contact;
pub mod device;
pub mod erasure;
pub mod feed;
pub mod icon;
pub mod integration;
pub mod invitation;
pub mod last_seen;
pub mod message;
pub mod position;
pub mod reading;
pub mod remind;
mod rights;
pub mod schema;
pub mod section;
pub mod session;
pub mod tag;
pub mod task;
pub mod team;
pub mod text;
pub mod upkeep;
pub mod upload;

use platform::vault::Vault;
use rights::Rights;
use sqlx::PgPool;
use std::sync::{Arc, atomic::AtomicU64};
use tokio::sync::watch;

/// Why the read model has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The database failed.
    #[error("the read model's database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what the projection cannot have written.
    #[error("a row of the read model is damaged: {0}")]
    Damaged(&'static str),
    /// Rows that were there are being made anew: what is missing may yet exist.
    #[error("the read model is being rebuilt")]
    Rebuilding,
}

/// What views answer.
pub type Result<T> = std::result::Result<T, QueryError>;

/// The read model as this process sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReadModel {
    pool: PgPool,
    base_url: Arc<str>,
    vault: Vault,
    seen: Arc<watch::Sender<u64>>,
    floor: Arc<AtomicU64>,
    rights: Rights,
}

impl ReadModel {
    /// Over a migrated database; `base_url` is what addresses of pictures and help texts start with, without a slash at
    /// the end.
    pub fn new(pool: PgPool, base_url: &str, vault: Vault) -> Self {
        Self {
            pool,
            base_url: base_url.trim_end_matches('/').into(),
            vault,
            seen: Arc::new(watch::Sender::new(0)),
            floor: Arc::default(),
            rights: Rights::new(),
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
