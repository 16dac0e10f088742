//! Internal: the subjects of the bus, and the messages on them.

use events::Position;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{fmt, num::ParseIntError, str::FromStr};
use uuid::Uuid;

/// Bus subject of [`CommittedBatch`].
pub const FEED_SUBJECT: &str = "feed";
/// Bus subject on which a new head of the log is announced.
pub const HEAD_SUBJECT: &str = "log.head";
/// Bus subject of [`ReadModelAdvanced`].
pub const READ_MODEL_SUBJECT: &str = "read.position";
/// Prefix of the bus subjects of ephemeral messages: `live.{team}`.
pub const LIVE_SUBJECT: &str = "live";

/// Announcement that the read model has advanced. Written as the position, followed by ` rights` if rights may have
/// changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadModelAdvanced {
    /// Position of the last applied event.
    pub position: Position,
    /// Sessions, memberships or access to chats may have changed.
    pub rights: bool,
}

/// Suffix after the position.
const RIGHTS: &str = " rights";

impl fmt::Display for ReadModelAdvanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.position, if self.rights { RIGHTS } else { "" })
    }
}

impl FromStr for ReadModelAdvanced {
    type Err = ParseIntError;
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (position, rights) = text.strip_suffix(RIGHTS).map_or((text, false), |position| (position, true));
        Ok(Self { position: position.parse()?, rights })
    }
}

/// The feed rows of one transaction of the projection. Each batch names the end of the preceding one, so a
/// subscriber detects gaps; one that has received all batches knows that no other row up to `position` exists, in
/// any scope.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommittedBatch {
    /// Position of the read model before the transaction.
    pub after: Position,
    /// Position of the read model after the transaction.
    pub position: Position,
    /// The rows in order, each with the UUID of its scope; `None` when they are too large for the bus.
    pub rows: Option<Vec<(Uuid, Box<RawValue>)>>,
}

#[cfg(test)]
mod tests {
    use super::ReadModelAdvanced;

    #[test]
    fn read_model_advanced_round_trips_through_text() {
        for projected in [
            ReadModelAdvanced { position: 7, rights: false },
            ReadModelAdvanced { position: 7, rights: true },
        ] {
            assert_eq!(projected.to_string().parse(), Ok(projected));
        }
        assert!("rights".parse::<ReadModelAdvanced>().is_err());
    }
}
