//! Rooms of connected sockets, and messages through them.

use crate::{
    Outcome, measured,
    subject::Subject,
    times::{Times, rate},
};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};
use uuid::Uuid;
use veche_tests::person::Person;

const ROOMS: usize = 16;
const SEATS: usize = 8;
const SENDERS: usize = 32;
const PACE: u32 = 50;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// One socket in a room.
pub(crate) struct RoomSocket {
    out: SplitSink<Stream, Message>,
    confirmed: mpsc::Receiver<()>,
    to: String,
    ear: JoinHandle<()>,
    received: Arc<Mutex<Times>>,
}

impl Drop for RoomSocket {
    fn drop(&mut self) {
        self.ear.abort();
    }
}

/// The epoch of times in texts.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Marks around the time of sending in a text.
const MARK: &str = "sent@";

impl RoomSocket {
    /// Starts to receive.
    pub(crate) fn new(stream: Stream, to: String) -> Self {
        let (out, inward) = stream.split();
        let (confirm, confirmed) = mpsc::channel(64);
        let received = Arc::<Mutex<Times>>::default();
        let ear = tokio::spawn(listen(inward, confirm, received.clone()));
        Self { out, confirmed, to, ear, received }
    }

    /// Sends a message that contains the time.
    pub(crate) async fn send(&mut self) -> Outcome<()> {
        let (id, to, now) = (Uuid::new_v4(), &self.to, epoch().elapsed().as_nanos());
        let text = format!(
            r#"{{"event":"client.message.updated","confirm_id":"{id}","params":{{"to":"{to}","message_id":"{id}","content":{{"type":"plain","text":"{MARK}{now};"}}}}}}"#
        );
        Ok(self.out.send(Message::text(text)).await?)
    }

    /// Sends a message and waits for its confirmation.
    pub(crate) async fn send_and_wait(&mut self) -> Outcome<Duration> {
        let began = Instant::now();
        self.send().await?;
        self.confirmed.recv().await.ok_or("the socket closed")?;
        Ok(began.elapsed())
    }

