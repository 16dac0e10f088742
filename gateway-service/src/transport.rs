//! The two ends that frames go to: a websocket, which reads and writes side by side in one task and knows when its peer
//! does neither; and a stream, which is only written to.

mod frame_tracker;
mod metered;

use crate::{close_code, frame::Frame, meters};
use bytes::Bytes;
use futures::{Sink, Stream, future::BoxFuture};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use metered::Metered;
use platform::budget::{Charge, Purse};
use protocol::FeedPosition;
use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};
use tokio_util::sync::PollSender;

/// tungstenite allocates it at once for each socket: its default of 128 KiB is most of an idle socket's memory.
const READ_BUFFER: usize = 4 * 1024;
/// Frames wait here while the peer is slow.
const WRITE_BUFFER: usize = 16 * 1024;
/// The biggest legal event: a message of 12,000 characters, each written as two `\uXXXX`, is 144,000 bytes. Clients
/// send a message as one frame, so frames may be as large.
const MAX_MESSAGE: usize = 256 * 1024;

/// Frames that wait for the peer before the hub's are left in their queue.
const OUTBOX: usize = 32;

/// Bytes that wait for the peer before it is not listened to any more: what it says would be answered.
const OUTBOX_BYTES: usize = 256 * 1024;

/// Longest wait until the peer answers a close, and for the last frames to go out.
const FAREWELL: Duration = Duration::from_secs(2);

/// See the file's head.
pub(crate) struct Transport {
    peer: Peer,
    outbox: VecDeque<Outbound>,
    /// Bytes of answers in the outbox.
    answers: usize,
    pushed: u64,
    unflushed: bool,
    /// Since when the peer has taken nothing of what was written.
    stalled: Option<Instant>,
}

enum Peer {
    Socket(Box<WebSocketStream<Metered<TokioIo<Upgraded>>>>),
    Stream {
        frames: PollSender<Outbound>,
        /// Resolves when nobody reads any more.
        closed: BoxFuture<'static, ()>,
    },
}

