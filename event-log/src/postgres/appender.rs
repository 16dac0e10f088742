//! The one task of a process that appends. It stores all queued appends in one transaction, so that the disk's sync
//! rate does not bound the append rate. It delays nothing to enlarge a batch: the next batch gathers while the current
//! one is stored.

use super::{
    batch::{Lookup, Plan},
    recent::RecentEvents,
    statements,
};
use crate::{Append, AppendError, Appended, Cause, Expected, append::MAX_APPEND_EVENTS, head::KnownHead};
use events::{Position, Revision};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

/// Maximum number of events in a batch: beyond it the commit's share is small and latency grows.
const MAX_BATCH_EVENTS: usize = MAX_APPEND_EVENTS;
/// Maximum payload of a batch in bytes, unless a single append is larger.
const MAX_BATCH_BYTES: usize = 1 << 20;
/// No healthy batch takes as long; the connection is dropped after it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause before the first retry of a batch; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

type Answer = Result<Appended, AppendError>;

/// A queued append.
#[derive(Debug)]
pub(super) struct Request {
    append: Append,
    reply: oneshot::Sender<Answer>,
    /// Share of the queue's budget, released with the answer.
    _room: OwnedSemaphorePermit,
}

impl Request {
    /// An append with the channel for its answer.
    pub(super) fn new(append: Append, reply: oneshot::Sender<Answer>, room: OwnedSemaphorePermit) -> Self {
        Self { append, reply, _room: room }
    }
}

/// State of the task.
#[derive(Debug)]
pub(super) struct Appender {
    requests: mpsc::Receiver<Request>,
    /// Taken from the queue, but too large for the current batch.
    deferred: Option<Request>,
    stop: Arc<Notify>,
    observers: Observers,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    give_up_after: Duration,
    /// Other processes append too: lock the head first, or they might always be faster.
    contended: bool,
    /// Position after our last batch, `None` before the first one.
    last_head: Option<Position>,
    /// The last batch was given up: the next ones get one attempt each, so that the queue drains quickly.
    down: bool,
}

/// Receivers of what was appended.
#[derive(Debug)]
pub(super) struct Observers {
    /// Highest known position.
    pub(super) head: Arc<KnownHead>,
    /// Most recent events.
    pub(super) tail: Arc<RecentEvents>,
}

/// Events that attempts with an unknown outcome may have stored.
#[derive(Clone, Debug, Default)]
struct InFlight {
    /// There was such an attempt.
    any: bool,
    /// First revision at which the last such attempt put each request.
    tried: Vec<Option<Revision>>,
}

impl InFlight {
    /// Records an attempt before it is sent.
    fn sending(&mut self, answers: &[Answer]) {
        self.any = true;
        self.tried = answers
            .iter()
            .map(|answer| answer.as_ref().ok().map(|appended| appended.first_revision))
            .collect();
    }

    fn first_revision(&self, index: usize) -> Option<Revision> {
        self.tried.get(index).copied().flatten()
    }
}

impl Appender {
    /// Creates the task's state; nothing runs yet.
    pub(super) fn new(
        requests: mpsc::Receiver<Request>,
        stop: Arc<Notify>,
        observers: Observers,
        options: PgConnectOptions,
        give_up_after: Duration,
    ) -> Self {
        Self {
            requests,
            deferred: None,
            stop,
            observers,
            options: options.application_name("veche-log"),
            connection: None,
            give_up_after,
            contended: false,
            last_head: None,
            down: false,
        }
    }