    /// Waits until the server serves the socket, which from then on receives everything.
    pub(crate) async fn ready(&mut self) -> Outcome<()> {
        self.out.send(Message::text(r#"{"event":"client.ping","confirm_id":"1"}"#)).await?;
        self.confirmed.recv().await.ok_or_else(|| "the socket closed".into())
    }

    /// Drops confirmations that nobody waits for.
    pub(crate) fn forget_confirmations(&mut self) {
        while self.confirmed.try_recv().is_ok() {}
    }

    /// Delays of the messages received since the last call.
    pub(crate) fn take_heard(&self) -> Times {
        std::mem::take(&mut *self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Records the arrival of messages. Frames are searched, not parsed, to keep the driver cheap.
async fn listen(mut inward: SplitStream<Stream>, confirm: mpsc::Sender<()>, received: Arc<Mutex<Times>>) {
    while let Some(Ok(message)) = inward.next().await {
        let Message::Text(text) = message else { continue };
        if text.contains("server.message.updated") {
            let sent =
                text.split_once(MARK).and_then(|(_, rest)| rest.split_once(';')?.0.parse::<u64>().ok());
            if let Some(sent) = sent {
                let took = epoch().elapsed().saturating_sub(Duration::from_nanos(sent));
                received.lock().unwrap_or_else(PoisonError::into_inner).0.push(took);
            }
        } else if text.contains("server.confirm") {
            if confirm.send(()).await.is_err() {
                return;
            }
        } else if text.contains("server.warning") || text.contains("server.panic") {
            eprintln!("{text}");
            return;
        }
    }
}

/// An open websocket.
pub(crate) async fn connect(url: &str, token: Option<&str>) -> Outcome<Stream> {
    let mut request = url.into_client_request()?;
    if let Some(token) = token {
        request.headers_mut().insert("token", token.parse()?);
    }
    Ok(tokio_tungstenite::connect_async_with_config(request, None, true).await?.0)
}

/// An open websocket with a minimal receive buffer.
pub(crate) async fn connect_narrow(url: &str, token: &str) -> Outcome<Stream> {
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("token", token.parse()?);
    let address = request.uri().authority().ok_or("no address")?.as_str().parse()?;
    let narrow = TcpSocket::new_v4()?;
    narrow.set_recv_buffer_size(4_096)?;
    let stream = MaybeTlsStream::Plain(narrow.connect(address).await?);
    Ok(tokio_tungstenite::client_async(request, stream).await?.0)
}

/// Rooms, each a group of eight in a team of its own.
async fn fill(subject: &Subject, rooms: usize) -> Outcome<Vec<Vec<RoomSocket>>> {
    let mut filled = Vec::new();
    for room in 0..rooms {
        filled.push(fill_one(subject, room, SEATS).await?);
    }
    Ok(filled)
}

/// A room of this many people, a group in a team of its own; `room` is a number below 1,000 that no other room has.
pub(crate) async fn fill_one(subject: &Subject, room: usize, seats: usize) -> Outcome<Vec<RoomSocket>> {
    let Some(client) = subject.client() else {
        let url = format!("ws://{}/messaging/{room}", subject.address());
        let mut filled = Vec::new();
        for _ in 0..seats {
            filled.push(RoomSocket::new(connect(&url, None).await?, room.to_string()));
        }
        return Ok(filled);
    };
    fill_ours(&client, room, seats).await
}

async fn fill_ours(
    client: &veche_tests::client::Client,
    room: usize,
    seats: usize,
) -> Outcome<Vec<RoomSocket>> {
    let phone = |seat: usize| format!("+7908{room:03}{seat:04}");
    let mut people = Vec::new();
    for seat in 0..seats {
        people.push(Person::login(client, &phone(seat)).await);
    }
    let phones: Vec<String> = (1..seats).map(phone).collect();
    let team = people[0].make_team("скорость", &phones.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let jids: Vec<String> = phones.iter().map(|phone| team.jid_of(phone)).collect();
    let group =
        people[0].make_group(&team.uid, "г", &jids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let url = format!("{}/messaging/{}", client.addresses().websocket(), team.uid);
    let mut seats = Vec::new();
    for person in &people {
        seats.push(RoomSocket::new(connect(&url, Some(&person.token)).await?, group.clone()));
    }
    Ok(seats)
}

/// Opens receiving sockets of one person. Each has answered a ping when this returns.
pub(crate) async fn idle(subject: &Subject, amount: usize) -> Outcome<Vec<impl Sized>> {
    let (url, token) = match subject.client() {
        Some(client) => {
            let person = Person::login(&client, "+79081230001").await;
            let team = person.make_team("тишина", &[]).await;
            (format!("{}/messaging/{}", client.addresses().websocket(), team.uid), Some(person.token))
        }
        None => (format!("ws://{}/messaging/idle", subject.address()), None),
    };
    let mut seats = Vec::new();
    for _ in 0..amount {
        let mut seat = RoomSocket::new(connect(&url, token.as_deref()).await?, String::new());
        seat.ready().await?;
        seats.push(seat);
    }
    Ok(seats)
}

/// One sender who waits for each confirmation, in a room of eight.
pub(crate) async fn ack(subject: &Subject) -> Outcome<String> {
    let mut rooms = fill(subject, 1).await?;
    let seat = &mut rooms[0][0];
    for _ in 0..100 {
        seat.send_and_wait().await?;
    }
    let mut times = Times::default();
    let over = Instant::now() + measured();
    while Instant::now() < over {
        times.0.push(seat.send_and_wait().await?);
    }
    Ok(times.tell())
}

/// An even stream of messages over all rooms: the time until each of the eight has it.
pub(crate) async fn arrival(subject: &Subject) -> Outcome<String> {
    let mut rooms = fill(subject, ROOMS).await?;
    let amount = PACE * u32::try_from(measured().as_secs())?;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / PACE);
    for number in 0..amount as usize {
        tick.tick().await;
        let seat = &mut rooms[number % ROOMS][number / ROOMS % SEATS];
        seat.send().await?;
        seat.forget_confirmations();
    }
    let wanted = amount as usize * SEATS;
    let mut all = Times::default();
    let eventually = Instant::now() + Duration::from_secs(10);
    while all.0.len() < wanted && Instant::now() < eventually {
        tokio::time::sleep(Duration::from_millis(20)).await;
        all.0.extend(rooms.iter().flatten().flat_map(|seat| seat.take_heard().0));
    }
    let lost = wanted - all.0.len().min(wanted);
    let note = if lost == 0 { String::new() } else { format!(" ({lost} missing!)") };
    Ok(all.tell() + &note)
}

/// Two senders in each room at the pace of their confirmations.
pub(crate) async fn flat_out(subject: &Subject) -> Outcome<String> {
    let mut rooms = fill(subject, ROOMS).await?;
    let started = Instant::now();
    let over = started + measured();
    let mut senders = Vec::new();
    for room in &mut rooms {
        for mut seat in room.drain(..SENDERS / ROOMS) {
            senders.push(tokio::spawn(async move {
                let mut times = Times::default();
                while Instant::now() < over {
                    times.0.push(seat.send_and_wait().await?);
                }
                Outcome::Ok((seat, times))
            }));
        }
    }
    let mut acks = Times::default();
    let mut seats: Vec<RoomSocket> = Vec::new();
    for sender in senders {
        let (seat, times) = sender.await??;
        seats.push(seat);
        acks.0.extend(times.0);
    }
    let took = started.elapsed();
    let received: usize =
        seats.iter().chain(rooms.iter().flatten()).map(|seat| seat.take_heard().0.len()).sum();
    Ok(format!("{}, {} deliveries; ack {}", rate(acks.0.len(), took), rate(received, took), acks.tell()))
}
