//! Tracks the frames of a client in its byte stream (RFC 6455, 5.2): where messages begin and end, and their
//! lengths. Violations are left to the websocket library, which parses the frames.

/// Maximum length of a frame header: two bytes, eight of a length, four of a mask.
const LONGEST_HEAD: usize = 14;

/// An occurrence in the byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A data frame begins.
    Begins {
        /// Bytes of memory that the frame takes: twice its length for a fragment, which is copied to the others.
        memory: usize,
    },
    /// A message is complete.
    Ends,
}

/// State of the tracker.
#[derive(Debug)]
pub(super) struct FrameTracker {
    head: [u8; LONGEST_HEAD],
    /// Bytes of the header that have arrived.
    come: usize,
    /// Bytes of the frame that have yet to arrive.
    left: u64,
    /// The frame is a data frame, not a control frame.
    is_data: bool,
    /// The frame is the last one of its message.
    is_last: bool,
    /// A message has begun and is incomplete.
    in_message: bool,
    longest: usize,
    /// The library will refuse the input: nothing is tracked any more.
    is_lost: bool,
}

impl FrameTracker {
    /// A tracker for frames up to this length.
    pub(super) fn new(longest: usize) -> Self {
        let (head, come, left) = ([0; LONGEST_HEAD], 0, 0);
        let (is_data, is_last, in_message, is_lost) = (false, false, false, false);
        Self { head, come, left, is_data, is_last, in_message, longest, is_lost }
    }

    /// Whether a message is incomplete.
    pub(super) fn is_in_message(&self) -> bool {
        self.in_message && !self.is_lost
    }

    /// The next step; `bytes` advances past it. `None` when all bytes are consumed.
    pub(super) fn step(&mut self, bytes: &mut &[u8]) -> Option<Step> {
        loop {
            if self.is_lost {
                return None;
            }
            if self.left > 0 {
                let passed = self.left.min(bytes.len() as u64);
                *bytes = bytes.get(usize::try_from(passed).unwrap_or(usize::MAX)..).unwrap_or_default();
                self.left -= passed;
                if self.left > 0 {
                    return None;
                }
                if self.ends() {
                    return Some(Step::Ends);
                }
            }
            // An empty data frame ends where it begins.
            if self.is_data && self.is_last && self.in_message && self.come == 0 && self.ends() {
                return Some(Step::Ends);
            }
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            if let Some(step) = self.of_head(*byte) {
                return Some(step);
            }
        }
    }

    fn ends(&mut self) -> bool {
        let ends = self.is_data && self.is_last && self.in_message;
        if ends {
            self.in_message = false;
        }
        ends
    }

    /// Takes one more byte of a header.
    fn of_head(&mut self, byte: u8) -> Option<Step> {
        if let Some(place) = self.head.get_mut(self.come) {
            *place = byte;
        }
        self.come += 1;
        if self.come < 2 {
            return None;
        }
        let (extended, mask) = (extended(self.head[1] & 0x7f), usize::from(self.head[1] >> 7) * 4);
        if self.come < 2 + extended + mask {
            return None;
        }
        self.come = 0;
        let length = match extended {
            0 => u64::from(self.head[1] & 0x7f),
            extended => self.head[2..2 + extended].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        self.begins(length)
    }

    fn begins(&mut self, length: u64) -> Option<Step> {
        let memory = usize::try_from(length).ok().filter(|length| *length <= self.longest);
        let Some(memory) = memory else {
            self.is_lost = true;
            return None;
        };
        self.left = length;
        let opcode = self.head[0] & 0x0f;
        self.is_data = opcode < 3;
        if !self.is_data {
            return None;
        }
        self.is_last = self.head[0] & 0x80 != 0;
        self.in_message = true;
        let is_part = opcode == 0 || !self.is_last;
        Some(Step::Begins { memory: if is_part { memory * 2 } else { memory } })
    }
}

/// Number of extended length bytes after the second byte.
const fn extended(length: u8) -> usize {
    match length {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameTracker, Step};

    const LONGEST: usize = 256 * 1024;

    /// A frame as a client sends it.
    fn frame(first: u8, length: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = match length {
            0..126 => vec![first, mask | length as u8],
            126..65_536 => [vec![first, mask | 126], (length as u16).to_be_bytes().to_vec()].concat(),
            _ => [vec![first, mask | 127], (length as u64).to_be_bytes().to_vec()].concat(),
        };
        frame.extend(vec![0xff; if masked { 4 } else { 0 } + length]);
        frame
    }

    fn steps(bytes: &[u8], chunk: usize) -> Vec<Step> {
        let mut frame_tracker = FrameTracker::new(LONGEST);
        let mut steps = vec![];
        for mut piece in bytes.chunks(chunk) {
            while let Some(step) = frame_tracker.step(&mut piece) {
                steps.push(step);
            }
        }
        steps
    }

    fn begins(memory: usize) -> Step {
        Step::Begins { memory }
    }

    #[test]
    fn messages_are_tracked_for_any_chunking() {
        let bytes = [
            frame(0x81, 5, true),
            frame(0x89, 4, true),   // a ping
            frame(0x82, 0, true),   // nothing
            frame(0x01, 126, true), // in parts, with a ping in between
            frame(0x89, 0, true),
            frame(0x00, 70_000, true),
            frame(0x80, 0, true),
            frame(0x81, 65_535, false),
            frame(0x88, 2, true),
        ]
        .concat();
        let expected = [
            begins(5),
            Step::Ends,
            begins(0),
            Step::Ends,
            begins(252),
            begins(140_000),
            begins(0),
            Step::Ends,
            begins(65_535),
            Step::Ends,
        ];
        for chunk in [1, 2, 3, 7, 14, 100, 4_096, bytes.len()] {
            assert_eq!(steps(&bytes, chunk), expected, "{chunk}");
        }
    }

    #[test]
    fn too_long_frame_ends_the_tracking() {
        let bytes = [frame(0x81, 1, true), frame(0x81, LONGEST + 1, true), frame(0x81, 1, true)].concat();
        assert_eq!(steps(&bytes, 100), [begins(1), Step::Ends]);
        let mut endless = vec![0x81, 0xff];
        endless.extend([0xff; 64]);
        assert_eq!(steps(&endless, 5), []);
    }
}
