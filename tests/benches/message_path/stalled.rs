//! The effect of a reader that stalls: a room of a thousand sockets, one of which gets much more than the others and reads it,
//! or does not. Rounds of both kinds alternate in one process, to be comparable.

use crate::{
    Outcome, measured,
    rooms::{RoomSocket, connect, connect_narrow},
    subject::Subject,
    times::{Times, millis},
};
use futures::StreamExt;
use std::time::{Duration, Instant};
use tokio::{task::JoinHandle, time::interval};
use veche_tests::{client::Client, person::Person};

/// Sockets of the room.
const SOCKETS: usize = 1_000;
/// Rounds of each kind.
const ROUNDS: u32 = 4;
/// Messages a second to all: each is sent a thousand times.
const PACE: u32 = 10;
/// Messages a second to the one socket, and their length: more in a tenth of a second than its connection buffers.
const FLOOD: u32 = 100;
const FLOOD_TEXT: usize = 8_000;
/// A round ends before the server closes a stalled socket, which it does after 20 seconds.
const LONGEST: u64 = 10;
/// Longest wait for messages in flight.
const PATIENCE: Duration = Duration::from_secs(10);

/// The room.
struct Hall {
    /// All sockets but the one.
    seats: Vec<RoomSocket>,
    /// Writes to the one socket alone.
    speaker: Person,
    team: String,
    /// The socket that may stall.
    one: Person,
    to_one: String,
    url: String,
}

/// The result of a round.
struct Round {
    arrival: Times,
    /// Resident memory at the end, with all sockets open.
    memory: u64,
}

/// Delays at the other sockets while all read and while one stalls, and the process's memory.
pub(crate) async fn beside_a_stalled_reader(subject: &Subject) -> Outcome<String> {
    let Some(client) = subject.client() else { return Ok("—".to_owned()) };
    let mut hall = Hall::open(&client).await?;
    // The first round warms up.
    hall.round(subject, true).await?;
    let (mut reads, mut stalls) = (Tally::default(), Tally::default());
    for _ in 0..ROUNDS {
        reads.add(hall.round(subject, true).await?);
        stalls.add(hall.round(subject, false).await?);
    }
    let p99 = [&mut reads, &mut stalls].map(|tally| tally.arrival.quantile(0.99));
    let ratio = p99[1].as_secs_f64() / p99[0].as_secs_f64();
    Ok(format!(
        "all read: {}; one stalled: {} (p99 {} to {}: {ratio:.2})",
        reads.tell(),
        stalls.tell(),
        millis(p99[0]),
        millis(p99[1]),
    ))
}

/// The rounds of one kind together.
#[derive(Default)]
struct Tally {
    arrival: Times,
    memory: u64,
}

impl Tally {
    fn add(&mut self, round: Round) {
        self.arrival.0.extend(round.arrival.0);
        self.memory = self.memory.max(round.memory);
    }

    fn tell(&mut self) -> String {
        format!("{}, RSS {:.1} MiB", self.arrival.tell(), self.memory as f64 / 1_048_576.0)
    }
}

impl Hall {
    async fn open(client: &Client) -> Outcome<Self> {
        let (speaker, listener, one) = (
            Person::login(client, "+79081240001").await,
            Person::login(client, "+79081240002").await,
            Person::login(client, "+79081240003").await,
        );
        let team = speaker.make_team("зал", &[&listener.phone, &one.phone]).await;
        let to_one = team.jid_of(&one.phone);
        let group = speaker.make_group(&team.uid, "г", &[&team.jid_of(&listener.phone), &to_one]).await;
        let url = format!("{}/messaging/{}", client.addresses().websocket(), team.uid);
        let mut seats = Vec::new();
        for _ in 1..SOCKETS {
            let mut seat = RoomSocket::new(connect(&url, Some(&listener.token)).await?, group.clone());
            seat.ready().await?;
            seats.push(seat);
        }
        Ok(Self { seats, speaker, team: team.uid, one, to_one, url })
    }

    /// Sends messages to all, and a lot to the one, which reads or stalls.
    async fn round(&mut self, subject: &Subject, reads: bool) -> Outcome<Round> {
        // Its connection buffers next to nothing, so it stalls at once; the reading one is the same connection.
        let mut one = connect_narrow(&self.url, &self.one.token).await?;
        let reader: JoinHandle<()> = tokio::spawn(async move {
            if reads {
                while let Some(Ok(_)) = one.next().await {}
            } else {
                std::future::pending::<()>().await;
            }
        });
        let flood = self.flood();
        let amount = PACE * u32::try_from(measured().as_secs().min(LONGEST))?;
        let mut tick = interval(Duration::from_secs(1) / PACE);
        for _ in 0..amount {
            tick.tick().await;
            self.seats[0].send().await?;
            self.seats[0].forget_confirmations();
        }
        let arrival = self.gather(amount as usize * self.seats.len()).await?;
        let memory = subject.memory()?;
        if flood.is_finished() || reader.is_finished() {
            return Err("the one was not told what it was to be told, or its connection ended".into());
        }
        flood.abort();
        reader.abort();
        // The last messages to it have arrived before the next round.
        let _ = flood.await;
        Ok(Round { arrival, memory })
    }

    /// Waits until this many messages were received.
    async fn gather(&self, wanted: usize) -> Outcome<Times> {
        let mut all = Times::default();
        let eventually = Instant::now() + PATIENCE;
        while all.0.len() < wanted {
            if Instant::now() > eventually {
                return Err(format!("{} of {wanted} deliveries came", all.0.len()).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            all.0.extend(self.seats.iter().flat_map(|seat| seat.take_heard().0));
        }
        Ok(all)
    }

    fn flood(&self) -> JoinHandle<()> {
        let (speaker, team, to) = (self.speaker.clone(), self.team.clone(), self.to_one.clone());
        let text = "x".repeat(FLOOD_TEXT);
        tokio::spawn(async move {
            let mut tick = interval(Duration::from_secs(1) / FLOOD);
            loop {
                tick.tick().await;
                speaker.post(&team, &to, &text).await;
            }
        })
    }
}
