//! The two ends that frames go to: a websocket, which reads and writes side by side in one task and knows when its peer
//! does neither; and a stream, which is only written to.

use crate::{frame::Frame, meters};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures::{Sink, Stream, future::BoxFuture};
use protocol::Point;
use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use tokio_util::sync::PollSender;

/// Frames that wait for the peer before the hub's are left in their queue.
const OUTBOX: usize = 32;

/// Longest wait until the peer answers a close, and for the last frames to go out.
const FAREWELL: Duration = Duration::from_secs(2);

/// See the file's head.
pub(crate) struct Wire {
    peer: Peer,
    outbox: VecDeque<Item>,
    pushed: u64,
    unflushed: bool,
    /// Since when the peer has taken nothing of what was written.
    stalled: Option<Instant>,
}

enum Peer {
    Socket(Box<WebSocket>),
    Stream {
        items: PollSender<Item>,
        /// Resolves when nobody reads any more.
        closed: BoxFuture<'static, ()>,
    },
}

/// What goes over a wire.
#[derive(Debug)]
pub(crate) enum Item {
    /// A frame, and its place if it has one.
    Frame(Frame, Option<Point>),
    /// Everything up to here was told; over a socket `server.time` says it.
    Live(Point),
    /// Nothing, to see whether the peer lives.
    Ping,
    /// The end, with a code and a reason.
    Close(u16, &'static str),
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
    pub(crate) fn socket(socket: WebSocket) -> Self {
        Self::new(Peer::Socket(Box::new(socket)))
    }

    /// Into a queue whose other end makes an answer of it.
    pub(crate) fn stream(items: mpsc::Sender<Item>) -> Self {
        let open = items.clone();
        let closed = Box::pin(async move { open.closed().await });
        Self::new(Peer::Stream { items: PollSender::new(items), closed })
    }

    fn new(peer: Peer) -> Self {
        Self { peer, outbox: VecDeque::new(), pushed: 0, unflushed: false, stalled: None }
    }

    /// Whether the peer cannot say anything, not even that it lives.
    pub(crate) fn is_one_way(&self) -> bool {
        matches!(self.peer, Peer::Stream { .. })
    }

    /// Adds a frame to those to be written; [`Self::turn`] writes them.
    pub(crate) fn push(&mut self, frame: Frame, point: Option<Point>) {
        meters::sent(1);
        self.pushed += 1;
        self.outbox.push_back(Item::Frame(frame, point));
    }

    /// Frames pushed so far.
    pub(crate) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Everything up to here was told.
    pub(crate) fn live(&mut self, point: Point) {
        self.outbox.push_back(Item::Live(point));
    }

    /// Asks the peer whether it lives.
    pub(crate) fn ping(&mut self) {
        self.outbox.push_back(Item::Ping);
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
                Poll::Ready(true) => self.stalled = None,
                Poll::Ready(false) => return Poll::Ready(Heard::Gone),
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
        self.outbox.push_back(Item::Close(code, reason));
        let _ = timeout(FAREWELL, async {
            if poll_fn(|cx| self.poll_write(cx)).await {
                self.until_end().await;
            }
        })
        .await;
    }

    async fn until_end(&mut self) {
        // Reading is what makes the library send its part of the closing handshake.
        if let Peer::Socket(socket) = &mut self.peer {
            while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut *socket).poll_next(cx)).await {}
        }
    }

    /// Whether all could be written; the stall is over as soon as anything can.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        while !self.outbox.is_empty() {
            let is_ready = match &mut self.peer {
                Peer::Socket(socket) => ready!(Pin::new(&mut **socket).poll_ready(cx)).is_ok(),
                Peer::Stream { items, .. } => ready!(items.poll_reserve(cx)).is_ok(),
            };
            let Some(item) = self.outbox.pop_front().filter(|_| is_ready) else { return Poll::Ready(false) };
            let is_taken = match &mut self.peer {
                Peer::Socket(socket) => match message(item) {
                    Some(message) => Pin::new(&mut **socket).start_send(message).is_ok(),
                    None => true,
                },
                Peer::Stream { items, .. } => items.send_item(item).is_ok(),
            };
            if !is_taken {
                return Poll::Ready(false);
            }
            self.unflushed = true;
            // Slow, but it takes what is written.
            self.stalled = None;
        }
        if let Peer::Socket(socket) = &mut self.peer
            && self.unflushed
            && ready!(Pin::new(&mut **socket).poll_flush(cx)).is_err()
        {
            return Poll::Ready(false);
        }
        self.unflushed = false;
        Poll::Ready(true)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        let socket = match &mut self.peer {
            Peer::Socket(socket) => socket,
            Peer::Stream { closed, .. } => {
                ready!(closed.as_mut().poll(cx));
                return Poll::Ready(Heard::Gone);
            }
        };
        let heard = match ready!(Pin::new(&mut **socket).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => Heard::Event(text.into()),
            Some(Ok(Message::Binary(bytes))) => Heard::Event(bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Heard::Alive,
            Some(Ok(Message::Close(_))) => Heard::Close,
            Some(Err(_)) | None => Heard::Gone,
        };
        Poll::Ready(heard)
    }
}

/// An item as a websocket carries it.
fn message(item: Item) -> Option<Message> {
    match item {
        Item::Frame(frame, _) => Some(Message::Text(frame)),
        Item::Live(_) => None,
        Item::Ping => Some(Message::Ping(Bytes::new())),
        Item::Close(code, reason) => {
            Some(Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) })))
        }
    }
}
