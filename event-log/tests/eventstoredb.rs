//! Faults specific to EventStoreDB and its client: connections, nodes, lost answers, events of others.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]

use esdb_sim::{Call, Code, Fault, Rule, Sim};
use event_log::{
    Append, AppendError, Appended, EventStoreDbLog, EventStoreDbSettings, Expected, Log, NewEvent, ReadError,
    conformance::sample::{append, assert_sound, assert_stored, event, stream},
};
use futures::future::join_all;
use std::time::{Duration, Instant};

/// Settings under which the adapter gives up at the first failure.
fn impatient() -> EventStoreDbSettings {
    EventStoreDbSettings {
        give_up_after: Duration::ZERO,
        within: Duration::from_millis(500),
        ..EventStoreDbSettings::default()
    }
}

/// Settings under which the adapter never gives up within a test and notices hanging calls soon.
fn patient() -> EventStoreDbSettings {
    EventStoreDbSettings {
        give_up_after: Duration::from_secs(60),
        within: Duration::from_millis(500),
        ..EventStoreDbSettings::default()
    }
}

async fn server() -> Sim {
    Sim::start().await.expect("a port is free")
}

async fn open_adapter(url: &str, settings: EventStoreDbSettings) -> EventStoreDbLog {
    EventStoreDbLog::open(url, settings).await.expect("the log opens")
}

async fn open(url: &str, settings: EventStoreDbSettings) -> Log {
    Log::EventStoreDb(open_adapter(url, settings).await)
}

fn once(call: Call, stream: &'static str, fault: Fault) -> Rule {
    Rule { call, stream, fault, times: 1 }
}

/// Appends until the answer is definite, repeating with the same ids as callers must.
async fn insist(log: &Log, asked: &Append) -> Result<Appended, AppendError> {
    loop {
        match log.append(asked.clone()).await {
            Err(AppendError::Unknown(_) | AppendError::Unavailable(_) | AppendError::Overloaded) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            settled => return settled,
        }
    }
}

/// Each call is two small writes; without the relay the second waits 40 ms for the acknowledgement of the first.
#[tokio::test]
async fn idle_call_through_the_relay_takes_no_40_ms() {
    let server = server().await;
    assert!(median_append(&server.url()).await < Duration::from_millis(30));
}

/// In a cluster there can be no relay; the socket option does the same.
#[tokio::test]
async fn idle_call_to_a_cluster_takes_no_40_ms() {
    let first = server().await;
    let second = first.another_node().await.expect("a port is free");
    let ports = [first.port(), second.port()];
    first.set_cluster(&ports, ports[0]);
    second.set_cluster(&ports, ports[0]);
    let url = format!("esdb://127.0.0.1:{},127.0.0.1:{}?tls=false", ports[0], ports[1]);
    let median = median_append(&url).await;
    let ourselves =
        rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty());
    let second_descriptor = ourselves
        .and_then(|pid| rustix::process::pidfd_getfd(pid, 0, rustix::process::PidfdGetfdFlags::empty()));
    match second_descriptor {
        Ok(_) => assert!(median < Duration::from_millis(30), "the median is {median:?}"),
        Err(error) => println!("pidfd_getfd is not permitted here ({error}): the median is {median:?}"),
    }
}

async fn median_append(url: &str) -> Duration {
    let log = open(url, EventStoreDbSettings::default()).await;
    let mut times = Vec::new();
    for number in 0..31 {
        let begun = Instant::now();
        log.append(append(&format!("s{number}"), Expected::NoStream, 1)).await.expect("stored");
        times.push(begun.elapsed());
    }
    times.sort();
    times[15]
}

/// The client's task ends with its first failed connection.
#[tokio::test]
async fn failed_first_connection_is_retried() {
    let server = server().await;
    server.fail(Rule { times: 2, ..once(Call::Features, "", Fault::Refuse(Code::Unavailable)) });
    let log = open_adapter(&server.url(), EventStoreDbSettings::default()).await;
    assert_eq!(log.clients_made(), 3);
}

