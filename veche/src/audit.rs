//! `veche audit`: history as an auditor wants it.

mod fold;
mod state;
mod why;

use crate::{cli::Failure, house::House};
use clap::Subcommand;
use platform::config::Config;

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print what an account, a team or a conversation was at a moment, folded from its events
    State(state::State),
    /// Print which event gave each field its value
    Why(why::Why),
}

/// Does what was asked.
pub(crate) async fn run(command: AuditCommand, config: Config) -> Result<(), Failure> {
    let house = House::open_as_it_is(config).await?;
    let told = match command {
        AuditCommand::State(state) => state.run(&house.journal).await,
        AuditCommand::Why(why) => why.run(&house.journal).await,
    };
    house.close().await;
    told
}
