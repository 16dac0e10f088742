//! `veche rebuild`: the read model anew from the log, with a bar.

use crate::{cli::Failure, house::House};
use indicatif::{ProgressBar, ProgressStyle};
use platform::config::Config;
use projection_service::{Projector, rebuild};

pub(crate) async fn run(config: Config) -> Result<(), Failure> {
    let house = House::open(config).await?;
    let projector =
        Projector::new(house.journal.clone(), house.read.clone(), house.vault.clone(), house.bus.clone());
    let bar = ProgressBar::new(house.journal.log().head().await?);
    let style = "{bar:40} {percent}%  position {human_pos} of {human_len}  {per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    let done = rebuild(&projector, |progress| {
        bar.set_length(progress.head);
        bar.set_position(progress.position);
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
