//! The two kinds of connections that frames leave on: a websocket, which reads and writes in one task and detects a
//! stalled peer; and a stream, which only writes.

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

/// Read buffer of a socket, allocated at once: tungstenite's default of 128 KiB would be most of an idle socket's
/// memory.
const READ_BUFFER: usize = 4 * 1024;
/// Write buffer of a socket, for frames that a slow peer has not taken yet.
const WRITE_BUFFER: usize = 16 * 1024;
/// Maximum size of a message and of a frame. The largest legal event is a message of 12,000 characters, each
/// written as two `\uXXXX`: 144,000 bytes; clients send it as one frame.
const MAX_MESSAGE: usize = 256 * 1024;

/// Frames that wait for the peer before the hub's deliveries stay in their queue.
const OUTBOX: usize = 32;

/// Bytes of answers that wait for the peer before the socket stops reading.
const OUTBOX_BYTES: usize = 256 * 1024;

/// Longest wait for the peer's close and for the last frames to leave.
const FAREWELL: Duration = Duration::from_secs(2);

/// A connection and the frames that wait for it.
pub(crate) struct Transport {
    peer: Peer,
    outbox: VecDeque<Outbound>,
    /// Bytes of answers in the outbox.
    answers: usize,
    pushed: u64,
    unflushed: bool,
    /// Time since which the peer has taken nothing.
    stalled: Option<Instant>,
}

enum Peer {
    Socket(Box<WebSocketStream<Metered<TokioIo<Upgraded>>>>),
    Stream {
        frames: PollSender<Outbound>,
        /// Resolves when the reader is gone.
        closed: BoxFuture<'static, ()>,
    },
}

/// An item that leaves over a transport.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// A frame, and its feed position if it has one.
    Frame(Frame, Option<FeedPosition>),
    /// An answer to a client event, with the event's memory charge.
    Answer(Frame, #[expect(dead_code, reason = "it counts until it is dropped")] Option<Charge>),
    /// Everything up to this position was sent; on a socket `server.time` says so.
    Live(FeedPosition),
    /// A sign of life is wanted.
    Ping,
    /// The end, with a code and a reason.
    Close(u16, &'static str),
}

/// An occurrence on a transport.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// A client event, in a text or binary frame, with its memory charge.
    Event(Bytes, Option<Charge>),
    /// A protocol ping or pong.
    Alive,
    /// The outbox has room again.
    Room,
    /// The peer wants to close.
    Close,
    /// The peer violated the protocol; nothing more is read.
    Broken(u16, &'static str),
    /// The connection was lost.
    Gone,
}

impl Transport {
    /// A websocket over an upgraded connection; the purse pays for incoming frames.
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

    /// A stream into a queue whose receiver writes the HTTP answer.
    pub(crate) fn stream(frames: mpsc::Sender<Outbound>) -> Self {
        let open = frames.clone();
        let closed = Box::pin(async move { open.closed().await });
        Self::new(Peer::Stream { frames: PollSender::new(frames), closed })
    }

    fn new(peer: Peer) -> Self {
        Self { peer, outbox: VecDeque::new(), answers: 0, pushed: 0, unflushed: false, stalled: None }
    }

    /// Whether the peer can send nothing, not even a sign of life.
    pub(crate) fn is_one_way(&self) -> bool {
        matches!(self.peer, Peer::Stream { .. })
    }

    /// Queues a frame; [`Self::turn`] writes it.
    pub(crate) fn push(&mut self, frame: Frame, point: Option<FeedPosition>) {
        meters::sent(1);
        self.pushed += 1;
        self.outbox.push_back(Outbound::Frame(frame, point));
    }

    /// Queues an answer to a client event.
    pub(crate) fn answer(&mut self, frame: Frame, charge: Option<Charge>) {
        meters::sent(1);
        self.pushed += 1;
        self.answers += frame.len();
        self.outbox.push_back(Outbound::Answer(frame, charge));
    }

    /// Number of frames queued so far.
    pub(crate) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Queues the mark that everything up to this position was sent.
    pub(crate) fn live(&mut self, point: FeedPosition) {
        self.outbox.push_back(Outbound::Live(point));
    }

    /// Queues a ping.
    pub(crate) fn ping(&mut self) {
        self.outbox.push_back(Outbound::Ping);
    }

    /// Whether the hub's frames may be queued.
    pub(crate) fn has_room(&self) -> bool {
        self.outbox.len() < OUTBOX
    }

    /// Whether so much waits that the socket must not read: every event would add an answer.
    pub(crate) fn is_clogged(&self) -> bool {
        self.outbox.len() >= 4 * OUTBOX || self.answers >= OUTBOX_BYTES
    }

    /// Time for which the peer has taken nothing.
    pub(crate) fn stalled_for(&self) -> Duration {
        self.stalled.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Time for which there has been no memory for the client's next message.
    pub(crate) fn short_for(&self) -> Duration {
        match &self.peer {
            Peer::Socket(socket) => socket.get_ref().short_for(),
            Peer::Stream { .. } => Duration::ZERO,
        }
    }

    /// Time for which a message of the client has been incomplete.
    pub(crate) fn unfinished_for(&self) -> Duration {
        match &self.peer {
            Peer::Socket(socket) => socket.get_ref().unfinished_for(),
            Peer::Stream { .. } => Duration::ZERO,
        }
    }

    /// Writes, and waits for the next occurrence; reads only if `listening`. Cancel-safe.
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

    /// Answers the peer's close at once; queued frames are dropped.
    pub(crate) async fn answer_close(&mut self) {
        if let Peer::Socket(socket) = &mut self.peer {
            // The library has prepared the answer; if it cannot be sent, the peer is gone.
            let _ = timeout(FAREWELL, poll_fn(|cx| Pin::new(&mut **socket).poll_flush(cx))).await;
        }
    }

    /// Writes queued frames and a close, and waits for the peer's close.
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

    /// Ends the connection. Remaining input is read and dropped: otherwise the system would reset the connection
    /// and the last frames could be lost.
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

    /// Writes the outbox; resolves to false when the connection is lost. Any progress ends a stall.
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
            // The peer is slow, but it makes progress.
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
        let inbound = match ready!(Pin::new(&mut **socket).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => Inbound::Event(text.into(), socket.get_mut().take_charge()),
            Some(Ok(Message::Binary(bytes))) => Inbound::Event(bytes, socket.get_mut().take_charge()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Inbound::Alive,
            Some(Ok(Message::Close(_))) => Inbound::Close,
            Some(Err(error)) => broken(&error),
            None => Inbound::Gone,
        };
        Poll::Ready(inbound)
    }
}

/// The close code for a violation of the protocol (RFC 6455, 7.4.1).
fn broken(error: &Error) -> Inbound {
    match error {
        Error::Capacity(_) => Inbound::Broken(close_code::TOO_LONG, "the message is too long"),
        Error::Utf8(_) => Inbound::Broken(close_code::NOT_UTF8, "the text is not UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Inbound::Gone,
        Error::Protocol(_) => Inbound::Broken(close_code::PROTOCOL, "the frame breaks the protocol"),
        _ => Inbound::Gone,
    }
}

/// An item as a websocket message.
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
