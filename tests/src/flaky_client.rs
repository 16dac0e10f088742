//! A client with a bad connection: it loses its socket again and again, resumes from its last position, and records all
//! frames.

use crate::{
    client::Client,
    socket::{Next, Socket},
};
use fastrand::Rng;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Longest connection, milliseconds.
const STAY: u64 = 1_500;
/// Longest pause between connections, milliseconds.
const PAUSE: u64 = 400;

/// Position and ordinal of a frame.
pub type FramePosition = (u64, u64);

pub struct FlakyClient {
    client: Client,
    team: String,
    rng: Rng,
    from: String,
    /// All received frames, in order.
    pub received: Vec<(FramePosition, Value)>,
    /// Number of reconnects.
    pub returns: usize,
}

impl FlakyClient {
    /// A client that starts after a position.
    pub fn new(client: &Client, team: &str, from: u64, seed: u64) -> Self {
        Self {
            client: client.clone(),
            team: team.to_owned(),
            rng: Rng::with_seed(seed),
            from: from.to_string(),
            received: Vec::new(),
            returns: 0,
        }
    }

    /// Connects and disconnects for this long.
    pub async fn come_and_go(&mut self, time: Duration) {
        let _ = timeout(time, async {
            loop {
                let stay = Duration::from_millis(self.rng.u64(..STAY));
                let _ = timeout(stay, self.listen(u64::MAX)).await;
                sleep(Duration::from_millis(self.rng.u64(..PAUSE))).await;
                self.returns += 1;
            }
        })
        .await;
    }

    /// Reconnects until everything up to a position was received.
    pub async fn until(&mut self, position: u64) {
        while !self.listen(position).await {
            sleep(Duration::from_millis(50)).await;
            self.returns += 1;
        }
    }

    /// Receives over one connection; true once the server has sent everything up to the position. Panics if a frame
    /// arrives twice or was pruned.
    async fn listen(&mut self, position: u64) -> bool {
        let path = format!("/messaging/{}?from={}", self.team, self.from);
        let Ok(mut socket) = Socket::try_open(&self.client, &path, &[]).await else { return false };
        loop {
            let frame = match socket.next().await {
                Next::Frame(frame) => frame,
                Next::Closed(_) => return false,
            };
            let name = frame["event"].as_str().unwrap_or_default();
            assert!(name != "server.warning", "nothing is pruned so soon: {frame}");
            if name == "server.time" && frame["params"]["position"].as_u64() >= Some(position) {
                return true;
            }
            let (Some(at), Some(ordinal)) = (frame["position"].as_u64(), frame["ordinal"].as_u64()) else {
                continue;
            };
            let last = self.received.last().map(|(place, _)| *place);
            assert!(last < Some((at, ordinal)), "{frame} follows {last:?}");
            self.from = format!("{at}.{ordinal}");
            self.received.push(((at, ordinal), frame));
        }
    }
}
