//! Each command is carried out once, and its receipt says where.

use super::sample::{append, assert_sound, assert_stored, command, event};
use crate::{Append, AppendError, CommandRef, Expected, Log, Receipt};
use futures::future::join_all;

/// A repeated command gets the first answer, whatever events it carries.
pub async fn repeated_command_gets_the_first_answer(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let command = command();
    assert_eq!(log.receipt(command.id).await.expect("read"), None);
    let asked = Append { command: Some(command), ..append("a", Expected::Any, 2) };
    let answer = log.append(asked.clone()).await.expect("stored");
    log.append(append("a", Expected::Revision(1), 1)).await.expect("stored");
    // Decided a second time: new ids and another expectation, also in another process.
    for handle in [&log, &open().await] {
        let again = Append { events: vec![event()], expected: Expected::Revision(2), ..asked.clone() };
        let again = handle.append(again).await.expect("repeated");
        assert!(again.repeated);
        assert_eq!((again.first_revision, again.position), (answer.first_revision, answer.position));
    }
    let receipt = log.receipt(command.id).await.expect("read");
    let expected = Receipt {
        stream: answer.stream.clone(),
        first_revision: 0,
        last_revision: 1,
        first_position: answer.first_position,
        position: answer.position,
        fingerprint: command.fingerprint,
    };
    assert_eq!(receipt, Some(expected));
    assert_stored(&assert_sound(&log).await, &asked.events, &answer);
}

/// A hundred concurrent repetitions from two processes: one is carried out, all get its answer.
pub async fn concurrent_repetitions_of_a_command_append_once(open: impl AsyncFn() -> Log) {
    let logs = [open().await, open().await];
    let command = command();
    let calls = (0..100).map(|number| {
        let log = logs[number % 2].clone();
        let asked = Append { command: Some(command), ..append("a", Expected::Any, 2) };
        tokio::spawn(async move { log.append(asked).await.expect("carried out or found") })
    });
    let answers: Vec<_> = join_all(calls).await.into_iter().map(|answer| answer.expect("no panic")).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    assert!(answers.iter().all(|answer| answer.position == answers[0].position));
    assert_eq!(assert_sound(&logs[0]).await.len(), 2);
}

/// A known id with another request is refused.
pub async fn command_id_with_another_request_is_refused(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let command = command();
    let asked = Append { command: Some(command), ..append("a", Expected::NoStream, 1) };
    log.append(asked.clone()).await.expect("stored");
    let other_request = CommandRef { fingerprint: [8; 32], ..command };
    let reuses = [
        Append { command: Some(other_request), ..append("a", Expected::Any, 1) },
        Append { command: Some(other_request), ..asked },
        Append { command: Some(command), ..append("b", Expected::NoStream, 1) },
    ];
    for reuse in reuses {
        let outcome = log.append(reuse).await;
        assert!(matches!(outcome, Err(AppendError::CommandReused)), "{outcome:?}");
    }
    assert_eq!(assert_sound(&log).await.len(), 1);
}

/// After a refusal the same command id may be used again.
pub async fn refused_command_leaves_no_receipt(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let command = Some(command());
    let refused = log.append(Append { command, ..append("a", Expected::Exists, 1) }).await;
    assert!(matches!(refused, Err(AppendError::Conflict { actual: None, .. })), "{refused:?}");
    let answer = log.append(Append { command, ..append("a", Expected::NoStream, 1) }).await.expect("stored");
    assert!(!answer.repeated);
    assert_sound(&log).await;
}
