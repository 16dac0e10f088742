//! The past of teams, wherever it is made: a process that shows none has none.

use event_log::as_of::AsOf;
use events::{Position, TeamId};
use futures::future::BoxFuture;
use read_model::{ReadModel, past::PastError};
use std::{fmt, sync::Arc};

/// A team as it was, and the position that this was.
pub type Answer = Result<(ReadModel, Position), PastError>;

/// Shows teams as they were. Cheap to clone.
#[derive(Clone)]
pub struct Past(Arc<dyn Fn(TeamId, AsOf) -> BoxFuture<'static, Answer> + Send + Sync>);

impl Past {
    /// The past as this function shows it.
    pub fn new<F>(show: impl Fn(TeamId, AsOf) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self(Arc::new(move |team, moment| Box::pin(show(team, moment))))
    }

    /// No past at all.
    pub fn off() -> Self {
        Self::new(|_, _| async { Err(PastError::Off) })
    }

    /// A team as it was at a moment.
    ///
    /// # Errors
    /// See [`PastError`].
    pub async fn at(&self, team: TeamId, moment: AsOf) -> Answer {
        (self.0)(team, moment).await
    }
}

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Past")
    }
}
