//! Follows the frames of a client through the bytes that it sends (RFC 6455, 5.2): where messages begin and end, and how
//! long they are. What is wrong with them is for the library to say, which reads them.

/// The longest head of a frame: two bytes, eight of a length, four of a mask.
const LONGEST_HEAD: usize = 14;

/// The state of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A frame of a message begins.
    Begins {
        /// So many bytes it takes to keep it: twice its length where it is a part, which is copied to the others.
        memory: usize,
    },
    /// A message has come whole.
    Ends,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct FrameTracker {
    head: [u8; LONGEST_HEAD],
    /// Bytes of the head that have come.
    come: usize,
    /// Bytes of the frame that have yet to come.
    left: u64,
    /// The frame is one of a message, not of control.
    is_data: bool,
    /// It is the last one of its message.
    is_last: bool,
    /// A message has begun, and has not ended.
    in_message: bool,
    longest: usize,
    /// Something came that the library refuses: nothing is followed any more.
    is_lost: bool,
}

impl FrameTracker {
    /// A reader for frames of at most this length.
    pub(super) fn new(longest: usize) -> Self {
        let (head, come, left) = ([0; LONGEST_HEAD], 0, 0);
        let (is_data, is_last, in_message, is_lost) = (false, false, false, false);
        Self { head, come, left, is_data, is_last, in_message, longest, is_lost }
    }

    /// Whether a message has come in part.
    pub(super) fn is_in_message(&self) -> bool {
        self.in_message && !self.is_lost
    }

    /// The next step, and the bytes behind it; nothing when all bytes have been followed.
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
            // A frame of a message without anything in it ends where it begins.
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

    /// One more byte of a head.
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

/// How many bytes a length takes behind the second byte.
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
    fn messages_begin_and_end_however_their_bytes_come() {
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
    fn what_is_too_long_is_not_counted_and_ends_the_following() {
        let bytes = [frame(0x81, 1, true), frame(0x81, LONGEST + 1, true), frame(0x81, 1, true)].concat();
        assert_eq!(steps(&bytes, 100), [begins(1), Step::Ends]);
        let mut endless = vec![0x81, 0xff];
        endless.extend([0xff; 64]);
        assert_eq!(steps(&endless, 5), []);
    }
}
