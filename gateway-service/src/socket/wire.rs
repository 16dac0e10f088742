//! The websocket itself: reads and writes side by side in one task, and knows when its peer does neither.

use crate::{frame::Frame, meters};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures::{Sink, Stream};
use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// Frames that wait for the peer before the hub's are left in their queue.
const OUTBOX: usize = 32;

/// Longest wait until the peer answers a close, and for the last frames to go out.
const FAREWELL: Duration = Duration::from_secs(2);

/// See the file's head.
pub(crate) struct Wire {
    socket: WebSocket,
    outbox: VecDeque<Message>,
    unflushed: bool,
    /// Since when the peer has taken nothing of what was written.
    stalled: Option<Instant>,
}

/// What happens on a wire.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An event of the client, in a text or a binary frame.
    Event(Bytes),
    /// A protocol ping or pong: the peer lives.
    Alive,
    /// There is room for more frames.
    Room,
    /// The peer wants to close.
    Close,
    /// The connection is lost, or the peer broke the protocol.
    Gone,
}

impl Wire {
    /// Over an upgraded connection.
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self { socket, outbox: VecDeque::new(), unflushed: false, stalled: None }
    }

    /// Adds a frame to those to be written; [`Self::turn`] writes them.
    pub(crate) fn push(&mut self, frame: Frame) {
        meters::sent(1);
        self.outbox.push_back(Message::Text(frame));
    }

    /// Asks the peer whether it lives.
    pub(crate) fn ping(&mut self) {
        self.outbox.push_back(Message::Ping(Bytes::new()));
    }

    /// Whether frames of the hub may be pushed.
    pub(crate) fn has_room(&self) -> bool {
        self.outbox.len() < OUTBOX
    }

    /// Whether so much waits that the client should not be listened to: what it says would be answered.
    pub(crate) fn is_clogged(&self) -> bool {
        self.outbox.len() >= 4 * OUTBOX
    }

    /// How long the peer has taken nothing of what was written.
    pub(crate) fn stalled_for(&self) -> Duration {
        self.stalled.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Writes, and waits for something to happen; reads only if `listening`. May be dropped while waiting: nothing
    /// gets lost.
    pub(crate) async fn turn(&mut self, listening: bool) -> Heard {
        let was_full = !self.has_room();
        poll_fn(|cx| {
            match self.poll_write(cx) {
                Poll::Ready(Ok(())) => self.stalled = None,
                Poll::Ready(Err(_)) => return Poll::Ready(Heard::Gone),
                Poll::Pending => {
                    self.stalled.get_or_insert_with(Instant::now);
                }
            }
            if was_full && self.has_room() {
                return Poll::Ready(Heard::Room);
            }
            if listening { self.poll_read(cx) } else { Poll::Pending }
        })
        .await
    }

    /// The peer has sent a close: the answer goes out at once, what still waits does not.
    pub(crate) async fn answer_close(mut self) {
        let _ = timeout(FAREWELL, self.until_end()).await;
    }

    /// Sends what waits, then a close, and waits for the peer's.
    pub(crate) async fn close(mut self, code: u16, reason: &'static str) {
        let reason = Utf8Bytes::from_static(reason);
        self.outbox.push_back(Message::Close(Some(CloseFrame { code, reason })));
        let _ = timeout(FAREWELL, async {
            if poll_fn(|cx| self.poll_write(cx)).await.is_ok() {
                self.until_end().await;
            }
        })
        .await;
    }

    async fn until_end(&mut self) {
        // Reading is what makes the library send its part of the closing handshake.
        while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut self.socket).poll_next(cx)).await {}
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        let mut socket = Pin::new(&mut self.socket);
        while !self.outbox.is_empty() {
            ready!(socket.as_mut().poll_ready(cx))?;
            let Some(message) = self.outbox.pop_front() else { break };
            socket.as_mut().start_send(message)?;
            self.unflushed = true;
            // Slow, but it takes what is written.
            self.stalled = None;
        }
        if self.unflushed {
            ready!(socket.as_mut().poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        let heard = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => Heard::Event(text.into()),
            Some(Ok(Message::Binary(bytes))) => Heard::Event(bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Heard::Alive,
            Some(Ok(Message::Close(_))) => Heard::Close,
            Some(Err(_)) | None => Heard::Gone,
        };
        Poll::Ready(heard)
    }
}
