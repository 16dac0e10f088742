//! Given / when / then for tests of aggregates. It also checks that deciding a command again yields no events.

use crate::Aggregate;
use std::fmt::Debug;

/// The state after a history.
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
    /// Decides the command, checks that repeating it after its events yields none, and returns the events.
    pub(crate) fn when(&self, command: A::Command) -> Result<Vec<A::Event>, A::Rejection> {
        let events = self.state.decide(command.clone())?;
        if let Ok(again) = self.state.clone().fold(&events).decide(command) {
            assert_eq!(again, vec![], "deciding again must change nothing");
        }
        Ok(events)
    }
}
