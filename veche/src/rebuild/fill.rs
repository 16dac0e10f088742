//! Filling of a shadow, with progress on standard error.

use crate::{failure::Failure, runtime::Runtime};
use indicatif::{ProgressBar, ProgressStyle};
use projection_service::{Progress, Shadow};
use std::{
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

/// Interval of progress lines where there is no terminal for a bar.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// A shadow that has caught up with the served read model.
pub(super) async fn filled(runtime: &Runtime) -> Result<Shadow, Failure> {
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
pub(super) struct Meter {
    pub(super) bar: ProgressBar,
    lines: bool,
    last: Instant,
}

impl Meter {
    pub(super) fn new() -> Result<Self, Failure> {
        let bar = ProgressBar::no_length();
        let style = "{bar:40} {percent}%  position {human_pos} of {human_len}  {per_sec}, {eta} left, {msg}";
        bar.set_style(ProgressStyle::with_template(style)?);
        Ok(Self { bar, lines: !stderr().is_terminal(), last: Instant::now() })
    }

    pub(super) fn show(&mut self, progress: Progress) {
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
