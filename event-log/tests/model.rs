//! The log against a simple model: for any sequence of calls both give the same answers.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]

use esdb_sim::Sim;
use event_log::{
    Append, AppendError, Appended, CommandRef, EventStoreDbLog, EventStoreDbSettings, Expected, Log,
    MemoryLog, NewEvent, PostgresLog, PostgresSettings,
    conformance::sample::{assert_ordered, event},
    testing::TestDatabase,
};
use events::{CommandId, EventId, Revision, StreamName};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::HashMap;
use uuid::Uuid;

/// One step of a sequence.
#[derive(Clone, Debug)]
enum Step {
    /// Append of new events.
    Append { stream: usize, expected: Expected, events: usize, command: Option<(usize, u8)> },
    /// Repetition of an earlier append, by its number, with a few events more or fewer.
    Repeat { number: usize, longer: i8 },
    /// Another process takes over.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let expected = prop_oneof![
        Just(Expected::NoStream),
        Just(Expected::Exists),
        Just(Expected::Any),
        (0..6_u64).prop_map(Expected::Revision),
    ];
    let command = proptest::option::weighted(0.3, (0..4_usize, 0..2_u8));
    prop_oneof![
        6 => (0..3_usize, expected, 1..4_usize, command)
            .prop_map(|(stream, expected, events, command)| Step::Append { stream, expected, events, command }),
        3 => (any::<usize>(), -1..2_i8).prop_map(|(number, longer)| Step::Repeat { number, longer }),
        1 => Just(Step::Reopen),
    ]
}

/// Outcome of an append, without positions.
#[derive(Debug, PartialEq)]
enum Outcome {
    Stored { first: Revision, last: Revision, repeated: bool },
    Conflict(Option<Revision>),
    CommandReused,
}

/// The model: lists of ids.
#[derive(Default)]
struct Model {
    streams: HashMap<StreamName, Vec<EventId>>,
    commands: HashMap<CommandId, (StreamName, [u8; 32], Revision, Revision)>,
}

impl Model {
    fn append(&mut self, asked: &Append) -> Outcome {
        if let Some(command) = asked.command
            && let Some((stream, fingerprint, first, last)) = self.commands.get(&command.id)
        {
            let same = *stream == asked.stream && *fingerprint == command.fingerprint;
            return match same {
                true => Outcome::Stored { first: *first, last: *last, repeated: true },
                false => Outcome::CommandReused,
            };
        }
        let stored = self.streams.entry(asked.stream.clone()).or_default();
        let ids: Vec<EventId> = asked.events.iter().map(|event| event.id).collect();
        let place = match asked.expected {
            Expected::NoStream => Some(0),
            Expected::Revision(revision) => Some(revision as usize + 1),
            Expected::Exists | Expected::Any => stored.len().checked_sub(ids.len()),
        };
        if let Some(first) = place
            && stored.get(first..first + ids.len()) == Some(&ids)
        {
            return outcome(first, ids.len(), true);
        }
        let passes = match asked.expected {
            Expected::NoStream => stored.is_empty(),
            Expected::Revision(revision) => stored.len() as u64 == revision + 1,
            Expected::Exists => !stored.is_empty(),
            Expected::Any => true,
        };
        if !passes {
            return Outcome::Conflict((stored.len() as u64).checked_sub(1));
        }
        let first = stored.len();
        stored.extend(&ids);
        if let Some(command) = asked.command {
            let kept = (asked.stream.clone(), command.fingerprint, first as u64, stored.len() as u64 - 1);
            self.commands.insert(command.id, kept);
        }
        outcome(first, ids.len(), false)
    }
}

fn outcome(first: usize, count: usize, repeated: bool) -> Outcome {
    Outcome::Stored { first: first as u64, last: (first + count - 1) as u64, repeated }
}

fn told(answer: &Result<Appended, AppendError>) -> Outcome {
    match answer {
        Ok(appended) => Outcome::Stored {
            first: appended.first_revision,
            last: appended.last_revision,
            repeated: appended.repeated,
        },
        Err(AppendError::Conflict { actual, .. }) => Outcome::Conflict(*actual),
        Err(AppendError::CommandReused) => Outcome::CommandReused,
        Err(error) => panic!("{error}"),
    }
}