#[tokio::test]
async fn absent_server_is_unavailable_until_it_returns() {
    let mut server = server().await;
    let log = open(&server.url(), impatient()).await;
    log.append(append("a", Expected::NoStream, 1)).await.expect("stored");
    for _ in 0..2 {
        server.stop().await;
        let asked = append("b", Expected::Any, 1);
        for _ in 0..5 {
            let outcome = log.append(asked.clone()).await;
            let said = matches!(outcome, Err(AppendError::Unavailable(_) | AppendError::Unknown(_)));
            assert!(said, "{outcome:?}");
            assert!(matches!(log.head().await, Err(ReadError::Unavailable(_))));
        }
        server.restart().await.expect("the port is still free");
        let answer = insist(&log, &asked).await.expect("stored");
        assert_stored(&assert_sound(&log).await, &asked.events, &answer);
    }
    let outcome = EventStoreDbLog::open("esdb://127.0.0.1:1?tls=false", impatient()).await;
    assert!(matches!(outcome, Err(ReadError::Unavailable(_))));
}

/// The client holds on to a node that is gone, unless that node itself names another one.
#[tokio::test]
async fn lost_leader_is_replaced_by_another_node() {
    let mut first = server().await;
    let second = first.another_node().await.expect("a port is free");
    let ports = [first.port(), second.port()];
    first.set_cluster(&ports, ports[0]);
    second.set_cluster(&ports, ports[0]);
    let url = format!("esdb://127.0.0.1:{},127.0.0.1:{}?tls=false&gossipTimeout=300", ports[0], ports[1]);
    let log = open(&url, patient()).await;
    log.append(append("a", Expected::NoStream, 1)).await.expect("stored");
    first.stop().await;
    second.set_cluster(&ports[1..], ports[1]);
    log.append(append("b", Expected::NoStream, 1)).await.expect("stored by the other one");
    assert_eq!(assert_sound(&log).await.len(), 2);
}

#[tokio::test]
async fn follower_redirects_to_the_leader() {
    let follower = server().await;
    let leader = follower.another_node().await.expect("a port is free");
    follower.set_cluster(&[follower.port(), leader.port()], leader.port());
    let log = open(&follower.url(), patient()).await;
    log.append(append("a", Expected::NoStream, 2)).await.expect("stored");
    assert_eq!(assert_sound(&log).await.len(), 2);
    assert!(leader.calls("Append") == 1 && leader.calls("Read") > 0);
}

/// Whatever happens to a call, the adapter determines its outcome and stores nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adapter_determines_the_outcome_of_lost_answers() {
    let server = server().await;
    let log = open(&server.url(), patient()).await;
    let faults = [
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::LoseAnswer(Code::Unknown),
        Fault::LoseAnswer(Code::Unavailable),
        Fault::Refuse(Code::Internal),
        Fault::Hang,
        Fault::Ignore,
    ];
    let mut stored = Vec::new();
    for (number, fault) in faults.into_iter().enumerate() {
        let name = format!("s{number}");
        for (expected, command) in [
            (Expected::NoStream, None),
            (Expected::Any, None),
            (Expected::Exists, Some(event_log::conformance::sample::command())),
            (Expected::Revision(5), Some(event_log::conformance::sample::command())),
        ] {
            server.fail(once(Call::Append, ".sample-s", fault.clone()));
            if command.is_some() {
                server.fail(once(Call::Append, "-command-", fault.clone()));
            }
            let asked = Append { command, ..append(&name, expected, 2) };
            let answer = log.append(asked.clone()).await.expect("settled");
            stored.push((asked.events, answer));
        }
    }
    server.fail(once(Call::Read, "", Fault::CutAfter));
    let all = assert_sound(&log).await;
    stored.iter().for_each(|(events, answer)| assert_stored(&all, events, answer));
    assert_eq!(all.len(), 2 * stored.len());
    assert_eq!(
        server.calls("BatchAppend"),
        0,
        "one conflict would end its session with everything in flight"
    );
}

#[tokio::test]
async fn missing_answer_is_an_unknown_outcome() {
    let server = server().await;
    let log = open(&server.url(), impatient()).await;
    for fault in [Fault::Hang, Fault::Ignore] {
        server.fail(once(Call::Append, "", fault));
        let asked = append("a", Expected::Any, 1);
        let begun = Instant::now();
        let outcome = log.append(asked.clone()).await;
        assert!(matches!(outcome, Err(AppendError::Unknown(_))), "{outcome:?}");
        assert!(begun.elapsed() < Duration::from_secs(4), "it has a deadline");
        insist(&log, &asked).await.expect("stored");
    }
    assert_eq!(assert_sound(&log).await.len(), 2);
}

