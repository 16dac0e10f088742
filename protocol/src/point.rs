//! A place in what clients are told: the position of the event, and which of the notices that it led to.

use events::Position;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Everything up to here was told. Frames bear it as the keys `position` and `ordinal`; in an address (`from`) it is
/// written `position.ordinal`, or `position` alone, which is all that the event led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Point {
    /// The event's position in the log.
    pub position: Position,
    /// Among the notices of that event, from 0.
    pub ordinal: u32,
}

/// Behind the last notice of an event, whatever their number; what Postgres can store as an `integer`.
const WHOLE: u32 = i32::MAX.cast_unsigned();

/// No log comes so far; and JSON readers that know only floating point would round more.
const FARTHEST: Position = 1 << 53;

impl Point {
    /// Behind all that an event led to.
    pub const fn whole(position: Position) -> Self {
        Self { position, ordinal: WHOLE }
    }

    /// The last event of which all was told.
    pub const fn complete(&self) -> Position {
        match self.ordinal {
            WHOLE => self.position,
            _ => self.position.saturating_sub(1),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ordinal {
            WHOLE => self.position.fmt(f),
            ordinal => write!(f, "{}.{ordinal}", self.position),
        }
    }
}

/// The text is no point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a position such as 123 or 123.0")]
pub struct NoPoint;

impl FromStr for Point {
    type Err = NoPoint;

    fn from_str(text: &str) -> Result<Self, NoPoint> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (position, ordinal) = match text.split_once('.') {
            None => (text, None),
            Some((position, ordinal)) => (position, Some(ordinal)),
        };
        if !digits(position) || !ordinal.is_none_or(digits) {
            return Err(NoPoint);
        }
        let position = position.parse().ok().filter(|position| *position <= FARTHEST).ok_or(NoPoint)?;
        let ordinal = match ordinal {
            None => WHOLE,
            Some(ordinal) => ordinal.parse().ok().filter(|ordinal| *ordinal < WHOLE).ok_or(NoPoint)?,
        };
        Ok(Self { position, ordinal })
    }
}

#[cfg(test)]
mod tests {
    use super::{NoPoint, Point};

    #[test]
    fn what_is_written_can_be_read() {
        for point in [Point { position: 7, ordinal: 0 }, Point { position: 7, ordinal: 3 }, Point::whole(7)] {
            assert_eq!(point.to_string().parse(), Ok(point));
        }
        assert_eq!("7".parse(), Ok(Point::whole(7)));
    }

    #[test]
    fn an_event_is_over_behind_all_of_its_notices() {
        let points = ["6", "7.0", "7.1", "7", "8.0"].map(|text| text.parse::<Point>().unwrap());
        assert!(points.is_sorted());
    }

    #[test]
    fn what_is_no_point_is_refused() {
        for text in
            ["", ".", "7.", ".7", "-1", "+1", "7.0.0", "1e3", "9007199254740993", "7.2147483647", " 7"]
        {
            assert_eq!(text.parse::<Point>(), Err(NoPoint), "{text:?}");
        }
    }
}
