//! A fact about an existing message.

use crate::batch::EventContext;
use events::MessageKey;

/// The payload of an event about an existing message, with the message.
#[derive(Clone, Copy)]
pub(super) struct MessageFact<'e, F> {
    pub(super) ctx: EventContext<'e>,
    pub(super) message: MessageKey,
    pub(super) fact: &'e F,
}
