//! Frames that a client has acknowledged, and so the position up to which it has certainly got everything.
//!
//! Frames arrive in order: acknowledging one acknowledges all before it, including those that ask for no
//! acknowledgement.

use protocol::FeedPosition;
use std::collections::VecDeque;

/// Maximum number of unacknowledged frames. A client that exceeds it does not acknowledge; its position stays as it
/// is.
const MOST: usize = 512;

/// The unacknowledged frames of one socket.
#[derive(Debug)]
pub(crate) struct Confirmations {
    asked: u64,
    unconfirmed: VecDeque<Asked>,
    /// Some unacknowledged frames are no longer remembered.
    lost_count: bool,
    confirmed: Option<FeedPosition>,
    is_news: bool,
}

#[derive(Debug)]
struct Asked {
    number: u64,
    point: FeedPosition,
    confirmed: bool,
}

impl Confirmations {
    /// `can_confirm`: the client can send acknowledgements.
    pub(crate) fn new(can_confirm: bool) -> Self {
        let unconfirmed = VecDeque::new();
        Self { asked: 0, unconfirmed, lost_count: !can_confirm, confirmed: None, is_news: false }
    }

    /// The `confirm_id` of the frame at a position: 12 characters, as clients expect, unique within the socket.
    pub(crate) fn ask(&mut self, point: FeedPosition) -> String {
        self.asked += 1;
        if self.unconfirmed.len() == MOST {
            self.lost_count = true;
            self.unconfirmed = VecDeque::new();
        }
        if !self.lost_count {
            self.unconfirmed.push_back(Asked { number: self.asked, point, confirmed: false });
        }
        format!("{:012x}", self.asked)
    }

    /// Acknowledges a frame; unknown ids are ignored.
    pub(crate) fn confirm(&mut self, id: &str) {
        let Ok(number) = u64::from_str_radix(id, 16) else { return };
        let Ok(found) = self.unconfirmed.binary_search_by_key(&number, |asked| asked.number) else { return };
        self.unconfirmed[found].confirmed = true;
        while let Some(first) = self.unconfirmed.pop_front_if(|asked| asked.confirmed) {
            self.confirmed = Some(first.point);
            self.is_news = true;
        }
    }

    /// The position up to which everything is acknowledged, if it has changed since the last call.
    pub(crate) fn take_news(&mut self) -> Option<FeedPosition> {
        self.confirmed.filter(|_| std::mem::take(&mut self.is_news))
    }
}

#[cfg(test)]
mod tests {
    use super::{Confirmations, MOST};
    use protocol::FeedPosition;

    fn point(position: u64) -> FeedPosition {
        FeedPosition { position, ordinal: 0 }
    }

    #[test]
    fn position_stops_before_the_first_unacknowledged_frame() {
        let mut confirmations = Confirmations::new(true);
        let ids: Vec<String> = (1..=4).map(|position| confirmations.ask(point(position))).collect();
        assert_eq!(ids[0].len(), 12);
        confirmations.confirm(&ids[1]);
        assert_eq!(confirmations.take_news(), None);
        confirmations.confirm(&ids[0]);
        assert_eq!(confirmations.take_news(), Some(point(2)));
        assert_eq!(confirmations.take_news(), None, "returned once");
        for strange in ["", "zebra", &ids[0], "0000000000ff"] {
            confirmations.confirm(strange);
        }
        confirmations.confirm(&ids[3]);
        assert_eq!(confirmations.take_news(), None);
        confirmations.confirm(&ids[2]);
        assert_eq!(confirmations.take_news(), Some(point(4)));
    }

    #[test]
    fn too_many_unacknowledged_frames_freeze_the_position() {
        let mut confirmations = Confirmations::new(true);
        let first = confirmations.ask(point(1));
        confirmations.confirm(&first);
        let ids: Vec<String> =
            (2..=MOST as u64 + 2).map(|position| confirmations.ask(point(position))).collect();
        ids.iter().for_each(|id| confirmations.confirm(id));
        assert_eq!(confirmations.take_news(), Some(point(1)));
        assert!(confirmations.unconfirmed.is_empty(), "nothing is kept for it any more");
    }
}
