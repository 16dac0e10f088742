//! `veche rebuild`: the read model anew from the log, in its place or beside it, with a bar.

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

/// How often a line is written where there is no terminal for a bar.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Where the read model is made anew.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Rebuild {
    /// Make it beside the one that is served, which stays; goes on where an earlier run ended
    #[arg(long)]
    shadow: bool,
    /// When it has come to where the served one stands, put it in its place; running servers go on
    #[arg(long, requires = "shadow")]
    switch: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare the read model that is served with one made beside it; exit code 1 if they differ
    Diff(diff::Diff),
}

pub(crate) async fn run(config: Config, asked: Rebuild) -> Result<ExitCode, Failure> {
    match asked {
        Rebuild { command: Some(Command::Diff(diff)), .. } => return diff::run(config, diff).await,
        Rebuild { shadow: true, switch, .. } => beside(config, switch).await?,
        Rebuild { .. } => in_its_place(config).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn in_its_place(config: Config) -> Result<(), Failure> {
    let runtime = Runtime::open(config, Beginner::Nobody).await?;
    let projector = runtime.projector();
    let mut meter = Meter::new()?;
    let done = rebuild(&projector, |progress| meter.tell(progress)).await?;
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

async fn beside(config: Config, switch: bool) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let mut shadow = filled(&runtime).await?;
    if switch {
        let position = shadow.switch().await?;
        println!("The new read model is served from position {position} on.");
    } else {
        println!(
            "It stands beside the one that is served: compare them by `veche rebuild diff`, put it in its place by \
             `veche rebuild --shadow --switch`."
        );
    }
    runtime.close().await;
    Ok(())
}

/// A read model beside the one that is served, as far as that one.
async fn filled(runtime: &Runtime) -> Result<Shadow, Failure> {
    let mut shadow = Shadow::open(runtime.journal.clone(), runtime.read.clone())
        .await?
        .with_notices(runtime.notice_policy());
    let mut meter = Meter::new()?;
    let done = shadow.fill(|progress| meter.tell(progress)).await?;
    meter.bar.finish_and_clear();
    eprintln!(
        "{} events in {:.1} s; the new read model is at position {}.",
        done.events,
        meter.bar.elapsed().as_secs_f64(),
        done.position
    );
    Ok(shadow)
}

/// Progress on standard error: a bar, or lines where that is no terminal.
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

    fn tell(&mut self, progress: Progress) {
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
