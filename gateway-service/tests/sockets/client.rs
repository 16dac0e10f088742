//! A client of the gateway, as impatient as a test may be.

use crate::house::{House, LONG, Person};
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
    /// Opens a socket of a person in the house's team.
    pub(crate) async fn connect(house: &House, person: &Person) -> Self {
        Self::open(house, &house.team.to_string(), &[("Token", &person.token)]).await.unwrap()
    }

    /// Opens a socket with these headers.
    pub(crate) async fn open(
        house: &House,
        team: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{}/messaging/{team}", house.address).into_client_request()?;
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            request.headers_mut().insert(name, HeaderValue::from_str(value)?);
        }
        Ok(Self { socket: connect_async(request).await?.0 })
    }

    /// Opens a socket whose system takes next to nothing that is not read.
    pub(crate) async fn narrow(house: &House, person: &Person) -> Self {
        let narrow = TcpSocket::new_v4().unwrap();
        narrow.set_recv_buffer_size(4_096).unwrap();
        let stream = MaybeTlsStream::Plain(narrow.connect(house.address).await.unwrap());
        let address = format!("ws://{}/messaging/{}", house.address, house.team);
        let mut request = address.into_client_request().unwrap();
        request.headers_mut().insert("token", HeaderValue::from_str(&person.token).unwrap());
        Self { socket: client_async(request, stream).await.unwrap().0 }
    }

    /// The status with which the upgrade is refused.
    pub(crate) async fn refused(house: &House, headers: &[(&'static str, &str)]) -> u16 {
        match Self::open(house, &house.team.to_string(), headers).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(other) => panic!("{other}"),
            Ok(_) => 101,
        }
    }

    pub(crate) async fn send(&mut self, event: &Value) {
        self.socket.send(Message::text(event.to_string())).await.unwrap();
    }

    /// The next frame that is neither presence nor time, since those come when they like; without its place in the feed.
    pub(crate) async fn next(&mut self) -> Value {
        let mut frame = self.placed().await;
        if let Some(keys) = frame.as_object_mut() {
            keys.retain(|key, _| key != "position" && key != "ordinal");
        }
        frame
    }

    /// The same, whole.
    pub(crate) async fn placed(&mut self) -> Value {
        loop {
            let frame = self.any().await;
            if !matches!(frame["event"].as_str(), Some("server.online" | "server.time")) {
                return frame;
            }
        }
    }

    /// The next frame of that event, whatever comes before it.
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

    /// How the server closes, frames before that left aside.
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
