//! The one task of a process that appends: it takes what is waiting and stores it in one transaction, so that the
//! disk's sync rate does not bound the rate of appends. Nothing is delayed to make a batch larger: while one is being
//! stored the next one gathers.

use super::{
    batch::{Plan, Question},
    statements,
    tail::Tail,
};
use crate::{Append, AppendError, Appended, Cause, Expected, append::MAX_APPEND_EVENTS, head::KnownHead};
use events::{Position, Revision};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

/// The most events of a batch: beyond, the commit's share is small already and waiting grows.
const MAX_BATCH_EVENTS: usize = MAX_APPEND_EVENTS;
/// The most payload of a batch, unless a single append is larger.
const MAX_BATCH_BYTES: usize = 1 << 20;
/// No healthy batch takes as long; a connection that does is given up.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// The first pause before a batch is tried again; each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

type Answer = Result<Appended, AppendError>;

/// An append that waits.
#[derive(Debug)]
pub(super) struct Request {
    append: Append,
    reply: oneshot::Sender<Answer>,
    /// Its share of the queue, given back when it is answered.
    _room: OwnedSemaphorePermit,
}

impl Request {
    /// An append, and who waits for it.
    pub(super) fn new(append: Append, reply: oneshot::Sender<Answer>, room: OwnedSemaphorePermit) -> Self {
        Self { append, reply, _room: room }
    }
}

/// The task's state.
#[derive(Debug)]
pub(super) struct Appender {
    requests: mpsc::Receiver<Request>,
    /// Taken from the queue, but too large for the batch of that moment.
    left_over: Option<Request>,
    stop: Arc<Notify>,
    news: News,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    give_up_after: Duration,
    /// Others append too: lock the head first, else they might for ever be faster.
    contended: bool,
    /// Where our last batch ended; nothing before there was one.
    last_head: Option<Position>,
    /// The last batch was given up: the next ones get one attempt, so that a queue does not wait for each in turn.
    down: bool,
}

/// Where it is told what was appended.
#[derive(Debug)]
pub(super) struct News {
    /// The newest position.
    pub(super) head: Arc<KnownHead>,
    /// The newest events.
    pub(super) tail: Arc<Tail>,
}

/// What may have been stored by attempts whose outcome was not heard.
#[derive(Clone, Debug, Default)]
struct Doubt {
    /// There was such an attempt.
    any: bool,
    /// Where it put each request.
    tried: Vec<Option<Revision>>,
}

impl Doubt {
    /// An attempt is about to be sent.
    fn sending(&mut self, answers: &[Answer]) {
        self.any = true;
        self.tried = answers
            .iter()
            .map(|answer| answer.as_ref().ok().map(|appended| appended.first_revision))
            .collect();
    }

    fn of(&self, index: usize) -> Option<Revision> {
        self.tried.get(index).copied().flatten()
    }
}

impl Appender {
    /// A task that has not begun.
    pub(super) fn new(
        requests: mpsc::Receiver<Request>,
        stop: Arc<Notify>,
        news: News,
        options: PgConnectOptions,
        give_up_after: Duration,
    ) -> Self {
        Self {
            requests,
            left_over: None,
            stop,
            news,
            options: options.application_name("veche-log"),
            connection: None,
            give_up_after,
            contended: false,
            last_head: None,
            down: false,
        }
    }

