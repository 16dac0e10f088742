//! A place in the feed: the position of an event, and the ordinal of one of its notices.

use events::Position;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Cursor of the feed: a client that has reached it has got everything up to and including it. Frames carry it as
/// the keys `position` and `ordinal`; the query parameter `from` writes it as `position.ordinal`, or as `position`
/// alone for the end of the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeedPosition {
    /// Position of the event in the log.
    pub position: Position,
    /// Ordinal among the notices of the event, from 0.
    pub ordinal: u32,
}

/// Ordinal after the last notice of an event, whatever their number: the largest `integer` of Postgres.
const END: u32 = i32::MAX.cast_unsigned();

/// Largest position accepted: no log reaches it, and JSON readers with floating point numbers would round anything
/// above.
const MAX_POSITION: Position = 1 << 53;

impl FeedPosition {
    /// The cursor after all notices of an event.
    pub const fn end_of(position: Position) -> Self {
        Self { position, ordinal: END }
    }

    /// Position of the last event whose notices all precede this cursor.
    pub const fn last_complete(&self) -> Position {
        match self.ordinal {
            END => self.position,
            _ => self.position.saturating_sub(1),
        }
    }
}

impl fmt::Display for FeedPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ordinal {
            END => self.position.fmt(f),
            ordinal => write!(f, "{}.{ordinal}", self.position),
        }
    }
}

/// The text is not a feed position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a position such as 123 or 123.0")]
pub struct InvalidFeedPosition;

impl FromStr for FeedPosition {
    type Err = InvalidFeedPosition;

    fn from_str(text: &str) -> Result<Self, InvalidFeedPosition> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (position, ordinal) = match text.split_once('.') {
            None => (text, None),
            Some((position, ordinal)) => (position, Some(ordinal)),
        };
        if !digits(position) || !ordinal.is_none_or(digits) {
            return Err(InvalidFeedPosition);
        }
        let position =
            position.parse().ok().filter(|position| *position <= MAX_POSITION).ok_or(InvalidFeedPosition)?;
        let ordinal = match ordinal {
            None => END,
            Some(ordinal) => {
                ordinal.parse().ok().filter(|ordinal| *ordinal < END).ok_or(InvalidFeedPosition)?
            }
        };
        Ok(Self { position, ordinal })
    }
}

#[cfg(test)]
mod tests {
    use super::{FeedPosition, InvalidFeedPosition};

    #[test]
    fn feed_position_round_trips_through_text() {
        for point in [
            FeedPosition { position: 7, ordinal: 0 },
            FeedPosition { position: 7, ordinal: 3 },
            FeedPosition::end_of(7),
        ] {
            assert_eq!(point.to_string().parse(), Ok(point));
        }
        assert_eq!("7".parse(), Ok(FeedPosition::end_of(7)));
    }

    #[test]
    fn end_of_event_orders_after_its_notices() {
        let points = ["6", "7.0", "7.1", "7", "8.0"].map(|text| text.parse::<FeedPosition>().unwrap());
        assert!(points.is_sorted());
    }

    #[test]
    fn invalid_feed_position_is_rejected() {
        for text in
            ["", ".", "7.", ".7", "-1", "+1", "7.0.0", "1e3", "9007199254740993", "7.2147483647", " 7"]
        {
            assert_eq!(text.parse::<FeedPosition>(), Err(InvalidFeedPosition), "{text:?}");
        }
    }
}