/// Stream names and command ids of one sequence, so that sequences do not collide in one database.
struct Story {
    name: Uuid,
    asked: Vec<Append>,
}

impl Story {
    fn next(&mut self, step: &Step) -> Option<Append> {
        let asked = match step {
            Step::Append { stream, expected, events, command } => Append {
                stream: StreamName::stored(format!("{}-{stream}", self.name.simple())),
                expected: *expected,
                events: std::iter::repeat_with(event).take(*events).collect(),
                command: command.map(|(number, fingerprint)| CommandRef {
                    id: CommandId(Uuid::new_v5(&self.name, &number.to_be_bytes())),
                    fingerprint: [fingerprint; 32],
                }),
            },
            Step::Repeat { number, longer } => {
                let earlier = self.asked.get(number.checked_rem(self.asked.len())?)?;
                Append { events: resized(&earlier.events, *longer), ..earlier.clone() }
            }
            Step::Reopen => return None,
        };
        self.asked.push(asked.clone());
        Some(asked)
    }
}

fn resized(events: &[NewEvent], longer: i8) -> Vec<NewEvent> {
    match longer {
        1 => events.iter().cloned().chain([event()]).collect(),
        -1 if events.len() > 1 => events[1..].to_vec(),
        _ => events.to_vec(),
    }
}

async fn play(steps: &[Step], open: impl AsyncFn() -> Log) {
    let mut log = open().await;
    let mut model = Model::default();
    let mut story = Story { name: Uuid::new_v4(), asked: Vec::new() };
    let mut positions: HashMap<(StreamName, Revision), u64> = HashMap::new();
    for step in steps {
        let Some(asked) = story.next(step) else {
            log = open().await;
            continue;
        };
        let answer = log.append(asked.clone()).await;
        assert_eq!(told(&answer), model.append(&asked), "{asked:?}");
        if let Ok(appended) = answer {
            let last = (appended.stream, appended.last_revision);
            let first_told = *positions.entry(last).or_insert(appended.position);
            assert_eq!(first_told, appended.position, "an event keeps its position");
        }
    }
    for (stream, ids) in &model.streams {
        let stored = log.read_stream(stream, 0, 1_000).await.expect("read");
        assert_eq!(&stored.iter().map(|event| event.id).collect::<Vec<_>>(), ids);
    }
}

/// Plays the same sequences in every run.
fn stories(cases: u32, play: impl Fn(Vec<Step>)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&vec(step(), 1..40), |steps| {
        play(steps);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

#[test]
fn memory_log_equals_the_model() {
    let runtime = runtime();
    stories(256, |steps| {
        let store = MemoryLog::new();
        runtime.block_on(play(&steps, async || Log::Memory(store.reopen())));
    });
}

#[test]
fn postgres_log_equals_the_model() {
    let runtime = runtime();
    let database = runtime.block_on(TestDatabase::create());
    let pool = runtime.block_on(database.pool());
    runtime.block_on(PostgresLog::migrate(&pool)).expect("the migrations apply");
    let open = async || {
        Log::Postgres(PostgresLog::open(pool.clone(), PostgresSettings::default()).await.expect("a log"))
    };
    stories(48, |steps| runtime.block_on(play(&steps, open)));
    // No more than ordered: sequences may store events twice by repeating with a loose expectation.
    runtime.block_on(async { assert_ordered(&open().await).await });
    runtime.block_on(database.drop_now());
}

#[test]
fn eventstoredb_log_equals_the_model() {
    let runtime = runtime();
    let server = runtime.block_on(Sim::start()).expect("a port is free");
    let url = server.url();
    let open = async || {
        let log = EventStoreDbLog::open(&url, EventStoreDbSettings::default()).await;
        Log::EventStoreDb(log.expect("a log"))
    };
    // Fewer: each new client reads the system's certificates, even if it needs none.
    stories(12, |steps| runtime.block_on(play(&steps, open)));
    runtime.block_on(async { assert_ordered(&open().await).await });
}
