//! A client with a bad connection: it hears what it can, loses the connection, comes back and goes on from where it
//! stood. It remembers what it heard.

use crate::{
    client::Client,
    socket::{Next, Socket},
};
use fastrand::Rng;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Longest stay on one connection.
const STAY: u64 = 1_500;
/// Longest pause between two.
const PAUSE: u64 = 400;

/// Where a frame stands.
pub type FramePosition = (u64, u64);

/// See the file's head.
pub struct FlakyClient {
    client: Client,
    team: String,
    rng: Rng,
    from: String,
    /// What was heard, in order: where it stands, and the frame.
    pub heard: Vec<(FramePosition, Value)>,
    /// How often it came back.
    pub returns: usize,
}

impl FlakyClient {
    /// Begins behind a position.
    pub fn new(client: &Client, team: &str, from: u64, seed: u64) -> Self {
        Self {
            client: client.clone(),
            team: team.to_owned(),
            rng: Rng::with_seed(seed),
            from: from.to_string(),
            heard: Vec::new(),
            returns: 0,
        }
    }

    /// Comes and goes for that long.
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

    /// Stays until it was told everything up to a position.
    pub async fn until(&mut self, position: u64) {
        while !self.listen(position).await {
            sleep(Duration::from_millis(50)).await;
            self.returns += 1;
        }
    }

    /// Listens over one connection; true when the server says that everything up to the position was told.
    async fn listen(&mut self, position: u64) -> bool {
        let path = format!("/messaging/{}?from={}", self.team, self.from);
        let Ok(mut socket) = Socket::try_open(&self.client, &path, &[]).await else { return false };
        loop {
            let frame = match socket.next().await {
                Next::Frame(frame) => frame,
                Next::Closed(_) => return false,
            };
            let name = frame["event"].as_str().unwrap_or_default();
            assert!(name != "server.warning", "nothing is forgotten so soon: {frame}");
            if name == "server.time" && frame["params"]["position"].as_u64() >= Some(position) {
                return true;
            }
            let (Some(at), Some(ordinal)) = (frame["position"].as_u64(), frame["ordinal"].as_u64()) else {
                continue;
            };
            let last = self.heard.last().map(|(place, _)| *place);
            assert!(last < Some((at, ordinal)), "{frame} comes behind {last:?}");
            self.from = format!("{at}.{ordinal}");
            self.heard.push(((at, ordinal), frame));
        }
    }
}