    /// Works until nobody can ask any more, or until told to stop and all that waited is answered.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.next().await {
            let requests = self.gather(first);
            if !requests.is_empty() {
                self.store(requests).await;
            }
        }
        if let Some(connection) = self.connection.take() {
            // Postgres would notice by itself.
            let _ = connection.close().await;
        }
    }

    async fn next(&mut self) -> Option<Request> {
        if let Some(request) = self.left_over.take() {
            return Some(request);
        }
        let request = tokio::select! {
            request = self.requests.recv() => request,
            () = self.stop.notified() => {
                self.requests.close();
                self.requests.recv().await
            }
        };
        // Those whom the last batch woke are about to ask again: let them, it costs microseconds.
        tokio::task::yield_now().await;
        request
    }

    /// The first request and what waits behind it, without those whose callers have gone.
    fn gather(&mut self, first: Request) -> Vec<Request> {
        let mut events = first.append.events.len();
        let mut bytes = first.append.size();
        let mut requests = vec![first];
        while let Ok(request) = self.requests.try_recv() {
            events += request.append.events.len();
            bytes += request.append.size();
            if events > MAX_BATCH_EVENTS || bytes > MAX_BATCH_BYTES {
                self.left_over = Some(request);
                break;
            }
            requests.push(request);
        }
        requests.retain(|request| !request.reply.is_closed());
        requests
    }

    /// Stores a batch, however many attempts it takes, and answers everybody in it.
    async fn store(&mut self, requests: Vec<Request>) {
        let patience = if self.down { Duration::ZERO } else { self.give_up_after };
        let deadline = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        let mut doubt = Doubt::default();
        loop {
            let error = match timeout(ATTEMPT_TIMEOUT, self.attempt(&requests, &mut doubt)).await {
                Ok(Ok(Some(answers))) => {
                    self.down = false;
                    return answer(requests, answers);
                }
                // Somebody else was faster; from now on we lock.
                Ok(Ok(None)) => continue,
                Ok(Err(error)) => Cause::new(error),
                Err(elapsed) => Cause::new(elapsed),
            };
            // Nobody knows what this connection is in the middle of.
            self.connection = None;
            if Instant::now() + pause > deadline {
                tracing::error!(%error, requests = requests.len(), "appends were given up");
                self.down = true;
                return give_up(requests, &error, doubt.any);
            }
            tracing::warn!(%error, requests = requests.len(), "appends are tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One attempt; `None` if somebody else appended between looking and writing.
    ///
    /// It may be repeated after any error: the next look finds what was stored, and what was sent but not heard of can
    /// only still be stored while the head is where it was, in which case the next write finds the head moved.
    async fn attempt(
        &mut self,
        requests: &[Request],
        doubt: &mut Doubt,
    ) -> Result<Option<Vec<Answer>>, sqlx::Error> {
        if let Some(answers) = self.attempt_unseen(requests, doubt).await? {
            return Ok(Some(answers));
        }
        let connection = connection(&mut self.connection, &self.options).await?;
        let locked = self.contended;
        if locked {
            statements::lock_head(connection).await?;
        }
        let questions = requests
            .iter()
            .enumerate()
            .map(|(index, request)| Question::about(&request.append, doubt.of(index)));
        let (head, looks) = statements::look(connection, &questions.collect::<Vec<_>>()).await?;
        let appends = requests.iter().enumerate().map(|(index, request)| (&request.append, doubt.of(index)));
        let plan = Plan::make(head, appends, &looks);
        let stored = send(connection, &plan, locked, doubt).await?;
        if !stored {
            self.contended = true;
            return Ok(None);
        }
        self.contended = locked && Some(head) != self.last_head;
        Ok(Some(self.stored(plan)))
    }

    /// An attempt that writes without having looked: right if the head is where our last batch ended, and all appends
    /// begin streams. If a stream exists after all, or a command's receipt does, Postgres refuses the rows, and nothing
    /// was stored.
    async fn attempt_unseen(
        &mut self,
        requests: &[Request],
        doubt: &mut Doubt,
    ) -> Result<Option<Vec<Answer>>, sqlx::Error> {
        let new = requests.iter().all(|request| request.append.expected == Expected::NoStream);
        let Some(head) = self.last_head.filter(|_| new && !doubt.any && !self.contended) else {
            return Ok(None);
        };
        let plan = Plan::of_new_streams(head, requests.iter().map(|request| (&request.append, None)));
        let connection = connection(&mut self.connection, &self.options).await?;
        match send(connection, &plan, false, doubt).await {
            Ok(true) => Ok(Some(self.stored(plan))),
            Ok(false) => Ok(None),
            Err(error) if statements::is_taken(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A plan's rows are committed: tells of them.
    fn stored(&mut self, plan: Plan<'_>) -> Vec<Answer> {
        let head = plan.new_head();
        self.last_head = Some(head);
        self.news.tail.push(plan.events());
        self.news.head.advance(head);
        plan.answers
    }
}

/// The connection, made where there is none.
async fn connection<'c>(
    connection: &'c mut Option<PgConnection>,
    options: &PgConnectOptions,
) -> Result<&'c mut PgConnection, sqlx::Error> {
    Ok(match connection {
        Some(connection) => connection,
        none => none.insert(statements::connect(options).await?),
    })
}

/// Writes a plan, if it has anything to write, and ends the transaction, if one was begun. `false`: nothing was
/// stored, the head had moved.
async fn send(
    connection: &mut PgConnection,
    plan: &Plan<'_>,
    locked: bool,
    doubt: &mut Doubt,
) -> Result<bool, sqlx::Error> {
    let before = doubt.clone();
    let mut stored = true;
    if plan.new_head() > plan.head {
        doubt.sending(&plan.answers);
        stored = match statements::write(connection, plan.head, &plan.rows).await {
            Err(error) if statements::was_refused(&error) => {
                *doubt = before;
                return Err(error);
            }
            other => other?,
        };
    }
    if locked {
        statements::commit(connection).await?;
    }
    if !stored {
        *doubt = before;
    }
    Ok(stored)
}

/// A caller who has gone does not hear it.
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
