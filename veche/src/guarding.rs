//! Authentication codes of events: read at every start, from which position every event must carry one; begun once in
//! a log written by older versions. A database's owner could fake such a log, so the checkpoint file decides.

use crate::failure::Failure;
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

/// Permission of a process to begin codes in a log without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beginner {
    /// The process only reads; another one begins the codes.
    Nobody,
    /// The process begins codes if the checkpoint file confirms that an older version wrote the log.
    Writer,
    /// The process begins codes because an operator gives this reason.
    Operator(String),
}

/// Parts needed to settle the beginning of codes.
pub(crate) struct Guarding<'g> {
    pub(crate) journal: &'g Journal,
    pub(crate) ledger: &'g Ledger,
    pub(crate) config: &'g Config,
    pub(crate) key: &'g SigningKey,
    pub(crate) now: DateTime<Utc>,
}

const HOW: &str = "once the incident has been investigated, `veche migrate --accept-history REASON` accepts every event without a code \
    that is in the log by then";

impl Guarding<'_> {
    /// Tells the journal from which position events must carry codes, beginning them if permitted.
    ///
    /// # Errors
    /// The log was tampered with, or nothing confirms that an older version wrote it. The text says how an operator
    /// proceeds.
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
                "the events of this log carry codes, but the event that began them is missing: the log was tampered with; {HOW}"
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
                tracing::warn!("no event of this log carries a code: all are accepted until the command side begins codes");
                Ok(())
            }
        }
    }

    async fn begin(&self, reason: Option<String>) -> Result<(), Failure> {
        let chain = self.ledger.head().await?.chain;
        let text = reason.clone().unwrap_or_default();
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
        file.append_note(&Note::sign(NoteKind::Guarded, chain, self.now, text, self.key))?;
        tracing::warn!(position, "events after this position must carry a code");
        Ok(())
    }
}
