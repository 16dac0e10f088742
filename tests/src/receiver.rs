//! A web server that receives webhooks, keeps them, and answers with given statuses.

use crate::eventually::HANG_GUARD;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

/// A received request.
#[derive(Clone, Debug)]
pub struct Hook {
    pub headers: HeaderMap,
    /// Fields of the form, in order.
    pub form: Vec<(String, String)>,
}

/// A running server, until it is dropped.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    hooks: mpsc::UnboundedReceiver<Hook>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Counter {
    hooks: mpsc::UnboundedSender<Hook>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    /// Starts a server that answers with these statuses in turn, then with 200.
    pub async fn start(answers: &[u16]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (sender, hooks) = mpsc::unbounded_channel();
        let counter =
            Counter { hooks: sender, answers: Arc::new(Mutex::new(answers.iter().copied().collect())) };
        let router = Router::new().route("/hook", post(receive)).with_state(counter);
        // It ends with the runtime at the latest; a failure shows as a webhook that does not arrive.
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Self { url: format!("http://127.0.0.1:{port}/hook"), hooks, server }
    }

    /// The server's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the next request.
    pub async fn next(&mut self) -> Hook {
        let next = tokio::time::timeout(HANG_GUARD, self.hooks.recv()).await;
        next.ok().flatten().expect("the integration is called")
    }

    /// Number of requests received and not yet taken.
    pub fn waiting(&self) -> usize {
        self.hooks.len()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Hook {
    /// A field of the form, which must be there.
    pub fn field(&self, name: &str) -> &str {
        let found = self.form.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no field {name} in {:?}", self.form))
    }

    /// The names of the fields, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.form.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

async fn receive(State(counter): State<Counter>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let form = form_urlencoded::parse(&body).into_owned().collect();
    // The receiver is gone when the test is over.
    let _ = counter.hooks.send(Hook { headers, form });
    let status = counter.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    StatusCode::from_u16(status.unwrap_or(200)).unwrap_or(StatusCode::OK)
}
