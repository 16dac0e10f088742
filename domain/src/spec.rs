//! Given / when / then for tests of aggregates; also checks that deciding again yields nothing.

use crate::Aggregate;
use std::fmt::Debug;

/// A history in which a command is tried.
pub(crate) struct Given<A: Aggregate> {
    state: A,
}

/// Starts a test from past events.
pub(crate) fn given<A: Aggregate>(history: &[A::Event]) -> Given<A> {
    Given { state: A::initial().fold(history) }
}

impl<A: Aggregate> Given<A>
where
    A::Event: Debug + PartialEq,
    A::Rejection: Debug + PartialEq,
    A::Command: Clone,
{
    /// Decides; the events are checked to make the repeated command a no-op, and returned.
    pub(crate) fn when(&self, command: A::Command) -> Result<Vec<A::Event>, A::Rejection> {
        let events = self.state.decide(command.clone())?;
        if let Ok(again) = self.state.clone().fold(&events).decide(command) {
            assert_eq!(again, vec![], "deciding again must change nothing");
        }
        Ok(events)
    }
}
