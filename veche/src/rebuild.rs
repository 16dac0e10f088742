//! `veche rebuild`: rebuilds the read model from the log, in place or as a shadow, with a progress bar.

mod diff;
mod fill;

use crate::{failure::Failure, guarding::Beginner, runtime::Runtime};
use clap::{Args, Subcommand};
use fill::{Meter, filled};
use platform::config::Config;
use projection_service::rebuild;
use std::process::ExitCode;

/// Arguments of `veche rebuild`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Rebuild {
    /// Build a shadow next to the served read model, which stays; a repeated run continues
    #[arg(long)]
    shadow: bool,
    /// Switch to the shadow once it has caught up with the served one; running servers continue
    #[arg(long, requires = "shadow")]
    switch: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare the served read model with a shadow; exit code 1 if they differ
    Diff(diff::Diff),
}

pub(crate) async fn run(config: Config, asked: Rebuild) -> Result<ExitCode, Failure> {
    match asked {
        Rebuild { command: Some(Command::Diff(diff)), .. } => return diff::run(config, diff).await,
        Rebuild { shadow: true, switch, .. } => shadow(config, switch).await?,
        Rebuild { .. } => in_its_place(config).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn in_its_place(config: Config) -> Result<(), Failure> {
    let runtime = Runtime::open(config, Beginner::Nobody).await?;
    let projector = runtime.projector();
    let mut meter = Meter::new()?;
    let done = rebuild(&projector, |progress| meter.show(progress)).await?;
    meter.bar.finish_and_clear();
    println!(
        "Rebuilt from {} events in {:.1} s; the read model is at position {}.",
        done.events,
        meter.bar.elapsed().as_secs_f64(),
        done.position
    );
    runtime.close().await;
    Ok(())
}

async fn shadow(config: Config, switch: bool) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let mut shadow = filled(&runtime).await?;
    if switch {
        let position = shadow.switch().await?;
        println!("The new read model is served from position {position} on.");
    } else {
        println!(
            "The served read model is unchanged: compare both with `veche rebuild diff`, switch with \
             `veche rebuild --shadow --switch`."
        );
    }
    runtime.close().await;
    Ok(())
}
