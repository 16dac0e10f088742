//! Charges the memory of incoming frames before they are read: the header tells a frame's length, and the rest is
//! read only once there is memory for it. The websocket library reports a frame only when it is complete, so the
//! headers are tracked here as the bytes pass by.

use super::frame_tracker::{FrameTracker, Step};
use futures::{FutureExt, future::BoxFuture};
use platform::budget::{BudgetOwner, Charge, Purse};
use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// A connection with metered input, below the websocket library.
pub(crate) struct Metered<S> {
    io: S,
    purse: Purse,
    frame_tracker: FrameTracker,
    /// Charge of the incomplete message.
    held: Option<Charge>,
    /// Charges of the complete messages that were not taken yet, one each.
    whole: VecDeque<Option<Charge>>,
    /// A charge that is waited for before anything else is read.
    short: Option<Short>,
    /// Time since which a message is incomplete.
    begun: Option<Instant>,
}

struct Short {
    room: BoxFuture<'static, Result<Charge, BudgetOwner>>,
    since: Instant,
    /// The charge belongs to the incomplete message.
    is_of_held: bool,
}

impl<S> Metered<S> {
    /// A connection whose messages the purse pays for; none is longer than `longest`.
    pub(crate) fn new(io: S, purse: Purse, longest: usize) -> Self {
        let (frame_tracker, whole) = (FrameTracker::new(longest), VecDeque::new());
        Self { io, purse, frame_tracker, held: None, whole, short: None, begun: None }
    }

    /// The charge of the next complete message; `None` if it had arrived whole before there was memory for it.
    pub(crate) fn take_charge(&mut self) -> Option<Charge> {
        self.whole.pop_front().flatten()
    }

    /// Time for which there has been no memory for the next message.
    pub(crate) fn short_for(&self) -> Duration {
        self.short.as_ref().map(|short| short.since.elapsed()).unwrap_or_default()
    }

    /// Time for which a message has been incomplete while the socket was reading.
    pub(crate) fn unfinished_for(&self) -> Duration {
        match (&self.short, self.begun) {
            (None, Some(begun)) => begun.elapsed(),
            _ => Duration::ZERO,
        }
    }

    /// The socket is not reading: an incomplete message is not the client's fault.
    pub(crate) fn not_listened_to(&mut self) {
        if let Some(begun) = &mut self.begun {
            *begun = Instant::now();
        }
    }

    /// The connection itself, for its end.
    pub(crate) fn inner_mut(&mut self) -> &mut S {
        &mut self.io
    }

    fn follow(&mut self, mut bytes: &[u8]) {
        while let Some(step) = self.frame_tracker.step(&mut bytes) {
            match step {
                Step::Begins { memory } => self.pay(memory),
                Step::Ends => {
                    self.whole.push_back(self.held.take());
                    if let Some(short) = &mut self.short {
                        short.is_of_held = false;
                    }
                    self.begun = None;
                }
            }
        }
        if self.frame_tracker.is_in_message() {
            self.begun.get_or_insert_with(Instant::now);
        }
    }

    fn pay(&mut self, memory: usize) {
        // Bytes read together with the frame that lacks memory are not charged: they are at most one read.
        if self.short.is_some() {
            return;
        }
        match self.purse.charge(memory) {
            Ok(charge) => self.hold(charge),
            Err(_) => {
                let purse = self.purse.clone();
                let room = async move { purse.wait(memory).await }.boxed();
                self.short = Some(Short { room, since: Instant::now(), is_of_held: true });
            }
        }
    }

    fn hold(&mut self, charge: Charge) {
        match &mut self.held {
            Some(held) => held.join(charge),
            None => self.held = Some(charge),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if let Some(short) = &mut me.short {
            let charge = ready!(short.room.poll_unpin(context)).map_err(io::Error::other)?;
            let is_of_held = short.is_of_held;
            me.short = None;
            if is_of_held {
                me.hold(charge);
                me.not_listened_to();
            }
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut me.io).poll_read(context, buffer))?;
        me.follow(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::Metered;
    use futures::FutureExt;
    use platform::{
        budget::Budget,
        config::{Config, Profile},
    };
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use uuid::Uuid;

    const MB: usize = 1 << 20;

    /// The header of a masked text frame.
    fn head(length: usize) -> Vec<u8> {
        let mut head = vec![0x81, 0xff];
        head.extend(u64::try_from(length).unwrap().to_be_bytes());
        head.extend([0; 4]);
        head
    }

    #[tokio::test]
    async fn frame_is_charged_before_it_is_read_and_waits_for_memory() {
        let mut memory = Config::defaults(Profile::Dev).memory;
        memory.in_flight_per_account_mb = 2;
        let budget = Budget::new(&memory);
        let purse = budget.purse(Some(Uuid::from_u128(1)), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let (mut client, server) = duplex(4 * MB);
        let mut metered = Metered::new(server, purse.clone(), 2 * MB);
        let mut buffer = vec![0; 4_096];

        client.write_all(&head(MB)).await.unwrap();
        let read = metered.read(&mut buffer).await.unwrap();
        assert!(read <= head(MB).len(), "{read}");
        assert_eq!(budget.in_flight(), MB, "nothing of it but its head has come");
        client.write_all(&vec![b'a'; MB]).await.unwrap();
        let mut left = MB;
        while left > 0 {
            left -= metered.read(&mut buffer).await.unwrap();
        }
        let first = metered.take_charge().unwrap();

        // There is no memory for a second frame while the first is in use and more is charged elsewhere.
        let other_teams = purse.charge(MB / 2).unwrap();
        client.write_all(&head(MB)).await.unwrap();
        client.write_all(&vec![b'a'; MB]).await.unwrap();
        let head_and_more = metered.read(&mut buffer).await.unwrap();
        assert!(metered.read(&mut buffer).now_or_never().is_none(), "not read on");
        assert_eq!(budget.in_flight(), MB + MB / 2);
        assert!(metered.unfinished_for().is_zero(), "that is not the client's fault");
        drop(first);
        let mut left = MB + 14 - head_and_more;
        while left > 0 {
            left -= metered.read(&mut buffer).await.unwrap();
        }
        assert_eq!(metered.take_charge().unwrap().bytes(), MB);
        drop(other_teams);
        assert_eq!(budget.in_flight(), 0);
    }
}
