//! Sealed values unseal unchanged, and are never stored in the clear.

use super::{FieldLocation, Owners, Path, SealingError, Version, may_contain_personal, subjects};
use crate::keyring::{Keyring, Keys};
use events::{AccountId, EventId, Personal, StreamName, Subject, TeamId};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};
use uuid::Uuid;

fn seal(value: &mut Value, keys: &Keys) -> Result<(), SealingError> {
    super::seal(value, keys, here(&StreamName::stored("thing-1")))
}

fn unseal(value: &mut Value, keys: &Keys) -> Result<(), SealingError> {
    super::unseal(value, keys, Version::V2, here(&StreamName::stored("thing-1")))
}

fn here(stream: &StreamName) -> FieldLocation<'_> {
    FieldLocation { stream, event: EventId(Uuid::from_u128(7)), part: "data" }
}

fn account(number: u128) -> Subject {
    Subject::Account(AccountId(Uuid::from_u128(number)))
}

fn team(number: u128) -> Subject {
    Subject::Team(TeamId(Uuid::from_u128(number)))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn keys(keyring: &Keyring) -> Keys {
    block_on(keyring.ensure(&[account(1), account(2), team(1)])).unwrap()
}

fn personal() -> impl Strategy<Value = Value> {
    let subject = prop_oneof![Just(account(1)), Just(account(2)), Just(team(1))];
    let within = prop_oneof![Just(None), Just(Some(team(1)))];
    (subject, within, plain()).prop_map(|(subject, within, value)| {
        serde_json::to_value(Personal { subject, within, value: Some(value) }).unwrap()
    })
}

fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    prop_oneof![plain(), personal()].prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_unseals_unchanged(before in document()) {
        let keys = keys(&Keyring::memory());
        let mut value = before.clone();
        let wanted = subjects(&before).unwrap();
        seal(&mut value, &keys).unwrap();
        prop_assert_eq!(may_contain_personal(value.to_string().as_bytes()), !wanted.is_empty());
        prop_assert_eq!(subjects(&value).unwrap(), wanted);
        unseal(&mut value, &keys).unwrap();
        prop_assert_eq!(value, before);
    }
}

#[test]
fn sealed_document_contains_no_clear_text() {
    let mut value = json!({"list": [Personal::new(account(1), "Вася")], "n": 1});
    seal(&mut value, &keys(&Keyring::memory())).unwrap();
    assert!(!value.to_string().contains("Вася"));
    assert_eq!(value["n"], 1);
    assert_eq!(value["list"][0]["$personal"]["subject"], account(1).to_string());
    assert!(value["list"][0]["$personal"]["sealed"].is_string());
}

#[test]
fn erased_value_is_absent_and_others_stay() {
    let keyring = Keyring::memory();
    let mut value = json!([Personal::new(account(1), "Вася"), Personal::new(account(2), "Петя")]);
    seal(&mut value, &keys(&keyring)).unwrap();
    block_on(keyring.destroy(&account(1))).unwrap();
    let keys = block_on(keyring.get(&[account(1), account(2)])).unwrap();
    unseal(&mut value, &keys).unwrap();
    assert_eq!(value[0], json!({"$personal": {"subject": account(1)}}));
    let left: Personal<String> = serde_json::from_value(value[1].clone()).unwrap();
    assert_eq!(left.value.as_deref(), Some("Петя"));
    let mut late = json!(Personal::new(account(1), "again"));
    assert!(matches!(seal(&mut late, &keys), Err(SealingError::Destroyed(_))));
}

#[test]
fn missing_key_is_an_error_not_an_erasure() {
    let mut value = json!(Personal::new(account(1), "Вася"));
    assert!(matches!(seal(&mut value.clone(), &Keys::default()), Err(SealingError::NoKey(_))));
    seal(&mut value, &keys(&Keyring::memory())).unwrap();
    assert!(matches!(unseal(&mut value, &Keys::default()), Err(SealingError::NoKey(_))));
}

#[test]
fn ciphertext_changed_or_moved_to_another_subject_does_not_open() {
    let keys = keys(&Keyring::memory());
    let mut value = json!(Personal::new(account(1), "Вася"));
    seal(&mut value, &keys).unwrap();
    let mut moved = value.clone();
    moved["$personal"]["subject"] = json!(account(2));
    assert!(matches!(unseal(&mut moved, &keys), Err(SealingError::Unreadable { .. })));
    value["$personal"]["sealed"] = json!("v2.AAAA");
    assert!(matches!(unseal(&mut value, &keys), Err(SealingError::Unreadable { .. })));
}

