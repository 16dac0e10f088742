//! Fan-out of one message to a room of 490 people who are all connected.

use crate::{
    Outcome, measured, rooms,
    rooms::RoomSocket,
    subject::Subject,
    times::{Times, rate},
};
use std::time::{Duration, Instant};

/// The most members that one request makes a team of.
const HALL: usize = 490;
/// Numbers of rooms that no other line uses.
const CALM: usize = 901;
const BUSY: usize = 902;
/// Longest wait for messages in flight.
const PATIENCE: Duration = Duration::from_secs(20);

/// One message after the other: the time until the last socket has it.
pub(crate) async fn last_of_all(subject: &Subject) -> Outcome<String> {
    let mut hall = rooms::fill_one(subject, CALM, HALL).await?;
    let mut times = Times::default();
    let over = Instant::now() + measured();
    while Instant::now() < over {
        hall[0].send().await?;
        let mut received = gather(&hall, HALL).await?;
        times.0.push(received.quantile(1.0));
        hall[0].forget_confirmations();
    }
    // The first messages warm up.
    times.0.drain(..times.0.len() / 10);
    Ok(times.tell())
}

/// One sender at the pace of confirmations, until all sockets have everything.
pub(crate) async fn sustained(subject: &Subject) -> Outcome<String> {
    let mut hall = rooms::fill_one(subject, BUSY, HALL).await?;
    let started = Instant::now();
    let over = started + measured();
    let mut sent = 0;
    while Instant::now() < over {
        hall[0].send_and_wait().await?;
        sent += 1;
    }
    gather(&hall, sent * HALL).await?;
    let took = started.elapsed();
    Ok(format!("{} deliveries", rate(sent * HALL, took)))
}

/// Waits until this many messages were received.
async fn gather(hall: &[RoomSocket], wanted: usize) -> Outcome<Times> {
    let mut all = Times::default();
    let eventually = Instant::now() + PATIENCE;
    while all.0.len() < wanted {
        if Instant::now() > eventually {
            return Err(format!("{} of {wanted} arrived", all.0.len()).into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        all.0.extend(hall.iter().flat_map(|seat| seat.take_heard().0));
    }
    Ok(all)
}
