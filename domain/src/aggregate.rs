//! The whole framework: a state that decides commands and evolves by events.

/// A consistency boundary: one stream, folded to a state that can say yes or no.
pub trait Aggregate: Clone + Send + Sync + Sized + 'static {
    /// What may be asked of it.
    type Command;
    /// What may have happened to it.
    type Event: Clone + Into<events::Event> + TryFrom<events::Event> + Send + Sync;
    /// Why a command may not be.
    type Rejection;

    /// The state of a stream without events.
    fn initial() -> Self;

    /// What follows from a command: events, none when there is nothing to do.
    ///
    /// # Errors
    /// The rejection, when the rules forbid the command.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// The state after an event. Cannot fail: it happened.
    fn evolve(&mut self, event: &Self::Event);

    /// The state after events.
    fn fold<'a>(mut self, events: impl IntoIterator<Item = &'a Self::Event>) -> Self {
        events.into_iter().for_each(|event| self.evolve(event));
        self
    }
}
