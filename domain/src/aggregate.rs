//! The aggregate: a state that decides commands and evolves by events.

/// A consistency boundary: the events of one stream, folded to a state that accepts or rejects commands.
pub trait Aggregate: Clone + Send + Sync + Sized + 'static {
    type Command;
    type Event: Clone + Into<events::Event> + TryFrom<events::Event> + Send + Sync;
    type Rejection;

    /// The state of a stream without events.
    fn initial() -> Self;

    /// The events that a command leads to; none if the state is already as the command wants it.
    ///
    /// # Errors
    /// The rejection, if the rules forbid the command.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Applies an event. It cannot fail, because the event has happened.
    fn evolve(&mut self, event: &Self::Event);

    /// The state after events.
    fn fold<'a>(mut self, events: impl IntoIterator<Item = &'a Self::Event>) -> Self {
        events.into_iter().for_each(|event| self.evolve(event));
        self
    }
}
