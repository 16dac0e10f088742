//! `veche rebuild`: rebuilds the read model from the log, in place or as a shadow, with a progress bar.

mod diff;

use crate::{cli::Failure, guarding::Beginner, runtime::Runtime};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use platform::config::Config;
use projection_service::{Progress, Shadow, rebuild};
use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
    time::{Duration, Instant},
};

/// Interval of progress lines where there is no terminal for a bar.
const LINE_EVERY: Duration = Duration::from_secs(2);

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

/// A shadow that has caught up with the served read model.
async fn filled(runtime: &Runtime) -> Result<Shadow, Failure> {
    let mut shadow = Shadow::open(runtime.journal.clone(), runtime.read.clone())
        .await?
        .with_notices(runtime.notice_policy());
    let mut meter = Meter::new()?;
    let done = shadow.fill(|progress| meter.show(progress)).await?;
    meter.bar.finish_and_clear();
    eprintln!(
        "{} events in {:.1} s; the new read model is at position {}.",
        done.events,
        meter.bar.elapsed().as_secs_f64(),
        done.position
    );
    Ok(shadow)
}

/// Progress on standard error: a bar, or lines if that is not a terminal.
struct Meter {
    bar: ProgressBar,
    lines: bool,
    last: Instant,
}

impl Meter {
    fn new() -> Result<Self, Failure> {
        let bar = ProgressBar::no_length();
        let style = "{bar:40} {percent}%  position {human_pos} of {human_len}  {per_sec}, {eta} left, {msg}";
        bar.set_style(ProgressStyle::with_template(style)?);
        Ok(Self { bar, lines: !stderr().is_terminal(), last: Instant::now() })
    }

    fn show(&mut self, progress: Progress) {
        let lag = progress.head.saturating_sub(progress.position);
        self.bar.set_length(progress.head);
        self.bar.set_position(progress.position);
        self.bar.set_message(format!("lag {lag}"));
        if self.lines && self.last.elapsed() >= LINE_EVERY {
            self.last = Instant::now();
            eprintln!(
                "position {} of {}, {} events, {:.0} per s, {} s left, lag {lag}",
                progress.position,
                progress.head,
                progress.events,
                self.bar.per_sec(),
                self.bar.eta().as_secs()
            );
        }
    }
}
