//! A socket that only listens, in a task of its own, and remembers which messages of a chat it was told of.

use crate::{patience, person::Person, socket::Next};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;

/// What was heard of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its id.
    pub id: String,
    /// The id of the one before it in the chat.
    pub prev: Option<String>,
}

/// A listening socket.
pub struct Ear {
    heard: Arc<Mutex<Vec<Heard>>>,
    task: JoinHandle<()>,
}

impl Ear {
    /// Opens a socket in a team and listens to new messages of a chat.
    pub async fn open(person: &Person, team: &str, chat: &str) -> Self {
        let mut socket = person.socket(team).await;
        socket.ask("client.ping", Value::Null).await;
        let heard = Arc::<Mutex<Vec<Heard>>>::default();
        let (chat, notes) = (chat.to_owned(), heard.clone());
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
        Self { heard, task }
    }

    /// What it has heard, in order.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has heard all of these.
    pub async fn has_heard(&self, ids: &[String]) {
        patience::within(patience::START_GUARD, "all messages are heard", async || {
            let heard = self.heard();
            ids.iter().all(|id| heard.iter().any(|one| one.id == *id)).then_some(())
        })
        .await;
    }

    /// Checks that nothing was heard twice or in another order than the chat has.
    ///
    /// # Panics
    /// It was.
    pub fn heard_in_order(&self) {
        let heard = self.heard();
        for pair in heard.windows(2) {
            assert_eq!(pair[1].prev.as_ref(), Some(&pair[0].id), "behind {:?} comes {:?}", pair[0], pair[1]);
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn note(message: &Value) -> Option<Heard> {
    Some(Heard {
        id: message["message_id"].as_str()?.to_owned(),
        prev: message["prev"].as_str().map(str::to_owned),
    })
}
