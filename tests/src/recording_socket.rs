//! A websocket that only receives, in a task of its own, and records the new messages of one chat.

use crate::{eventually, person::Person, socket::Next};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;

/// A message that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedMessage {
    pub id: String,
    /// The id of the message before it in the chat.
    pub prev: Option<String>,
}

pub struct RecordingSocket {
    received: Arc<Mutex<Vec<RecordedMessage>>>,
    task: JoinHandle<()>,
}

impl RecordingSocket {
    /// Opens a socket in a team and records the new messages of a chat.
    pub async fn open(person: &Person, team: &str, chat: &str) -> Self {
        let mut socket = person.socket(team).await;
        socket.ask("client.ping", Value::Null).await;
        let received = Arc::<Mutex<Vec<RecordedMessage>>>::default();
        let (chat, notes) = (chat.to_owned(), received.clone());
        let task = tokio::spawn(async move {
            while let Next::Frame(frame) = socket.next().await {
                let params = &frame["params"];
                if frame["event"] == "server.message.updated" && params["delayed"] == false {
                    let messages = params["messages"].as_array().into_iter().flatten();
                    let new = messages.filter(|message| message["chat"] == chat.as_str()).filter_map(note);
                    notes.lock().unwrap_or_else(PoisonError::into_inner).extend(new);
                }
            }
        });
        Self { received, task }
    }

    /// Messages received so far, in order.
    pub fn received(&self) -> Vec<RecordedMessage> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until all these messages were received.
    pub async fn has_received(&self, ids: &[String]) {
        eventually::within(eventually::START_GUARD, "all messages are received", async || {
            let received = self.received();
            ids.iter().all(|id| received.iter().any(|one| one.id == *id)).then_some(())
        })
        .await;
    }

    /// Checks that messages were received once each and in the order of the chat.
    pub fn received_in_order(&self) {
        let received = self.received();
        for pair in received.windows(2) {
            assert_eq!(
                pair[1].prev.as_ref(),
                Some(&pair[0].id),
                "{:?} is followed by {:?}",
                pair[0],
                pair[1]
            );
        }
    }
}

impl Drop for RecordingSocket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn note(message: &Value) -> Option<RecordedMessage> {
    Some(RecordedMessage {
        id: message["message_id"].as_str()?.to_owned(),
        prev: message["prev"].as_str().map(str::to_owned),
    })
}
