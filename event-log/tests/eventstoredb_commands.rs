//! Commands in EventStoreDB: two streams without a transaction, and a process that may die between any two calls.

use esdb_sim::{Call, Fault, Rule, Sim};
use event_log::{
    Append, AppendError, CommandRef, EventStoreDbLog, EventStoreDbSettings, Expected, Log,
    conformance::sample::{append, assert_sound, assert_stored, command, events},
};
use std::time::{Duration, Instant};

/// Substrings of the names of streams with events, and of those with claims.
const EVENTS: &str = ".sample-";
const CLAIMS: &str = "-command-";

async fn open(server: &Sim, give_up_after: Duration) -> Log {
    let within = Duration::from_millis(400);
    let settings = EventStoreDbSettings { give_up_after, within, ..EventStoreDbSettings::default() };
    Log::EventStoreDb(EventStoreDbLog::open(&server.url(), settings).await.expect("the log opens"))
}

/// Simulates a process that dies in the middle of this append: it gets no answer and does nothing afterwards.
async fn die_at(server: &Sim, stream: &'static str, fault: Fault, asked: &Append) {
    server.fail(Rule { call: Call::Append, stream, fault, times: 1 });
    let outcome = open(server, Duration::ZERO).await.append(asked.clone()).await;
    assert!(matches!(outcome, Err(AppendError::Unknown(_))), "{outcome:?}");
}

fn commanded(command: CommandRef, expected: Expected) -> Append {
    Append { command: Some(command), ..append("a", expected, 2) }
}

/// Every point of death, followed by the same request with the same events, or decided again.
#[tokio::test]
async fn command_survives_a_crash_at_any_point() {
    let points =
        [(CLAIMS, Fault::Ignore), (CLAIMS, Fault::Hang), (EVENTS, Fault::Ignore), (EVENTS, Fault::Hang)];
    for (stream, fault) in points {
        for anew in [false, true] {
            let server = Sim::start().await.expect("a port is free");
            let first = commanded(command(), Expected::NoStream);
            die_at(&server, stream, fault.clone(), &first).await;
            let log = open(&server, Duration::from_secs(5)).await;
            let id = first.command.expect("it has one").id;
            let happened = (stream, &fault) == (EVENTS, &Fault::Hang);
            assert_eq!(log.receipt(id).await.expect("read").is_some(), happened, "{stream} {fault:?}");
            let again = if anew { Append { events: events(2), ..first.clone() } } else { first.clone() };
            let answer = log.append(again.clone()).await.expect("carried out");
            let all = assert_sound(&log).await;
            let stored = if happened { &first } else { &again };
            assert_stored(&all, &stored.events, &answer);
            assert_eq!(all.len(), 2, "{stream} {fault:?}");
            assert_eq!(log.receipt(id).await.expect("read").expect("kept").position, answer.position);
        }
    }
}

/// The claim's writer is slow, not dead: the second caller waits, then both compete for one place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_fast_writer_of_one_command_append_once() {
    for delay in [100, 700, 1_500] {
        let server = Sim::start().await.expect("a port is free");
        let slow = Fault::Delay(Duration::from_millis(delay));
        server.fail(Rule { call: Call::Append, stream: EVENTS, fault: slow, times: 1 });
        let settings = EventStoreDbSettings::default();
        let first = EventStoreDbLog::open(&server.url(), settings.clone()).await.expect("the log opens");
        let second = EventStoreDbLog::open(&server.url(), settings).await.expect("the log opens");
        let asked = commanded(command(), Expected::Any);
        let other = Append { events: events(2), ..asked.clone() };
        let late = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Log::EventStoreDb(second.clone()).append(other).await.expect("carried out or found")
        };
        let log = Log::EventStoreDb(first);
        let (one, two) = tokio::join!(log.append(asked.clone()), late);
        let one = one.expect("carried out or found");
        assert_eq!(one.position, two.position, "{delay} ms");
        assert!(one.repeated != two.repeated, "{delay} ms: {one:?} {two:?}");
        assert_eq!(assert_sound(&log).await.len(), 2, "{delay} ms");
    }
}

/// A claim without events may still be fulfilled, so another request may not use its id; once the place is taken, it
/// may.
#[tokio::test]
async fn open_claim_reserves_its_id_until_its_place_is_taken() {
    let server = Sim::start().await.expect("a port is free");
    let first = commanded(command(), Expected::NoStream);
    die_at(&server, EVENTS, Fault::Ignore, &first).await;
    let log = open(&server, Duration::from_secs(5)).await;
    let other = CommandRef { fingerprint: [9; 32], ..first.command.expect("it has one") };
    let begun = Instant::now();
    let outcome = log.append(commanded(other, Expected::NoStream)).await;
    assert!(matches!(outcome, Err(AppendError::CommandReused)), "{outcome:?}");
    assert!(begun.elapsed() >= Duration::from_millis(400), "the other one was waited for");
    log.append(append("a", Expected::NoStream, 1)).await.expect("stored");
    let answer = log.append(commanded(other, Expected::Revision(0))).await.expect("the id is free again");
    assert_eq!((answer.first_revision, answer.repeated), (1, false));
    assert_eq!(assert_sound(&log).await.len(), 3);
}

/// An expected revision beyond the end of the stream is refused without a claim, which would be fulfilled when the
/// stream gets there.
#[tokio::test]
async fn command_ahead_of_its_stream_leaves_no_claim() {
    let server = Sim::start().await.expect("a port is free");
    let log = open(&server, Duration::from_secs(5)).await;
    let ahead = commanded(command(), Expected::Revision(3));
    let outcome = log.append(ahead.clone()).await;
    assert!(matches!(outcome, Err(AppendError::Conflict { actual: None, .. })), "{outcome:?}");
    assert_eq!(server.calls("Append"), 0);
    let now = Append { expected: Expected::NoStream, ..ahead };
    assert!(!log.append(now).await.expect("stored").repeated);
}

/// In the usual case a command costs two writes and no read.
#[tokio::test]
async fn command_costs_two_writes() {
    let server = Sim::start().await.expect("a port is free");
    let log = open(&server, Duration::from_secs(5)).await;
    let reads = server.calls("Read");
    for round in 0..5_u64 {
        let expected = round.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
        log.append(Append { command: Some(command()), ..append("a", expected, 1) }).await.expect("stored");
    }
    assert_eq!((server.calls("Append"), server.calls("Read") - reads), (10, 0));
}
