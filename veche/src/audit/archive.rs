//! The log, its keys and its audit chain, opened for the audit commands.

use crate::{
    failure::Failure,
    runtime::{self, Opened},
};
use audit::{Auditor, Ledger};
use platform::config::Config;
use secrets::{
    journal::Journal,
    signing::{PublicKey, SigningKey},
};
use sqlx::PgPool;

/// The history, opened for reading.
pub(super) struct Archive {
    pub(super) config: Config,
    pub(super) auditor: Auditor,
    pub(super) key: SigningKey,
    /// Database of the read model, which holds the planned side effects of events.
    pub(super) read: PgPool,
}

impl Archive {
    /// Opens the configured log.
    pub(super) async fn open(config: Config) -> Result<Self, Failure> {
        if config.log.expose() == "memory" {
            return Err("a log in memory is only visible to its own process".into());
        }
        let vault = runtime::open_vault(&config)?;
        let read = runtime::connect("read", config.read_url(), &config).await?;
        let Opened { log, keyring, log_database } = runtime::open_log(&config, &vault, &read).await?;
        Ledger::migrate(&log_database).await?;
        let journal = Journal::new(log, keyring, &vault);
        journal.guard().read(journal.log()).await?;
        let auditor = Auditor::new(Ledger::new(log_database), journal);
        Ok(Self { config, auditor, key: vault.signing_key(), read })
    }

    /// Closes the log.
    pub(super) async fn close(&self) {
        self.auditor.journal().log().close().await;
        self.read.close().await;
    }
}

/// Public key of this installation, which verifies its signatures.
pub(super) fn public_key(config: &Config) -> Result<PublicKey, Failure> {
    Ok(runtime::open_vault(config)?.signing_key().public())
}