    /// Runs until all senders are gone, or until it is stopped and the queue is empty.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.next().await {
            let requests = self.gather(first);
            if !requests.is_empty() {
                self.store(requests).await;
            }
        }
        if let Some(connection) = self.connection.take() {
            // A failure to say goodbye is harmless: Postgres notices a closed socket.
            let _ = connection.close().await;
        }
    }

    async fn next(&mut self) -> Option<Request> {
        if let Some(request) = self.deferred.take() {
            return Some(request);
        }
        let request = tokio::select! {
            request = self.requests.recv() => request,
            () = self.stop.notified() => {
                self.requests.close();
                self.requests.recv().await
            }
        };
        // The callers that the last batch woke are about to append again: yielding to them costs microseconds and
        // fills the batch.
        tokio::task::yield_now().await;
        request
    }

    /// The first request and the queued ones that fit with it, without those whose callers are gone.
    fn gather(&mut self, first: Request) -> Vec<Request> {
        let mut events = first.append.events.len();
        let mut bytes = first.append.size();
        let mut requests = vec![first];
        while let Ok(request) = self.requests.try_recv() {
            events += request.append.events.len();
            bytes += request.append.size();
            if events > MAX_BATCH_EVENTS || bytes > MAX_BATCH_BYTES {
                self.deferred = Some(request);
                break;
            }
            requests.push(request);
        }
        requests.retain(|request| !request.reply.is_closed());
        requests
    }

    /// Stores a batch, retrying as needed, and answers its callers.
    async fn store(&mut self, requests: Vec<Request>) {
        let patience = if self.down { Duration::ZERO } else { self.give_up_after };
        let deadline = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        let mut in_flight = InFlight::default();
        loop {
            let error = match timeout(ATTEMPT_TIMEOUT, self.attempt(&requests, &mut in_flight)).await {
                Ok(Ok(Some(answers))) => {
                    self.down = false;
                    return answer(requests, answers);
                }
                // Another process was faster: lock the head from now on.
                Ok(Ok(None)) => continue,
                Ok(Err(error)) => Cause::new(error),
                Err(elapsed) => Cause::new(elapsed),
            };
            // The state of this connection is unknown.
            self.connection = None;
            if Instant::now() + pause > deadline {
                tracing::error!(%error, requests = requests.len(), "giving up a batch of appends");
                self.down = true;
                return give_up(requests, &error, in_flight.any);
            }
            tracing::warn!(%error, requests = requests.len(), "retrying a batch of appends");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Makes one attempt; `None` if another process appended between reading and writing.
    ///
    /// It may be repeated after any error: the next read finds what was stored, and a write whose outcome is unknown
    /// can only still take effect while the head is unmoved, in which case the next write finds the head moved.
    async fn attempt(
        &mut self,
        requests: &[Request],
        in_flight: &mut InFlight,
    ) -> Result<Option<Vec<Answer>>, sqlx::Error> {
        if let Some(answers) = self.attempt_unseen(requests, in_flight).await? {
            return Ok(Some(answers));
        }
        let connection = connection(&mut self.connection, &self.options).await?;
        let locked = self.contended;
        if locked {
            statements::lock_head(connection).await?;
        }
        let lookups = requests
            .iter()
            .enumerate()
            .map(|(index, request)| Lookup::about(&request.append, in_flight.first_revision(index)));
        let (head, facts) = statements::look(connection, &lookups.collect::<Vec<_>>()).await?;
        let appends = requests
            .iter()
            .enumerate()
            .map(|(index, request)| (&request.append, in_flight.first_revision(index)));
        let plan = Plan::make(head, appends, &facts);
        let stored = send(connection, &plan, locked, in_flight).await?;
        if !stored {
            self.contended = true;
            return Ok(None);
        }
        self.contended = locked && Some(head) != self.last_head;
        Ok(Some(self.stored(plan)))
    }

    /// Writes without reading first. Correct if the head is where our last batch ended and all appends begin new
    /// streams; if a stream or a receipt exists after all, Postgres refuses the rows and stores nothing.
    async fn attempt_unseen(
        &mut self,
        requests: &[Request],
        in_flight: &mut InFlight,
    ) -> Result<Option<Vec<Answer>>, sqlx::Error> {
        let new = requests.iter().all(|request| request.append.expected == Expected::NoStream);
        let Some(head) = self.last_head.filter(|_| new && !in_flight.any && !self.contended) else {
            return Ok(None);
        };
        let plan = Plan::of_new_streams(head, requests.iter().map(|request| (&request.append, None)));
        let connection = connection(&mut self.connection, &self.options).await?;
        match send(connection, &plan, false, in_flight).await {
            Ok(true) => Ok(Some(self.stored(plan))),
            Ok(false) => Ok(None),
            Err(error) if statements::is_taken(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Publishes the rows of a committed plan.
    fn stored(&mut self, plan: Plan<'_>) -> Vec<Answer> {
        let head = plan.new_head();
        self.last_head = Some(head);
        self.observers.tail.push(plan.events());
        self.observers.head.advance(head);
        plan.answers
    }
}

/// The connection, opened if needed.
async fn connection<'c>(
    connection: &'c mut Option<PgConnection>,
    options: &PgConnectOptions,
) -> Result<&'c mut PgConnection, sqlx::Error> {
    Ok(match connection {
        Some(connection) => connection,
        none => none.insert(statements::connect(options).await?),
    })
}

/// Writes a plan if it has rows, and ends the transaction if one was begun. `false`: the head had moved and nothing
/// was stored.
async fn send(
    connection: &mut PgConnection,
    plan: &Plan<'_>,
    locked: bool,
    in_flight: &mut InFlight,
) -> Result<bool, sqlx::Error> {
    let before = in_flight.clone();
    let mut stored = true;
    if plan.new_head() > plan.head {
        in_flight.sending(&plan.answers);
        stored = match statements::write(connection, plan.head, &plan.rows).await {
            Err(error) if statements::was_refused(&error) => {
                *in_flight = before;
                return Err(error);
            }
            other => other?,
        };
    }
    if locked {
        statements::commit(connection).await?;
    }
    if !stored {
        *in_flight = before;
    }
    Ok(stored)
}

/// Callers that are gone are skipped.
fn answer(requests: Vec<Request>, answers: Vec<Answer>) {
    for (request, answer) in requests.into_iter().zip(answers) {
        let _ = request.reply.send(answer);
    }
}

fn give_up(requests: Vec<Request>, error: &Cause, in_doubt: bool) {
    let failure = if in_doubt { AppendError::Unknown } else { AppendError::Unavailable };
    let answers = requests.iter().map(|_| Err(failure(error.clone()))).collect();
    answer(requests, answers);
}
