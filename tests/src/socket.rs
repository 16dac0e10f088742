//! A websocket client that checks every frame and waits for expected ones.

use crate::{client::Client, client::Identity, eventually::HANG_GUARD, frames};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{collections::VecDeque, net::SocketAddr};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest},
};
use uuid::Uuid;

/// An open socket of one account in one team.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames received while the test waited for others, in order.
    unread: VecDeque<Value>,
    /// The names of all received events, for messages.
    received: Vec<String>,
    /// Position and ordinal of the last frame that has them.
    last: Option<(u64, u64)>,
}

/// Frames that may lack a position.
const TRANSIENT: [&str; 8] = [
    "server.confirm",
    "server.warning",
    "server.panic",
    "server.time",
    "server.online",
    "server.chat.composing",
    "server.team.counters",
    "server.logout",
];

/// The next item of a socket.
#[derive(Debug)]
pub enum Next {
    Frame(Value),
    /// The end, with the code of the close frame if there is one.
    Closed(Option<u16>),
}

impl Socket {
    /// Opens a team's socket with the client's credentials.
    pub async fn open(client: &Client, team: &str) -> Self {
        Self::try_open(client, &format!("/messaging/{team}"), &[]).await.expect("the handshake succeeds")
    }

    /// Opens a team's socket and resumes from a feed position.
    pub async fn resume(client: &Client, team: &str, from: &str) -> Self {
        let path = format!("/messaging/{team}?from={from}");
        Self::try_open(client, &path, &[]).await.expect("the handshake succeeds")
    }

    /// Waits for the frame that says up to which position everything was sent; returns the frames with positions before it.
    pub async fn caught_up(&mut self) -> Vec<Value> {
        let time = self.expect("server.time", |frame| frame["event"] == "server.time").await;
        let found = std::mem::take(&mut self.unread);
        let found: Vec<Value> = found.into_iter().filter(|frame| frame["position"].is_u64()).collect();
        let last = found.last().map_or(0, |frame| frame["position"].as_u64().unwrap_or_default());
        assert!(time["params"]["position"].as_u64() >= Some(last), "{time} after {last}");
        found
    }

    /// Opens a socket with further headers. An error carries the refusal.
    pub async fn try_open(
        client: &Client,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("{}{path}", client.addresses().websocket()).into_client_request()?;
        let identity = match client.identity() {
            Identity::Nobody => None,
            known => known.header(),
        };
        for (name, value) in identity.iter().chain(headers) {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            request.headers_mut().insert(name, value.parse().expect("a header's value"));
        }
        let wire = connect(client).await?;
        let (stream, _) = tokio_tungstenite::client_async(request, MaybeTlsStream::Plain(wire)).await?;
        Ok(Self { stream, unread: VecDeque::new(), received: Vec::new(), last: None })
    }

    /// Sends a client event that asks for confirmation; returns its `confirm_id`.
    pub async fn say(&mut self, event: &str, params: Value) -> String {
        let id = Uuid::new_v4().simple().to_string();
        self.send(json!({"event": event, "params": params, "confirm_id": id})).await;
        id
    }

    /// Sends a client event and waits until the server has confirmed it.
    pub async fn ask(&mut self, event: &str, params: Value) {
        let id = self.say(event, params).await;
        let answer = self.expect("the confirmation or a warning", |frame| {
            let confirmed =
                frame["event"] == "server.confirm" && frame["params"]["confirm_id"] == id.as_str();
            let warned =
                frame["event"] == "server.warning" && frame["params"]["orig"]["confirm_id"] == id.as_str();
            confirmed || warned
        });
        let answer = answer.await;
        assert_eq!(answer["event"], "server.confirm", "{event} was refused: {answer}");
    }

    /// Sends an envelope as it is, in a text frame.
    pub async fn send(&mut self, envelope: Value) {
        self.send_message(Message::text(envelope.to_string())).await;
    }

    /// Sends any message.
    pub async fn send_message(&mut self, message: Message) {
        self.stream.send(message).await.expect("the socket takes a message");
    }

    /// Sends any message; the socket may be closed.
    pub async fn try_send_message(&mut self, message: Message) -> Result<(), tungstenite::Error> {
        self.stream.send(message).await
    }

    /// Waits for an event by its name; returns its parameters.
    pub async fn event(&mut self, name: &str) -> Value {
        self.event_where(name, |_| true).await
    }

