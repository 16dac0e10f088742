//! Which event made the house do something that nobody asked it for at that moment.

use crate::Commands;
use events::{EventId, StreamName};
use platform::http::ApiError;

/// Events read at once.
const PAGE: usize = 500;

impl Commands {
    /// The last event in a stream that bears one of these stored names.
    pub(crate) async fn last_of(
        &self,
        stream: &StreamName,
        kinds: &[&str],
    ) -> Result<Option<EventId>, ApiError> {
        let (mut found, mut from) = (None, 0);
        loop {
            let page = self.journal.log().read_stream(stream, from, PAGE).await;
            let page = page.map_err(ApiError::unavailable)?;
            from += page.len() as u64;
            let last = page.iter().rev().find(|event| kinds.contains(&event.kind.as_str()));
            found = last.map(|event| event.id).or(found);
            if page.len() < PAGE {
                return Ok(found);
            }
        }
    }
}
