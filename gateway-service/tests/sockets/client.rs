//! A websocket client whose waits are bounded.

use crate::fixture::{Fixture, LONG, Person};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue},
        protocol::CloseFrame,
    },
};

/// An open socket.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Opens a socket of a person in the fixture's team.
    pub(crate) async fn connect(fixture: &Fixture, person: &Person) -> Self {
        Self::open(fixture, &fixture.team.to_string(), &[("Token", &person.token)]).await.unwrap()
    }

    /// Opens a socket with these headers.
    pub(crate) async fn open(
        fixture: &Fixture,
        team: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{}/messaging/{team}", fixture.address).into_client_request()?;
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            request.headers_mut().insert(name, HeaderValue::from_str(value)?);
        }
        Ok(Self { socket: connect_async(request).await?.0 })
    }

    /// Opens a socket whose receive buffer is as small as possible.
    pub(crate) async fn narrow(fixture: &Fixture, person: &Person) -> Self {
        let narrow = TcpSocket::new_v4().unwrap();
        narrow.set_recv_buffer_size(4_096).unwrap();
        let stream = MaybeTlsStream::Plain(narrow.connect(fixture.address).await.unwrap());
        let address = format!("ws://{}/messaging/{}", fixture.address, fixture.team);
        let mut request = address.into_client_request().unwrap();
        request.headers_mut().insert("token", HeaderValue::from_str(&person.token).unwrap());
        Self { socket: client_async(request, stream).await.unwrap().0 }
    }

    /// The status with which an upgrade is refused.
    pub(crate) async fn refused(fixture: &Fixture, headers: &[(&'static str, &str)]) -> u16 {
        match Self::open(fixture, &fixture.team.to_string(), headers).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(other) => panic!("{other}"),
            Ok(_) => 101,
        }
    }

    pub(crate) async fn send(&mut self, event: &Value) {
        self.socket.send(Message::text(event.to_string())).await.unwrap();
    }

    /// The next frame except presence and time, without its position.
    pub(crate) async fn next(&mut self) -> Value {
        let mut frame = self.placed().await;
        if let Some(keys) = frame.as_object_mut() {
            keys.retain(|key, _| key != "position" && key != "ordinal");
        }
        frame
    }

    /// The next frame except presence and time, with its position.
    pub(crate) async fn placed(&mut self) -> Value {
        loop {
            let frame = self.any().await;
            if !matches!(frame["event"].as_str(), Some("server.online" | "server.time")) {
                return frame;
            }
        }
    }

    /// The next frame of this event; others are skipped.
    pub(crate) async fn expect(&mut self, event: &str) -> Value {
        loop {
            let frame = self.any().await;
            if frame["event"] == event {
                return frame;
            }
        }
    }

    /// The next frame.
    pub(crate) async fn any(&mut self) -> Value {
        loop {
            match timeout(LONG, self.socket.next()).await.unwrap().unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?} instead of an event"),
            }
        }
    }

    /// The server's close frame; other frames are skipped.
    pub(crate) async fn closed(&mut self) -> CloseFrame {
        loop {
            if let Message::Close(Some(frame)) =
                timeout(LONG, self.socket.next()).await.unwrap().unwrap().unwrap()
            {
                return frame;
            }
        }
    }
}
