//! From where on each event of the log must carry a code: read at every start, and begun once in a log that programs of before
//! have written. What a database's writer could pretend (that the log is such a one) is held against the file outside.

use crate::cli::Failure;
use audit::{CheckpointFile, Ledger, Note, NoteKind, SignedRecords};
use chrono::{DateTime, Utc};
use event_log::Expected;
use events::{HistoryEvent, Meta, StreamName, history};
use platform::config::Config;
use secrets::{
    guard::Beginning,
    journal::{Entry, Journal},
    signing::SigningKey,
};

/// The action that a process may take on a log in which codes have not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beginner {
    /// It only reads: somebody else will begin them.
    Nobody,
    /// It begins them if the file outside shows that the log is what it seems to be.
    Writer,
    /// It begins them here, because an operator says so.
    Operator(String),
}

/// The parts that settling needs.
pub(crate) struct Guarding<'g> {
    pub(crate) journal: &'g Journal,
    pub(crate) ledger: &'g Ledger,
    pub(crate) config: &'g Config,
    pub(crate) key: &'g SigningKey,
    pub(crate) now: DateTime<Utc>,
}

const HOW: &str = "once it is settled what happened, `veche migrate --accept-history REASON` accepts every event without a code \
    that is in the log by then";

impl Guarding<'_> {
    /// Makes the journal believe what it should.
    ///
    /// # Errors
    /// The log was tampered with, or nothing shows that it is what it seems to be; how an operator goes on is said.
    pub(crate) async fn settle(&self, beginner: Beginner) -> Result<(), Failure> {
        let beginning = self.journal.guard().read(self.journal.log()).await?;
        if let Beginner::Operator(reason) = beginner {
            return self.begin(Some(reason)).await;
        }
        if let Beginning::At(_) = beginning {
            return Ok(());
        }
        let file = CheckpointFile::within(&self.config.checkpoint_dir());
        let trusted = self.key.public();
        let outside = SignedRecords::read(file.path(), &[trusted])?;
        if beginning == Beginning::Lost || outside.is_guarded() {
            return Err(format!(
                "the events of this log carry codes, but from where on is not in it any more: somebody has changed it; {HOW}"
            )
            .into());
        }
        let shown = outside.checkpoints.iter().any(|checkpoint| checkpoint.check(&trusted).is_ok());
        match (beginner, shown) {
            (Beginner::Writer, true) => self.begin(None).await,
            (Beginner::Writer, false) => Err(format!(
                "no event of this log carries a code, and no checkpoint in {} shows that a program of before has written it; {HOW}",
                file.path().display()
            )
            .into()),
            _ => {
                tracing::warn!("no event of this log carries a code: all are believed until the write side begins with them");
                Ok(())
            }
        }
    }

    async fn begin(&self, reason: Option<String>) -> Result<(), Failure> {
        let chain = self.ledger.head().await?.chain;
        let told = reason.clone().unwrap_or_default();
        let guarded = history::Guarded { number: chain.number, hash: chain.hash.to_string(), reason };
        let entry = Entry {
            stream: StreamName::history(),
            expected: Expected::Any,
            events: vec![HistoryEvent::from(guarded).into()],
            meta: Meta::new(self.now, "history.guard"),
            command: None,
        };
        let position = self.journal.append(entry).await?.position;
        self.journal.guard().read(self.journal.log()).await?;
        let file = CheckpointFile::within(&self.config.checkpoint_dir());
        file.append_note(&Note::sign(NoteKind::Guarded, chain, self.now, told, self.key))?;
        tracing::warn!(position, "events behind this position are believed only if they carry a code");
        Ok(())
    }
}
