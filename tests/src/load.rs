//! Writers that go on while things break: each repeats an unacknowledged command, with the same id, until it is accepted.

use crate::{
    client::Client,
    eventually,
    exchange::{Answer, Body, Call},
    stored,
    world::World,
};
use events::StreamName;
use http::Method;
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Pause before a failed command is repeated.
const BREATH: Duration = Duration::from_millis(20);

/// After this many messages a writer also creates an invitation, whose id the server chooses.
const INVITATION_EVERY: usize = 5;

/// The acknowledged commands.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged {
    /// Ids of messages, chosen by the writers, in the order of the acknowledgements.
    pub messages: Vec<String>,
    /// Ids of invitations, from those answers that could show them.
    pub invitations: Vec<Option<String>>,
}

/// Running writers; they stop when this is dropped.
pub struct Load {
    acknowledged: Arc<Mutex<Acknowledged>>,
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts a writer for each client. The clients must belong to owners of the team.
    pub fn start(clients: impl IntoIterator<Item = Client>, team: &str, chat: &str) -> Self {
        let acknowledged = Arc::<Mutex<Acknowledged>>::default();
        let stop = Arc::<AtomicBool>::default();
        let writer = |client: Client| Writer {
            client: client.unjudged(),
            team: team.to_owned(),
            chat: chat.to_owned(),
            acknowledged: acknowledged.clone(),
            stop: stop.clone(),
        };
        let writers = clients.into_iter().map(|client| tokio::spawn(writer(client).write())).collect();
        Self { acknowledged, stop, writers }
    }

    /// Number of acknowledged messages so far.
    pub fn messages(&self) -> usize {
        self.lock().messages.len()
    }

    /// Waits for `count` more acknowledged messages.
    pub async fn more(&self, amount: usize) {
        let wanted = self.messages() + amount;
        let what = format!("{amount} more messages are acknowledged");
        eventually::within(eventually::START_GUARD, &what, async || {
            (self.messages() >= wanted).then_some(())
        })
        .await;
    }

    /// Lets the writers finish their current commands and returns all that was acknowledged.
    pub async fn finish(mut self) -> Acknowledged {
        self.stop.store(true, Ordering::Relaxed);
        for writer in std::mem::take(&mut self.writers) {
            writer.await.expect("a writer finishes");
        }
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Acknowledged> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.writers.iter().for_each(JoinHandle::abort);
    }
}

struct Writer {
    client: Client,
    team: String,
    chat: String,
    acknowledged: Arc<Mutex<Acknowledged>>,
    stop: Arc<AtomicBool>,
}

impl Writer {
    async fn write(self) {
        for number in 1.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let id = Uuid::new_v4().to_string();
            self.until_acknowledged(&self.message(&id, number)).await;
            self.lock().messages.push(id);
            if number % INVITATION_EVERY == 0 {
                let answer = self.until_acknowledged(&self.invitation()).await;
                let uid = answer.json["result"]["uid"].as_str().map(str::to_owned);
                self.lock().invitations.push(uid.clone());
                // A team may have a limited number of invitations.
                if let Some(uid) = uid {
                    self.until_acknowledged(&self.revocation(&uid)).await;
                }
            }
        }
    }

    fn message(&self, id: &str, number: usize) -> Call {
        let content = json!({"type": "plain", "text": format!("сообщение {number}")});
        let body = Body::Json(json!({"to": self.chat, "message_id": id, "content": content}));
        let path = format!("/api/v3/teams/{}/ws/client.message.updated", self.team);
        Call::new(Method::POST, path, body)
    }

    fn invitation(&self) -> Call {
        let path = format!("/api/v3/teams/{}/invitations", self.team);
        let call = Call::new(Method::POST, path, Body::Json(json!({})));
        call.header("Idempotency-Key", Uuid::new_v4().to_string())
    }

    fn revocation(&self, uid: &str) -> Call {
        let path = format!("/api/v3/teams/{}/invitations/{uid}", self.team);
        let call = Call::new(Method::DELETE, path, Body::Empty);
        call.header("Idempotency-Key", Uuid::new_v4().to_string())
    }

    /// Repeats a call until it succeeds. Only a failure of the server may be repeated; a refusal fails the test.
    async fn until_acknowledged(&self, call: &Call) -> Answer {
        loop {
            match self.client.try_send(call.clone()).await {
                Ok(answer) if answer.status.is_success() => return answer,
                // Accepted; only the read model that the answer needs lags behind.
                Ok(answer) if answer.header("event-position").is_some() => return answer,
                Ok(answer) if answer.status.is_server_error() => {}
                Ok(answer) => panic!("refused under load:\n{answer}"),
                Err(_) => {}
            }
            tokio::time::sleep(BREATH).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Acknowledged> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parts of a stored event that acknowledgements are compared with.
#[derive(Clone, Debug)]
pub struct Stored {
    pub stream: String,
    pub kind: String,
    pub data: Vec<u8>,
}

impl Acknowledged {
    /// Checks that the log holds each acknowledged command exactly once, and that positions have no gaps.
    pub async fn is_in_the_log(&self, world: &World) {
        self.is_among(&stored::everything(world.log_url()).await);
    }

    /// Checks that each acknowledged command is among these events exactly once.
    pub fn is_among(&self, events: &[Stored]) {
        let mut posts: HashMap<String, usize> = HashMap::new();
        for event in events.iter().filter(|event| event.kind == "message.posted.v1") {
            if let Some((_, id)) = StreamName::stored(&event.stream).message_in() {
                *posts.entry(id.to_string()).or_default() += 1;
            }
        }
        let times = |id: &String| posts.get(id.as_str()).copied().unwrap_or_default();
        let unlike: Vec<_> =
            self.messages.iter().map(|id| (id, times(id))).filter(|(_, times)| *times != 1).collect();
        assert!(unlike.is_empty(), "acknowledged, but not once in the log: {unlike:?}");
        let invitations: Vec<_> =
            events.iter().filter(|event| event.kind == "invitation.created.v1").collect();
        for uid in self.invitations.iter().flatten() {
            let tells = |event: &&&Stored| String::from_utf8_lossy(&event.data).contains(uid.as_str());
            assert_eq!(invitations.iter().filter(tells).count(), 1, "invitation {uid} was acknowledged");
        }
        assert_eq!(invitations.len(), self.invitations.len(), "no invitation was made twice");
    }
}
