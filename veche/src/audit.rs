//! `veche audit`: searches, follows, explains, exports and verifies history.
//!
//! It opens only the log and the audit chain, so it may run next to a server or on another machine. Exit codes: 0,
//! success; 1, the history or file is not the signed one; 2, wrong arguments, or the command could not run; 3,
//! verified against the database only, without a checkpoint from outside.

mod accept;
mod archive;
mod erase;
mod export;
mod filter;
mod fold;
mod list;
mod print;
mod receipt;
mod show;
mod state;
mod subject;
mod tail;
mod verify;
mod why;

use crate::{
    failure::Failure,
    runtime::{Runtime, block_on},
};
use archive::Archive;
use clap::Subcommand;
use platform::{
    config::{Config, Sources},
    telemetry,
};
use secrets::journal::Journal;
use std::{io, process::ExitCode};

/// Subcommands of `veche audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the public key that verifies checkpoints and exports
    Key,
    /// List events that match a filter
    List(list::List),
    /// Follow new events that match a filter
    Tail(tail::Tail),
    /// Show one event with its causes and effects
    Show(show::Show),
    /// Export events to a file that can be verified with the public key alone; a repeated run continues
    Export(export::Export),
    /// Verify that the history, or an exported file, is the one that was hashed and signed; exit code 1 if it is not,
    /// 3 if no checkpoint from outside the database was available
    Verify(verify::Verify),
    /// Print the state of an account, a team or a chat at a point in history, folded from its events
    State(state::State),
    /// Print which event gave each field its value
    Why(why::Why),
    /// Accept a history that is not the signed one, e.g. after restoring a backup; recorded with the reason
    Accept(accept::Accept),
    /// Erase a person or a team for ever and print the signed receipt
    Erase(erase::Erase),
    /// Print the receipt of an earlier erasure
    Receipt(subject::Who),
    /// Check the signature of a receipt
    CheckReceipt(receipt::Check),
}

/// Runs a subcommand; any error means exit code 2.
pub(crate) fn run(command: AuditCommand, sources: &Sources) -> Result<ExitCode, Failure> {
    let done = match command {
        AuditCommand::Verify(verify) if verify.needs_no_settings() => verify.file(&[]),
        AuditCommand::CheckReceipt(check) => receipt::check(&check).map(|()| ExitCode::SUCCESS),
        command => {
            let config = Config::load(sources)?;
            telemetry::start_logging(&config)?;
            block_on(answer(command, config))
        }
    };
    match done {
        // The reader of a pipe may stop early.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        done => done,
    }
}

async fn answer(command: AuditCommand, config: Config) -> Result<ExitCode, Failure> {
    match command {
        AuditCommand::Key => println!("{}", archive::public_key(&config)?),
        AuditCommand::Accept(accept) => accept::run(config, accept).await?,
        AuditCommand::Erase(erase) => erase::run(config, erase).await?,
        AuditCommand::Receipt(who) => receipt::again(config, who).await?,
        AuditCommand::CheckReceipt(check) => receipt::check(&check)?,
        AuditCommand::State(state) => folded(config, async |journal| state.run(journal).await).await?,
        AuditCommand::Why(why) => folded(config, async |journal| why.run(journal).await).await?,
        AuditCommand::List(list) => return within(config, async |archive| list.run(archive).await).await,
        AuditCommand::Tail(tail) => return within(config, async |archive| tail.run(archive).await).await,
        AuditCommand::Show(show) => return within(config, async |archive| show.run(archive).await).await,
        AuditCommand::Export(export) => {
            return within(config, async |archive| export.run(archive).await).await;
        }
        AuditCommand::Verify(verify) => {
            return within(config, async |archive| verify.run(archive).await).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs work on the opened log and audit chain, then closes them.
async fn within(
    config: Config,
    ask: impl AsyncFnOnce(&Archive) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let archive = Archive::open(config).await?;
    let answer = ask(&archive).await;
    archive.close().await;
    answer
}

/// Runs work on the log alone.
async fn folded(
    config: Config,
    ask: impl AsyncFnOnce(&Journal) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let answer = ask(&runtime.journal).await;
    runtime.close().await;
    answer
}

fn is_broken_pipe(error: &Failure) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
