//! `veche audit`: what auditors and whoever answers to them ask for.

mod erase;
mod receipt;

use crate::cli::Failure;
use clap::Subcommand;
use platform::config::Config;

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Forget a person or a team for ever, and print the signed receipt
    Erase(erase::Erase),
    /// Print the receipt of an erasure again
    Receipt(erase::Who),
    /// Say whether a receipt is genuine
    CheckReceipt(receipt::Check),
}

pub(crate) async fn run(config: Config, command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Erase(erase) => erase::run(config, erase).await,
        AuditCommand::Receipt(who) => receipt::again(config, who).await,
        AuditCommand::CheckReceipt(check) => receipt::check(&check),
    }
}
