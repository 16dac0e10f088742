//! Events are read as they were appended, and forged ones are refused.

use super::*;
use crate::guard::Beginning;
use chrono::DateTime;
use event_log::{Append, MemoryLog, NewEvent};
use events::{AccountEvent, AccountId, CommandId, EventId, HistoryEvent, Personal, account, history};
use uuid::Uuid;

fn memory() -> Log {
    Log::Memory(MemoryLog::default())
}

fn vault() -> Vault {
    Vault::new(&[7; 32])
}

fn journal(log: &Log) -> Journal {
    Journal::new(log.clone(), Keyring::memory(), &vault())
}

fn entry() -> Entry {
    let id = AccountId(Uuid::from_u128(1));
    let settings = Personal::of_account(id, r#"{"secret":"пыщ"}"#.to_owned());
    Entry {
        stream: StreamName::account(id),
        expected: Expected::NoStream,
        events: vec![AccountEvent::from(account::UiSettingsReplaced { settings }).into()],
        meta: Meta {
            actor: Some(id),
            address: Some(Personal::of_account(id, "203.0.113.9".into())),
            ..Meta::new(DateTime::from_timestamp(1_700_000_000, 0).unwrap(), "ui_settings.replace")
        },
        command: Some(CommandRef { id: CommandId(Uuid::from_u128(7)), fingerprint: [0; 32] }),
    }
}

#[tokio::test]
async fn personal_value_is_sealed_in_the_log_and_readable_through_the_journal() {
    let log = memory();
    let journal = journal(&log);
    journal.append(entry()).await.unwrap();
    let raw = log.read_all(0, 10).await.unwrap();
    let text = String::from_utf8_lossy(&raw[0].data).into_owned() + &String::from_utf8_lossy(&raw[0].meta);
    assert!(!text.contains("пыщ") && !text.contains("203.0.113.9"), "{text}");
    let read = journal.stream(&entry().stream, 0).await.unwrap();
    assert!(read[0].meta.recorded_at.is_some());
    let meta = Meta { recorded_at: None, ..read[0].meta.clone() };
    assert_eq!((&read[0].event, &meta), (&entry().events[0], &entry().meta));
    assert_eq!(read[0].meta.schema.as_deref(), Some(events::SCHEMAS));
}

#[tokio::test]
async fn repeated_command_appends_nothing_new() {
    let journal = journal(&memory());
    let first = journal.append(entry()).await.unwrap();
    let second = journal.append(entry()).await.unwrap();
    assert_eq!((first.position, second.position, second.repeated), (1, 1, true));
}

#[tokio::test]
async fn erased_value_reads_as_none() {
    let keyring = Keyring::memory();
    let journal = Journal::new(memory(), keyring.clone(), &vault());
    journal.append(entry()).await.unwrap();
    keyring.destroy(&Subject::Account(AccountId(Uuid::from_u128(1)))).await.unwrap();
    let read = journal.stream(&entry().stream, 0).await.unwrap();
    let Event::AccountEvent(AccountEvent::UiSettingsReplaced(replaced)) = &read[0].event else { panic!() };
    assert_eq!(replaced.settings.value, None);
}

/// Writes into the log's database without the key.
async fn put(log: &Log, stream: &StreamName, event: NewEvent) {
    let append =
        Append { stream: stream.clone(), expected: Expected::Any, events: vec![event], command: None };
    log.append(append).await.unwrap();
}

fn copy(event: &RawEvent, id: u128, meta: Vec<u8>) -> NewEvent {
    let id = EventId(Uuid::from_u128(id));
    NewEvent { id, kind: event.kind.clone(), data: event.data.clone(), meta: meta.into() }
}

/// The metadata as earlier versions wrote it.
fn unmarked(event: &RawEvent) -> Vec<u8> {
    let mut meta: Value = serde_json::from_slice(&event.meta).unwrap();
    let fields = meta.as_object_mut().unwrap();
    fields.remove("mac");
    fields.remove("recorded_at");
    meta.to_string().into_bytes()
}

fn not_ours(read: Result<Vec<Recorded<Event>>, LoadError>) -> UntrustedEvent {
    match read {
        Err(LoadError::Event { source: BadEvent::Untrusted(why), .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn event_added_or_changed_without_the_key_is_refused() {
    let log = memory();
    let journal = journal(&log);
    journal.append(entry()).await.unwrap();
    let event = log.read_all(0, 1).await.unwrap().remove(0);
    let (copied, stripped) = (StreamName::stored("account-2"), StreamName::stored("account-3"));
    put(&log, &copied, copy(&event, 9, event.meta.to_vec())).await;
    put(&log, &stripped, copy(&event, 9, unmarked(&event))).await;
    assert_eq!(not_ours(journal.stream(&copied, 0).await), UntrustedEvent::Forged);
    assert_eq!(not_ours(journal.stream(&stripped, 0).await), UntrustedEvent::Unmarked);
    assert_eq!(journal.stream(&event.stream, 0).await.unwrap().len(), 1, "all others are read");
}

#[tokio::test]
async fn stream_continues_after_a_skipped_untrusted_event() {
    let log = memory();
    let journal = journal(&log);
    let stream = entry().stream;
    journal.append(entry()).await.unwrap();
    let event = log.read_all(0, 1).await.unwrap().remove(0);
    put(&log, &stream, copy(&event, 9, unmarked(&event))).await;
    assert_eq!(not_ours(journal.stream(&stream, 0).await), UntrustedEvent::Unmarked);
    let reason = "forged".to_owned();
    let skipped = events::projection::Skipped {
        stream: stream.to_string(),
        event: EventId(Uuid::from_u128(9)),
        reason,
    };
    let ruling = Entry {
        stream: StreamName::projection(),
        expected: Expected::Any,
        events: vec![events::ProjectionEvent::from(skipped).into()],
        meta: Meta::new(entry().meta.at, "projection.skip"),
        command: None,
    };
    journal.append(ruling).await.unwrap();
    let read = journal.stream(&stream, 0).await.unwrap();
    assert_eq!(read.iter().map(|event| event.revision).collect::<Vec<_>>(), [0, 1]);
    assert!(matches!(read[1].event, Event::ProjectionEvent(_)), "in its place stands the ruling");
}

#[tokio::test]
async fn append_without_expected_revision_finds_the_end_and_covers_it() {
    let log = memory();
    let journal = journal(&log);
    for number in 1..4 {
        let entry = Entry { expected: Expected::Any, command: None, ..entry() };
        assert_eq!(journal.append(entry).await.unwrap().last_revision, number - 1);
    }
    assert_eq!(journal.stream(&entry().stream, 0).await.unwrap().len(), 3);
    let nowhere = StreamName::stored("account-9");
    let refused = Entry { stream: nowhere, expected: Expected::Exists, command: None, ..entry() };
    let refused = journal.append(refused).await;
    assert!(matches!(refused, Err(WriteError::Append(AppendError::Conflict { actual: None, .. }))));
}

/// An event of an earlier version without codes: its values are bound to their owners only.
async fn of_before(log: &Log, keyring: &Keyring, stream: &StreamName, id: u128) {
    let subject = Subject::Account(AccountId(Uuid::from_u128(1)));
    let keys = keyring.ensure(&[subject]).await.unwrap();
    let Some(crate::keyring::KeyState::Live(key)) = keys.of(&subject) else { panic!() };
    let sealed = key.seal(Version::V1, br#""of before""#, subject.to_string().as_bytes()).unwrap();
    let settings = serde_json::json!({"settings": {"$personal": {"subject": subject, "sealed": sealed}}});
    let meta =
        serde_json::json!({"at": "2025-01-02T03:04:05Z", "command": "ui_settings.replace", "app": "0.0.1"});
    let event = NewEvent {
        id: EventId(Uuid::from_u128(id)),
        kind: "ui_settings.replaced.v1".into(),
        data: settings.to_string().into_bytes().into(),
        meta: meta.to_string().into_bytes().into(),
    };
    put(log, stream, event).await;
}

fn begin() -> Entry {
    let guarded = history::Guarded { number: 1, hash: "00".repeat(32), reason: None };
    Entry {
        stream: StreamName::history(),
        expected: Expected::Any,
        events: vec![HistoryEvent::from(guarded).into()],
        meta: Meta::new(entry().meta.at, "history.guard"),
        command: None,
    }
}

#[tokio::test]
async fn event_without_code_is_trusted_only_before_codes_begin() {
    let (log, keyring, stream) = (memory(), Keyring::memory(), entry().stream);
    of_before(&log, &keyring, &stream, 20).await;
    let open = || Journal::new(log.clone(), keyring.clone(), &vault());
    let journal = open();
    assert_eq!(
        not_ours(journal.stream(&stream, 0).await),
        UntrustedEvent::Unmarked,
        "believed by nobody unasked"
    );
    assert_eq!(journal.guard().read(&log).await.unwrap(), Beginning::NotYet);
    assert_eq!(journal.stream(&stream, 0).await.unwrap().len(), 1);
    let at = journal.append(begin()).await.unwrap().position;
    let again = open();
    assert_eq!(again.guard().read(&log).await.unwrap(), Beginning::At(at));
    let read = again.stream(&stream, 0).await.unwrap();
    let Event::AccountEvent(AccountEvent::UiSettingsReplaced(replaced)) = &read[0].event else { panic!() };
    assert_eq!(replaced.settings.value.as_deref(), Some("of before"));
    of_before(&log, &keyring, &stream, 21).await;
    assert_eq!(not_ours(again.stream(&stream, 0).await), UntrustedEvent::Unmarked);
    // A journal that was open before learns it from the event itself.
    assert!(journal.decode(log.read_all(0, 2).await.unwrap()).await.is_ok());
    assert_eq!(not_ours(journal.stream(&stream, 0).await), UntrustedEvent::Unmarked);
}

#[tokio::test]
async fn removed_marker_is_noticed() {
    let (log, keyring, stream) = (memory(), Keyring::memory(), entry().stream);
    of_before(&log, &keyring, &stream, 20).await;
    let journal = Journal::new(log.clone(), keyring, &vault());
    journal.append(Entry { stream: StreamName::stored("account-2"), ..entry() }).await.unwrap();
    assert_eq!(journal.guard().read(&log).await.unwrap(), Beginning::Lost);
    let fresh = memory();
    let journal = self::journal(&fresh);
    assert_eq!(
        journal.guard().read(&fresh).await.unwrap(),
        Beginning::At(0),
        "an empty log believes nothing"
    );
    journal.append(entry()).await.unwrap();
    assert_eq!(journal.guard().read(&fresh).await.unwrap(), Beginning::At(0));
}
