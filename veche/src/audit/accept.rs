//! `veche audit accept`: an operator accepts a history that is not the signed one, e.g. after restoring a backup. The
//! acceptance is an event and a signed note in the checkpoint file; the notary begins a new chain.

use crate::{failure::Failure, runtime::Runtime};
use audit::{Chain, CheckpointFile, Note, NoteKind};
use clap::Args;
use event_log::Expected;
use events::{HistoryEvent, Meta, StreamName, history};
use platform::config::Config;
use secrets::journal::Entry;

/// Arguments of `veche audit accept`.
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// Reason; it stays in the log and in the checkpoint file for ever
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
}

pub(super) async fn run(config: Config, accept: Accept) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let file = CheckpointFile::within(&runtime.config.checkpoint_dir());
    let key = runtime.vault.signing_key();
    let outside = file.tail(&key.public())?.checkpoint;
    let last = outside.or(runtime.ledger.last_checkpoint().await?).map_or(Chain::START, |last| last.chain());
    let (at, reason) = (runtime.clock.now(), accept.reason);
    let accepted =
        history::LineageAccepted { number: last.number, hash: last.hash.to_string(), reason: reason.clone() };
    let entry = Entry {
        stream: StreamName::history(),
        expected: Expected::Any,
        events: vec![HistoryEvent::from(accepted).into()],
        meta: Meta::new(at, "history.accept_lineage"),
        command: None,
    };
    let position = runtime.journal.append(entry).await?.position;
    file.append_note(&Note::sign(NoteKind::Lineage, last, at, reason, &key))?;
    runtime.ledger.reset(true).await?;
    println!(
        "Accepted by the event at position {position}: the checkpoints up to number {} belong to another history. A running notary \
         hashes and signs this one from its beginning.",
        last.number
    );
    runtime.close().await;
    Ok(())
}