#[test]
fn malformed_personal_value_is_refused() {
    let keys = keys(&Keyring::memory());
    let subject = account(1);
    for value in [
        json!({"$personal": "text"}),
        json!({"$personal": {}}),
        json!({"$personal": {"subject": "nobody-1", "value": 1}}),
        json!({"$personal": {"subject": subject, "value": 1, "more": 2}}),
        json!({"$personal": {"subject": subject, "value": 1}, "beside": 2}),
        json!({"$personal": {"subject": subject, "sealed": "v1.smuggled"}}),
    ] {
        assert!(matches!(seal(&mut value.clone(), &keys), Err(SealingError::Malformed)), "{value}");
    }
    let mut clear = json!(Personal::new(subject, "never sealed"));
    assert!(matches!(unseal(&mut clear, &keys), Err(SealingError::Malformed)));
}

#[test]
fn marker_inside_a_personal_value_is_content() {
    let keys = keys(&Keyring::memory());
    let content = json!({"$personal": {"subject": "account-x", "sealed": "v1.AAAA"}});
    let before = json!(Personal::new(account(1), content));
    let mut value = before.clone();
    seal(&mut value, &keys).unwrap();
    unseal(&mut value, &keys).unwrap();
    assert_eq!(value, before);
}

#[test]
fn value_of_two_owners_is_erased_with_either() {
    for destroyed in [account(1), team(1)] {
        let keyring = Keyring::memory();
        let said = Personal { subject: account(1), within: Some(team(1)), value: Some("пыщ") };
        let mut value = serde_json::to_value(&said).unwrap();
        seal(&mut value, &keys(&keyring)).unwrap();
        let mut open = value.clone();
        unseal(&mut open, &keys(&keyring)).unwrap();
        assert_eq!(open, serde_json::to_value(&said).unwrap());
        block_on(keyring.destroy(&destroyed)).unwrap();
        let left = block_on(keyring.get(&[account(1), team(1)])).unwrap();
        unseal(&mut value, &left).unwrap();
        assert_eq!(value, serde_json::to_value(Personal { value: None, ..said }).unwrap(), "{destroyed}");
    }
}

#[test]
fn ciphertext_moved_to_another_stream_event_part_or_field_does_not_open() {
    let keys = keys(&Keyring::memory());
    let mut value = json!({"a/b": [Personal::new(account(1), "Вася")], "c": 1});
    seal(&mut value, &keys).unwrap();
    unseal(&mut value.clone(), &keys).unwrap();
    let (stream, other) = (StreamName::stored("thing-1"), StreamName::stored("thing-2"));
    let places = [
        FieldLocation { stream: &other, ..here(&stream) },
        FieldLocation { event: EventId(Uuid::from_u128(8)), ..here(&stream) },
        FieldLocation { part: "meta", ..here(&stream) },
    ];
    for place in places {
        let opened = super::unseal(&mut value.clone(), &keys, Version::V2, place);
        assert!(matches!(opened, Err(SealingError::Unreadable { .. })), "{place:?}");
    }
    let sealed = value["a/b"][0].clone();
    for moved in [json!({"c": sealed}), json!({"a/b": [1, sealed]}), json!({"a": {"b": [sealed]}})] {
        let opened = unseal(&mut moved.clone(), &keys);
        assert!(matches!(opened, Err(SealingError::Unreadable { .. })), "{moved}");
    }
}

#[test]
fn version_1_value_opens_only_in_version_1_events() {
    let keys = keys(&Keyring::memory());
    let body = json!({"subject": account(1)});
    let owners = Owners::of(body.as_object().unwrap()).unwrap();
    let stream = StreamName::stored("thing-1");
    let context = owners.context(Version::V1, here(&stream), &Path::default());
    assert_eq!(context, account(1).to_string().into_bytes(), "as version 1 bound it");
    let sealed = owners.key(&keys).unwrap().seal(Version::V1, br#""Boris""#, &context).unwrap();
    let old = json!({"$personal": {"subject": account(1), "sealed": sealed}});
    let mut read = old.clone();
    super::unseal(&mut read, &keys, Version::V1, here(&stream)).unwrap();
    assert_eq!(read["$personal"]["value"], "Boris");
    assert!(matches!(unseal(&mut old.clone(), &keys), Err(SealingError::OtherVersion(_))));
    let mut new = json!(Personal::new(account(1), "Boris"));
    seal(&mut new, &keys).unwrap();
    let opened = super::unseal(&mut new, &keys, Version::V1, here(&stream));
    assert!(matches!(opened, Err(SealingError::OtherVersion(_))), "an event whose code was taken off");
}
