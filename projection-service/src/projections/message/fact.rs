//! A fact about an existing message.

use crate::batch::EventContext;
use events::MessageId;

/// The payload of an event about an existing message, with the message's id.
#[derive(Clone, Copy)]
pub(super) struct MessageFact<'e, F> {
    pub(super) ctx: EventContext<'e>,
    pub(super) message: MessageId,
    pub(super) fact: &'e F,
}
