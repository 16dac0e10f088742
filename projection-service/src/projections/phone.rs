//! Phones have no rows: the account's row has the number. Requested login codes are planned as effects.

use crate::{batch::Batch, effects::plan::Planned};
use events::{Event, PhoneEvent, Recorded};

pub(super) fn apply(batch: &mut Batch<'_>, recorded: &Recorded<Event>, event: &PhoneEvent) {
    match event {
        PhoneEvent::CodeRequested(requested) if requested.send => {
            batch.planned.extend(Planned::sms(recorded, requested));
        }
        PhoneEvent::CodeRequested(_)
        | PhoneEvent::Claimed(_)
        | PhoneEvent::Released(_)
        | PhoneEvent::CodeRejected(_)
        | PhoneEvent::CodeUsed(_) => {}
    }
}
