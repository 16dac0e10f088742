//! Views by their ids, as a client keeps them.

use serde_json::Value;
use std::collections::BTreeMap;

pub(super) type Things = BTreeMap<String, Value>;

/// Merges a view; the version of a chat is the highest that any frame has.
pub(super) fn newer(chat: &mut Value, gentime: &Value) {
    if gentime.as_i64() > chat["gentime"].as_i64() {
        chat["gentime"] = gentime.clone();
    }
}

pub(super) fn each(list: &Value, mut with: impl FnMut(&Value)) {
    list.as_array().into_iter().flatten().for_each(&mut with);
}

pub(super) fn name(thing: &Value, key: &str) -> String {
    thing[key].as_str().unwrap_or_default().to_owned()
}

pub(super) fn by(key: &str, list: Value) -> Things {
    list.as_array().cloned().unwrap_or_default().into_iter().map(|thing| (name(&thing, key), thing)).collect()
}

pub(super) fn put(things: &mut Things, key: &str, list: &Value) {
    each(list, |thing| drop(things.insert(name(thing, key), thing.clone())));
}

pub(super) fn remove(things: &mut Things, key: &str, list: &Value) {
    each(list, |thing| drop(things.remove(&name(thing, key))));
}

/// Views leave out what is `null`.
pub(super) fn set(thing: &mut Value, key: &str, value: Value) {
    let Some(entries) = thing.as_object_mut() else { return };
    if value.is_null() {
        entries.remove(key);
    } else {
        entries.insert(key.to_owned(), value);
    }
}
