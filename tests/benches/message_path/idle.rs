//! The cost of an idle socket.

use crate::{Outcome, rooms, subject::Subject};

const SOCKETS: usize = 1_000;

/// Growth of the process by a thousand open sockets.
pub(crate) async fn memory(subject: &Subject) -> Outcome<String> {
    // The first socket allocates what all share.
    let first = rooms::idle(subject, 1).await?;
    let before = subject.memory()?;
    let sockets = rooms::idle(subject, SOCKETS).await?;
    let after = subject.memory()?;
    drop((first, sockets));
    Ok(format!("{:.1} MiB", after.saturating_sub(before) as f64 / 1_048_576.0))
}