/// The server goes away repeatedly under load from two processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_restarts_under_load_lose_and_duplicate_nothing() {
    let mut server = server().await;
    let logs = [open(&server.url(), patient()).await, open(&server.url(), patient()).await];
    let writers: Vec<_> = (0..12)
        .map(|number| {
            let log = logs[number % 2].clone();
            tokio::spawn(async move {
                let mut successes = Vec::new();
                for round in 0..15_u64 {
                    let asked = match number % 3 {
                        0 => append(&format!("exact-{number}"), exactly(round), 1),
                        1 => Append {
                            command: Some(event_log::conformance::sample::command()),
                            ..append(&format!("command-{}", number % 4), Expected::Any, 2)
                        },
                        _ => append(&format!("new-{number}-{round}"), Expected::NoStream, 3),
                    };
                    let answer = insist(&log, &asked).await.expect("nobody else writes there");
                    successes.push((asked.events, answer));
                }
                successes
            })
        })
        .collect();
    let mut restarts = 0;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(150)).await;
        server.restart().await.expect("the port is still free");
        restarts += 1;
    }
    assert!(restarts > 0);
    let all = assert_sound(&logs[0]).await;
    for successes in join_all(writers).await {
        for (events, answer) in successes.expect("no panic") {
            assert_stored(&all, &events, &answer);
        }
    }
    assert_eq!(all.len(), 4 * 15 * (1 + 2 + 3), "nothing is there twice");
}

fn exactly(round: u64) -> Expected {
    round.checked_sub(1).map_or(Expected::NoStream, Expected::Revision)
}

/// Two logs on one server, next to the server's own events and those of another application, do not see each other.
#[tokio::test]
async fn events_of_others_are_skipped() {
    let server = server().await;
    let urls = ["veche", "other"].map(|name| format!("{}&namespace={name}", server.url()));
    let logs = [open(&urls[0], patient()).await, open(&urls[1], patient()).await];
    logs[0].append(append("a", Expected::NoStream, 1)).await.expect("stored");
    for number in 0..200 {
        logs[1].append(append(&format!("s{number}"), Expected::NoStream, 1)).await.expect("stored");
    }
    assert_eq!(assert_sound(&logs[0]).await.len(), 1);
    assert_eq!(assert_sound(&logs[1]).await.len(), 200);
    let fresh = open(&urls[0], patient()).await;
    let head = fresh.head().await.expect("read");
    assert_eq!(logs[0].read_all(0, 1).await.expect("read")[0].position, head);
    // A subscription waiting there does not read the others' events each time.
    assert_eq!(fresh.read_all(head, 10).await.expect("read"), []);
    let before = server.calls("Read");
    for _ in 0..10 {
        assert_eq!(fresh.read_all(head, 10).await.expect("read"), []);
        assert_eq!(fresh.head().await.expect("read"), head);
    }
    assert_eq!(server.calls("Read") - before, 20, "one page each");
}

#[tokio::test]
async fn refusal_by_the_server_is_reported() {
    let server = server().await;
    let log = open(&server.url(), patient()).await;
    let long = NewEvent { kind: "k".repeat(255), data: vec![b'x'; 1_900].into(), ..event() };
    let events = (0..500).map(|_| NewEvent { id: event().id, ..long.clone() }).collect();
    let outcome = log.append(Append { events, ..append("a", Expected::Any, 0) }).await;
    assert!(matches!(outcome, Err(AppendError::TooLarge { .. })), "{outcome:?}");
    log.append(append("b", Expected::NoStream, 1)).await.expect("stored");
    server.tombstone("veche.sample-b");
    let outcome = log.append(append("b", Expected::Revision(0), 1)).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
    assert!(matches!(log.read_stream(&stream("b"), 0, 9).await, Err(ReadError::Corrupt(_))));
}

/// On one thread, so that all callers queue before any is served.
#[tokio::test]
async fn appends_beyond_the_limit_are_overload_and_write_nothing() {
    let server = server().await;
    let settings = EventStoreDbSettings { queued_appends: 4, ..patient() };
    let log = open(&server.url(), settings).await;
    let asked: Vec<Append> =
        (0..20).map(|number| append(&format!("s{number}"), Expected::NoStream, 1)).collect();
    let outcomes = join_all(asked.iter().map(|asked| log.append(asked.clone()))).await;
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(AppendError::Overloaded))).count();
    assert_eq!(refused, 16, "{outcomes:?}");
    assert_eq!(assert_sound(&log).await.len(), 4);
}
