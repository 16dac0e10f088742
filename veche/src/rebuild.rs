//! `veche rebuild`: the read model anew from the log, with a bar.

use crate::{cli::Failure, house::House};
use indicatif::{ProgressBar, ProgressStyle};
use platform::config::Config;
use projection_service::{Progress, Projector, rebuild};
use std::{
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

/// How often a line is written where there is no terminal for a bar.
const LINE_EVERY: Duration = Duration::from_secs(2);

pub(crate) async fn run(config: Config) -> Result<(), Failure> {
    let house = House::open(config).await?;
    let projector =
        Projector::new(house.journal.clone(), house.read.clone(), house.vault.clone(), house.bus.clone());
    let bar = ProgressBar::new(house.journal.log().head().await?);
    let style = "{bar:40} {percent}%  position {human_pos} of {human_len}  {per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    let mut lines = Lines::new();
    let done = rebuild(&projector, |progress| {
        bar.set_length(progress.head);
        bar.set_position(progress.position);
        lines.tell(progress);
    })
    .await?;
    bar.finish_and_clear();
    println!(
        "Rebuilt from {} events in {:.1} s; the read model is at position {}.",
        done.events,
        bar.elapsed().as_secs_f64(),
        done.position
    );
    house.close().await;
    Ok(())
}

/// Progress in lines, where standard error is no terminal.
struct Lines {
    wanted: bool,
    last: Instant,
}

impl Lines {
    fn new() -> Self {
        Self { wanted: !stderr().is_terminal(), last: Instant::now() }
    }

    fn tell(&mut self, progress: Progress) {
        if self.wanted && self.last.elapsed() >= LINE_EVERY {
            self.last = Instant::now();
            eprintln!("position {} of {}, {} events", progress.position, progress.head, progress.events);
        }
    }
}
