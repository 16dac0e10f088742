//! What a reader that reads nothing does to the others: the same messages to the same thousand sockets, in rounds that
//! take turns, while somebody else is told a lot and reads it, or does not.

use crate::{
    Outcome, measured,
    rooms::{Seat, connect},
    subject::Subject,
    times::{Times, millis},
};
use futures::StreamExt;
use std::time::{Duration, Instant};
use tokio::{task::JoinHandle, time::interval};
use veche_tests::person::Person;

const SOCKETS: usize = 1_000;
/// Rounds of each kind.
const ROUNDS: u32 = 4;
/// Messages a second to everybody: each goes out a thousand times.
const PACE: u32 = 4;
/// Messages a second to the reader who may be stalled, and how long each is.
const FLOOD: u32 = 100;
const FLOOD_TEXT: usize = 8_000;

/// A room of a thousand sockets, and beside it one reader who is told a lot.
struct Hall {
    seats: Vec<Seat>,
    speaker: Person,
    team: String,
    flooded: Person,
    to_flooded: String,
    url: String,
}

/// p99 of the arrival with and without a stalled reader, and what the process has grown by.
pub(crate) async fn beside_a_stalled_reader(subject: &Subject) -> Outcome<String> {
    let Some(client) = subject.client() else { return Ok("—".to_owned()) };
    let mut hall = Hall::open(&client).await?;
    let (mut reads, mut stalls) = (Times::default(), Times::default());
    hall.round(true).await?;
    let before = subject.memory()?;
    for _ in 0..ROUNDS {
        reads.0.extend(hall.round(true).await?.0);
        stalls.0.extend(hall.round(false).await?.0);
    }
    let grown = subject.memory()?.saturating_sub(before) as f64 / 1_048_576.0;
    let p99 = [&mut reads, &mut stalls].map(|times| times.quantile(0.99));
    let ratio = p99[1].as_secs_f64() / p99[0].as_secs_f64();
    Ok(format!(
        "all read: {}; one stalled: {} (p99 {} to {}: {ratio:.2}); {grown:.1} MiB more",
        reads.tell(),
        stalls.tell(),
        millis(p99[0]),
        millis(p99[1]),
    ))
}

impl Hall {
    async fn open(client: &veche_tests::client::Client) -> Outcome<Self> {
        let (speaker, listener, flooded) = (
            Person::login(client, "+79081240001").await,
            Person::login(client, "+79081240002").await,
            Person::login(client, "+79081240003").await,
        );
        let team = speaker.make_team("зал", &[&listener.phone, &flooded.phone]).await;
        let group = speaker.make_group(&team.uid, "г", &[&team.jid_of(&listener.phone)]).await;
        let url = format!("{}/messaging/{}", client.addresses().websocket(), team.uid);
        let mut seats = Vec::new();
        for _ in 0..SOCKETS {
            seats.push(Seat::new(connect(&url, Some(&listener.token)).await?, group.clone()));
        }
        let to_flooded = team.jid_of(&flooded.phone);
        Ok(Self { seats, speaker, team: team.uid, flooded, to_flooded, url })
    }

    /// A while of messages to everybody, while the one beside them is flooded, and reads or does not.
    async fn round(&mut self, reads: bool) -> Outcome<Times> {
        let beside = connect(&self.url, Some(&self.flooded.token)).await?;
        let reader: JoinHandle<()> = tokio::spawn(async move {
            let mut beside = beside;
            if reads {
                while let Some(Ok(_)) = beside.next().await {}
            } else {
                std::future::pending::<()>().await;
            }
        });
        let flood = self.flood();
        let amount = PACE * u32::try_from(measured().as_secs())?;
        let mut tick = interval(Duration::from_secs(1) / PACE);
        for _ in 0..amount {
            tick.tick().await;
            self.seats[0].send().await?;
            self.seats[0].forget_confirmations();
        }
        let wanted = amount as usize * SOCKETS;
        let mut all = Times::default();
        let patience = Instant::now() + Duration::from_secs(10);
        while all.0.len() < wanted && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
            all.0.extend(self.seats.iter().flat_map(|seat| seat.take_heard().0));
        }
        flood.abort();
        reader.abort();
        if all.0.len() < wanted {
            return Err(format!("{} of {wanted} deliveries came", all.0.len()).into());
        }
        Ok(all)
    }

    fn flood(&self) -> JoinHandle<()> {
        let (speaker, team, to) = (self.speaker.clone(), self.team.clone(), self.to_flooded.clone());
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
