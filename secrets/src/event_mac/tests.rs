//! A code matches its own event only, and the stored metadata stays JSON.

use super::{Origin, Unstamped};
use crate::vault::Vault;
use event_log::RawEvent;
use events::{EventId, StreamName};
use serde_json::Value;
use uuid::Uuid;

const META: &[u8] = br#"{"at":"2026-01-02T03:04:05Z","command":"thing.do"}"#;

fn stamped() -> RawEvent {
    let (stream, id, data) = (StreamName::stored("thing-1"), EventId(Uuid::from_u128(7)), br#"{"n":1}"#);
    let mac = Vault::new(&[7; 32]).event_mac();
    let kind = "thing.done.v1";
    let meta = mac.stamp(&Unstamped { stream: &stream, revision: 3, id, kind, data, meta: META });
    RawEvent { position: 9, stream, revision: 3, id, kind: kind.into(), data: data.to_vec().into(), meta }
}

fn origin(event: &RawEvent) -> Origin {
    Vault::new(&[7; 32]).event_mac().origin(event)
}

#[test]
fn event_is_genuine_at_any_position() {
    assert_eq!(origin(&stamped()), Origin::Genuine);
    assert_eq!(origin(&RawEvent { position: 1_000, ..stamped() }), Origin::Genuine);
    let meta: Value = serde_json::from_slice(&stamped().meta).unwrap();
    assert_eq!((&meta["command"], meta["mac"].as_str().unwrap().len()), (&Value::from("thing.do"), 46));
}

#[test]
fn changed_event_is_forged() {
    let event = stamped();
    let changed = [
        RawEvent { stream: StreamName::stored("thing-2"), ..event.clone() },
        RawEvent { revision: 4, ..event.clone() },
        RawEvent { id: EventId(Uuid::from_u128(8)), ..event.clone() },
        RawEvent { kind: "thing.done.v2".into(), ..event.clone() },
        RawEvent { data: br#"{"n":2}"#.to_vec().into(), ..event.clone() },
        // Bytes that move between two adjacent pieces.
        RawEvent { kind: "thing.done.v1{".into(), data: br#""n":1}"#.to_vec().into(), ..event.clone() },
    ];
    for event in &changed {
        assert_eq!(origin(event), Origin::Forged, "{event:?}");
    }
    for index in 0..event.meta.len() {
        let mut meta = event.meta.to_vec();
        meta[index] ^= 1;
        assert_ne!(origin(&RawEvent { meta: meta.into(), ..event.clone() }), Origin::Genuine, "byte {index}");
    }
}

#[test]
fn code_of_another_master_key_is_forged() {
    assert_eq!(Vault::new(&[8; 32]).event_mac().origin(&stamped()), Origin::Forged);
}

#[test]
fn metadata_without_a_trailing_code_is_unmarked() {
    let inside = br#"{"mac":"v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","at":"x"}"#;
    for meta in [META, b"", b"}", br#""}"#, inside] {
        assert_eq!(origin(&RawEvent { meta: meta.to_vec().into(), ..stamped() }), Origin::Unmarked);
    }
}