    /// Waits for an event whose parameters meet a condition; returns them.
    pub async fn event_where(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut frame = self.expect(name, |frame| frame["event"] == name && fits(&frame["params"])).await;
        frame["params"].take()
    }

    /// Waits for a frame that fits. Other frames stay for later calls.
    pub async fn expect(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(found) = self.unread.iter().position(&fits) {
            return self.unread.remove(found).unwrap_or_default();
        }
        let found = tokio::time::timeout(HANG_GUARD, async {
            loop {
                match self.next().await {
                    Next::Frame(frame) if fits(&frame) => return Ok(frame),
                    Next::Frame(frame) => self.unread.push_back(frame),
                    Next::Closed(code) => return Err(code),
                }
            }
        });
        let found = found.await;
        match found {
            Ok(Ok(frame)) => frame,
            Ok(Err(code)) => panic!("expected {what}, but the socket closed ({code:?}); {}", self.history()),
            Err(_) => panic!("expected {what} in vain; {}", self.history()),
        }
    }

    /// Asserts that no frame that fits arrives before the answer to a ping: the server answers in order.
    pub async fn has_not_received(&mut self, what: &str, fits: impl Fn(&Value) -> bool) {
        self.ask("client.ping", Value::Null).await;
        let received = self.unread.iter().find(|frame| fits(frame));
        assert!(received.is_none(), "{what} was not to be received: {received:?}");
    }

    /// Drops all frames received so far.
    pub async fn forget(&mut self) {
        self.ask("client.ping", Value::Null).await;
        self.unread.clear();
    }

    /// Waits until the server closes the socket; returns the frames before and the code.
    pub async fn closed(&mut self) -> (Vec<Value>, Option<u16>) {
        let mut frames = Vec::from(std::mem::take(&mut self.unread));
        let end = tokio::time::timeout(HANG_GUARD, async {
            loop {
                match self.next().await {
                    Next::Frame(frame) => frames.push(frame),
                    Next::Closed(code) => return code,
                }
            }
        });
        let code = end.await.unwrap_or_else(|_| panic!("the server does not close the socket"));
        (frames, code)
    }

    /// Sends a close frame and waits for the answer.
    pub async fn close(mut self) {
        // The socket may be closed already.
        let _ = self.stream.close(None).await;
        self.closed().await;
    }

    /// Receives the next frame or the end.
    pub async fn next(&mut self) -> Next {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return self.received(serde_json::from_str(&text).unwrap_or_default());
                }
                Some(Ok(Message::Binary(_))) => panic!("the server sends text frames only"),
                Some(Ok(Message::Close(frame))) => return Next::Closed(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Next::Closed(None),
            }
        }
    }

    fn received(&mut self, frame: Value) -> Next {
        let name = frame["event"].as_str().unwrap_or_else(|| panic!("a frame without an event: {frame}"));
        let faults = frames::faults(&frame);
        assert!(faults.is_empty(), "not as described: {faults:?}\n{frame}");
        self.in_order(&frame);
        self.received.push(name.to_owned());
        Next::Frame(frame)
    }

    /// Frames of events have positions, which never decrease.
    fn in_order(&mut self, frame: &Value) {
        let point = (frame["position"].as_u64(), frame["ordinal"].as_u64());
        let (Some(position), Some(ordinal)) = point else {
            assert_eq!(point, (None, None), "half a place: {frame}");
            let name = frame["event"].as_str().unwrap_or_default();
            assert!(TRANSIENT.contains(&name), "no place in the log: {frame}");
            return;
        };
        let point = (position, ordinal);
        assert!(self.last < Some(point), "{point:?} after {:?}: {frame}", self.last);
        self.last = Some(point);
    }

    fn history(&self) -> String {
        format!(
            "received so far: {:?}; not looked at yet: {}",
            self.received,
            Value::from(Vec::from(self.unread.clone()))
        )
    }
}

/// Connects to the gateway from the client's local address.
async fn connect(client: &Client) -> std::io::Result<TcpStream> {
    let there = client.addresses().websocket();
    let there: SocketAddr = there.trim_start_matches("ws://").parse().expect("an address and a port");
    let socket = TcpSocket::new_v4()?;
    if let Some(source) = client.source() {
        socket.bind((source, 0).into())?;
    }
    let wire = socket.connect(there).await?;
    wire.set_nodelay(true)?;
    Ok(wire)
}