/// What goes over a transport.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// A frame, and its place if it has one.
    Frame(Frame, Option<FeedPosition>),
    /// An answer to what the client said, with what counts its memory.
    Answer(Frame, #[expect(dead_code, reason = "it counts until it is dropped")] Option<Charge>),
    /// Everything up to here was told; over a socket `server.time` says it.
    Live(FeedPosition),
    /// Nothing, to see whether the peer lives.
    Ping,
    /// The end, with a code and a reason.
    Close(u16, &'static str),
}

/// What happens on a transport.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// An event of the client, in a text or a binary frame, and what counts its memory.
    Event(Bytes, Option<Charge>),
    /// A protocol ping or pong: the peer lives.
    Alive,
    /// There is room for more frames.
    Room,
    /// The peer wants to close.
    Close,
    /// The peer broke the protocol: it is told how, and nothing more is read.
    Broken(u16, &'static str),
    /// The connection is lost.
    Gone,
}

impl Transport {
    /// Over an upgraded connection; what comes in is paid for out of the purse.
    pub(crate) async fn socket(upgraded: Upgraded, purse: Purse) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let metered = Metered::new(TokioIo::new(upgraded), purse, MAX_MESSAGE);
        let socket = WebSocketStream::from_raw_socket(metered, Role::Server, Some(config)).await;
        Self::new(Peer::Socket(Box::new(socket)))
    }

    /// Into a queue whose other end makes an answer of it.
    pub(crate) fn stream(frames: mpsc::Sender<Outbound>) -> Self {
        let open = frames.clone();
        let closed = Box::pin(async move { open.closed().await });
        Self::new(Peer::Stream { frames: PollSender::new(frames), closed })
    }

    fn new(peer: Peer) -> Self {
        Self { peer, outbox: VecDeque::new(), answers: 0, pushed: 0, unflushed: false, stalled: None }
    }

    /// Whether the peer cannot say anything, not even that it lives.
    pub(crate) fn is_one_way(&self) -> bool {
        matches!(self.peer, Peer::Stream { .. })
    }

    /// Adds a frame to those to be written; [`Self::turn`] writes them.
    pub(crate) fn push(&mut self, frame: Frame, point: Option<FeedPosition>) {
        meters::sent(1);
        self.pushed += 1;
        self.outbox.push_back(Outbound::Frame(frame, point));
    }

    /// Adds an answer to what the client said.
    pub(crate) fn answer(&mut self, frame: Frame, charge: Option<Charge>) {
        meters::sent(1);
        self.pushed += 1;
        self.answers += frame.len();
        self.outbox.push_back(Outbound::Answer(frame, charge));
    }

    /// Frames pushed so far.
    pub(crate) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Everything up to here was told.
    pub(crate) fn live(&mut self, point: FeedPosition) {
        self.outbox.push_back(Outbound::Live(point));
    }

    /// Asks the peer whether it lives.
    pub(crate) fn ping(&mut self) {
        self.outbox.push_back(Outbound::Ping);
    }

    /// Whether frames of the hub may be pushed.
    pub(crate) fn has_room(&self) -> bool {
        self.outbox.len() < OUTBOX
    }

    /// Whether so much waits that the client should not be listened to: what it says would be answered.
    pub(crate) fn is_clogged(&self) -> bool {
        self.outbox.len() >= 4 * OUTBOX || self.answers >= OUTBOX_BYTES
    }

    /// How long the peer has taken nothing of what was written.
    pub(crate) fn stalled_for(&self) -> Duration {
        self.stalled.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// How long there has been no room for the client's next message.
    pub(crate) fn short_for(&self) -> Duration {
        match &self.peer {
            Peer::Socket(socket) => socket.get_ref().short_for(),
            Peer::Stream { .. } => Duration::ZERO,
        }
    }

    /// How long a message of the client has been coming in.
    pub(crate) fn unfinished_for(&self) -> Duration {
        match &self.peer {
            Peer::Socket(socket) => socket.get_ref().unfinished_for(),
            Peer::Stream { .. } => Duration::ZERO,
        }
    }

    /// Writes, and waits for something to happen; reads only if `listening`. May be dropped while waiting: nothing
    /// gets lost.
    pub(crate) async fn turn(&mut self, listening: bool) -> Inbound {
        let was_full = !self.has_room();
        if let (Peer::Socket(socket), false) = (&mut self.peer, listening) {
            socket.get_mut().not_listened_to();
        }
        poll_fn(|cx| {
            match self.poll_write(cx) {
                Poll::Ready(true) => self.stalled = None,
                Poll::Ready(false) => return Poll::Ready(Inbound::Gone),
                Poll::Pending => {
                    self.stalled.get_or_insert_with(Instant::now);
                }
            }
            if was_full && self.has_room() {
                return Poll::Ready(Inbound::Room);
            }
            if listening { self.poll_read(cx) } else { Poll::Pending }
        })
        .await
    }

    /// The peer has sent a close: the answer goes out at once, what still waits does not.
    pub(crate) async fn answer_close(&mut self) {
        if let Peer::Socket(socket) = &mut self.peer {
            // The library has the answer ready. Where it cannot be sent there is nobody to be told.
            let _ = timeout(FAREWELL, poll_fn(|cx| Pin::new(&mut **socket).poll_flush(cx))).await;
        }
    }

    /// Sends what waits, then a close, and waits for the peer's.
    pub(crate) async fn close(mut self, code: u16, reason: &'static str) {
        self.outbox.push_back(Outbound::Close(code, reason));
        let farewell = async {
            if poll_fn(|cx| self.poll_write(cx)).await {
                self.until_end().await;
            }
        };
        let _ = timeout(FAREWELL, farewell).await;
        self.hang_up().await;
    }

    /// Ends the connection. What the peer still sends is read and dropped: otherwise the system would reset the connection,
    /// and what was said last might not arrive.
    pub(crate) async fn hang_up(mut self) {
        let Peer::Socket(socket) = &mut self.peer else { return };
        let connection = socket.get_mut().inner_mut();
        let ended = async {
            if connection.shutdown().await.is_ok() {
                let mut dropped = vec![0; READ_BUFFER];
                while matches!(connection.read(&mut dropped).await, Ok(1..)) {}
            }
        };
        let _ = timeout(FAREWELL, ended).await;
    }

    async fn until_end(&mut self) {
        if let Peer::Socket(socket) = &mut self.peer {
            while let Some(Ok(message)) = poll_fn(|cx| Pin::new(&mut *socket).poll_next(cx)).await {
                if message.is_text() || message.is_binary() {
                    socket.get_mut().take_charge();
                }
            }
        }
    }

    /// Whether all could be written; the stall is over as soon as anything can.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        while !self.outbox.is_empty() {
            let is_ready = match &mut self.peer {
                Peer::Socket(socket) => ready!(Pin::new(&mut **socket).poll_ready(cx)).is_ok(),
                Peer::Stream { frames, .. } => ready!(frames.poll_reserve(cx)).is_ok(),
            };
            let Some(item) = self.outbox.pop_front().filter(|_| is_ready) else { return Poll::Ready(false) };
            if let Outbound::Answer(frame, _) = &item {
                self.answers -= frame.len();
            }
            let is_taken = match &mut self.peer {
                Peer::Socket(socket) => match message(item) {
                    Some(message) => Pin::new(&mut **socket).start_send(message).is_ok(),
                    None => true,
                },
                Peer::Stream { frames, .. } => frames.send_item(item).is_ok(),
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

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Inbound> {
        let socket = match &mut self.peer {
            Peer::Socket(socket) => socket,
            Peer::Stream { closed, .. } => {
                ready!(closed.as_mut().poll(cx));
                return Poll::Ready(Inbound::Gone);
            }
        };
        let heard = match ready!(Pin::new(&mut **socket).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => Inbound::Event(text.into(), socket.get_mut().take_charge()),
            Some(Ok(Message::Binary(bytes))) => Inbound::Event(bytes, socket.get_mut().take_charge()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Inbound::Alive,
            Some(Ok(Message::Close(_))) => Inbound::Close,
            Some(Err(error)) => broken(&error),
            None => Inbound::Gone,
        };
        Poll::Ready(heard)
    }
}

/// A violation of the protocol by the peer (RFC 6455, 7.4.1).
fn broken(error: &Error) -> Inbound {
    match error {
        Error::Capacity(_) => Inbound::Broken(close_code::TOO_LONG, "the message is too long"),
        Error::Utf8(_) => Inbound::Broken(close_code::NOT_UTF8, "the text is not UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Inbound::Gone,
        Error::Protocol(_) => Inbound::Broken(close_code::PROTOCOL, "the frame breaks the protocol"),
        _ => Inbound::Gone,
    }
}

/// An item as a websocket carries it.
fn message(item: Outbound) -> Option<Message> {
    match item {
        Outbound::Frame(frame, _) | Outbound::Answer(frame, _) => Some(Message::Text(frame)),
        Outbound::Live(_) => None,
        Outbound::Ping => Some(Message::Ping(Bytes::new())),
        Outbound::Close(code, reason) => Some(Message::Close(Some(CloseFrame {
            code: code.into(),
            reason: Utf8Bytes::from_static(reason),
        }))),
    }
}
