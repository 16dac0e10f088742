//! Properties of the chain: which changes change a hash, and the documented bytes.

use super::*;
use bytes::Bytes;
use events::{EventId, StreamName};
use proptest::{collection::vec, prelude::*, sample::Index};
use std::slice::from_ref;
use uuid::Uuid;

fn event() -> impl Strategy<Value = RawEvent> {
    let bytes = || vec(any::<u8>(), 0..24).prop_map(Bytes::from);
    ("[a-z]{1,4}-[0-9]{0,3}", 0..4_u64, any::<u128>(), "[a-z.]{1,6}", bytes(), bytes()).prop_map(
        |(stream, revision, id, kind, data, meta)| RawEvent {
            position: 0,
            stream: StreamName::stored(stream),
            revision,
            id: EventId(Uuid::from_u128(id)),
            kind,
            data,
            meta,
        },
    )
}

fn whole(history: &[RawEvent]) -> Chain {
    history.iter().fold(Chain::START, Chain::then)
}

/// The event with one bit of one part flipped.
fn damaged(event: &RawEvent, part: usize, place: Index) -> RawEvent {
    let mut event = event.clone();
    let flip = |bytes: &Bytes| {
        let mut bytes = bytes.to_vec();
        match bytes.len() {
            0 => bytes.push(0),
            length => bytes[place.index(length)] ^= 1,
        }
        Bytes::from(bytes)
    };
    match part {
        0 => event.stream = StreamName::stored(format!("{}x", event.stream)),
        1 => event.revision ^= 1,
        2 => event.id = EventId(Uuid::from_u128(event.id.0.as_u128() ^ 1)),
        3 => event.kind.push('x'),
        4 => event.data = flip(&event.data),
        _ => event.meta = flip(&event.meta),
    }
    event
}

proptest! {
    #[test]
    fn changed_event_changes_all_later_hashes(
        history in vec(event(), 1..8), which: Index, part in 0..6_usize, place: Index,
    ) {
        let which = which.index(history.len());
        let mut other = history.clone();
        other[which] = damaged(&history[which], part, place);
        for length in 0..=history.len() {
            prop_assert_eq!(whole(&history[..length]) == whole(&other[..length]), length <= which);
        }
    }

    #[test]
    fn reordered_events_change_the_hash(history in vec(event(), 2..8), one: Index, other: Index) {
        let (one, other) = (one.index(history.len()), other.index(history.len()));
        let mut swapped = history.clone();
        swapped.swap(one, other);
        prop_assert_eq!(whole(&history) == whole(&swapped), history == swapped);
    }

    #[test]
    fn bytes_moved_between_parts_change_the_hash(event in event(), cut: Index) {
        let mut moved = event.clone();
        let cut = cut.index(event.data.len() + 1);
        moved.data = event.data.slice(..cut);
        moved.meta = [&event.data[cut..], &event.meta[..]].concat().into();
        prop_assert_eq!(whole(from_ref(&event)) == whole(from_ref(&moved)), event == moved);
    }

    #[test]
    fn position_does_not_change_the_hash(event in event(), position: u64) {
        let elsewhere = RawEvent { position, ..event.clone() };
        prop_assert_eq!(whole(&[event]), whole(&[elsewhere]));
    }
}

/// A fixed example: a verifier written from the documentation must get the same hash.
#[test]
fn hash_equals_the_documented_example() {
    let event = RawEvent {
        position: 77,
        stream: StreamName::stored("team-1"),
        revision: 2,
        id: EventId(Uuid::from_u128(3)),
        kind: "team.created.v1".into(),
        data: Bytes::from_static(b"{}"),
        meta: Bytes::from_static(b"[]"),
    };
    let mut bytes = Vec::new();
    canonical::write(&event, &mut |piece| bytes.extend_from_slice(piece));
    let length = |count: u8| [0, 0, 0, 0, 0, 0, 0, count];
    let parts: [&[u8]; 11] = [
        b"veche.event.v1",
        &length(6),
        b"team-1",
        &length(2),
        &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3],
        &length(15),
        b"team.created.v1",
        &length(2),
        b"{}",
        &length(2),
        b"[]",
    ];
    assert_eq!(bytes, parts.concat());
    let chain = Chain { number: 4, hash: Hash([9; 32]) }.then(&event);
    let hashed = [&b"veche.chain.v1"[..], &length(5), &[9; 32], &bytes].concat();
    assert_eq!(chain, Chain { number: 5, hash: Hash(Sha256::digest(hashed).into()) });
}

#[test]
fn hash_round_trips_as_text() {
    let hash = Chain::START.hash;
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert!("12".parse::<Hash>().is_err());
}
