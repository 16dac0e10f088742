//! `veche audit`: history as an auditor wants it. Searched, followed, explained, exported and proved.
//!
//! It opens the log and the chain beside it, and no more: it may run beside a server, on another machine, and long after.
//! Exit codes: 0, all is well; 1, history is not what was hashed and signed; 2, the question was wrong or could not be
//! answered; 3, all is well as far as the database itself says, and nothing from outside of it was at hand.

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
mod tail;
mod verify;
mod why;

use crate::{
    cli::{Failure, block_on},
    runtime::Runtime,
};
use archive::Archive;
use clap::Subcommand;
use platform::{
    config::{Config, Sources},
    telemetry,
};
use secrets::journal::Journal;
use std::{io, process::ExitCode};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the public key that checkpoints and exports are verified with
    Key,
    /// List events that a filter lets through
    List(list::List),
    /// Follow events as they happen
    Tail(tail::Tail),
    /// Show one event, what it came of, and what came of it
    Show(show::Show),
    /// Write history into a file that can be verified with the public key alone; run again, it goes on
    Export(export::Export),
    /// Prove that history is the one that was hashed and signed; exit code 1 if it is not, 3 if no checkpoint from
    /// outside the database was at hand
    Verify(verify::Verify),
    /// Print what an account, a team or a conversation was at a moment, folded from its events
    State(state::State),
    /// Print which event gave each field its value
    Why(why::Why),
    /// Accept that history is not the one that was signed, e.g. after a backup was restored; recorded, with the reason
    Accept(accept::Accept),
    /// Forget a person or a team for ever, and print the signed receipt
    Erase(erase::Erase),
    /// Print the receipt of an erasure again
    Receipt(erase::Who),
    /// Say whether a receipt is genuine
    CheckReceipt(receipt::Check),
}

/// Does what was asked; any error is exit code 2.
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
        // Who reads through a pipe may stop.
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

/// Asks the log and the chain beside it, and lets go of them.
async fn within(
    config: Config,
    ask: impl AsyncFnOnce(&Archive) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let archive = Archive::open(config).await?;
    let told = ask(&archive).await;
    archive.close().await;
    told
}

/// Asks the log alone.
async fn folded(
    config: Config,
    ask: impl AsyncFnOnce(&Journal) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let told = ask(&runtime.journal).await;
    runtime.close().await;
    told
}

fn is_broken_pipe(error: &Failure) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
