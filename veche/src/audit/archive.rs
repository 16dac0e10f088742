//! What an auditor's tools are built of: the log, its keys and its chain.

use crate::{
    cli::Failure,
    runtime::{self, Opened},
};
use audit::{Auditor, Ledger};
use platform::config::Config;
use secrets::{
    journal::Journal,
    signing::{PublicKey, SigningKey},
};
use sqlx::PgPool;

/// History, opened for reading.
pub(super) struct Archive {
    pub(super) config: Config,
    pub(super) auditor: Auditor,
    pub(super) key: SigningKey,
    /// The database of the read model, for what was planned because of an event.
    pub(super) read: PgPool,
}

impl Archive {
    /// Opens the log of the settings.
    pub(super) async fn open(config: Config) -> Result<Self, Failure> {
        if config.log.expose() == "memory" {
            return Err("a log in memory is seen by its own process alone".into());
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

    /// Lets go of it.
    pub(super) async fn close(&self) {
        self.auditor.journal().log().close().await;
        self.read.close().await;
    }
}

/// The key that this installation's signatures are checked with.
pub(super) fn public_key(config: &Config) -> Result<PublicKey, Failure> {
    Ok(runtime::open_vault(config)?.signing_key().public())
}
