//! Lists differences between two views of the same things.

use super::things::Things;
use serde_json::Value;
use std::collections::BTreeSet;

/// Keys that change without an event: when a contact was last seen, which `server.online` reports, and the team that the
/// account used last.
const OF_THE_MOMENT: [&str; 2] = ["last_activity", "last_active"];

/// Appends the differences of two maps.
pub(super) fn compare(kind: &str, ours: &Things, theirs: &Things, found: &mut Vec<String>) {
    let missing = theirs.keys().filter(|key| !ours.contains_key(*key));
    found.extend(missing.map(|key| format!("{kind} {key}: missing: {}", theirs[key])));
    let surplus = ours.keys().filter(|key| !theirs.contains_key(*key));
    found.extend(surplus.map(|key| format!("{kind} {key}: still believed in: {}", ours[key])));
    for (key, ours) in ours {
        if let Some(theirs) = theirs.get(key) {
            differ(&format!("{kind} {key}"), Some(ours), Some(theirs), found);
        }
    }
}

/// Lists the keys in which two views differ.
fn differ(place: &str, believed: Option<&Value>, is: Option<&Value>, found: &mut Vec<String>) {
    if let (Some(Value::Object(ours)), Some(Value::Object(theirs))) = (believed, is) {
        let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let of_the_moment = |key: &str| !place.starts_with("chat") && OF_THE_MOMENT.contains(&key);
        for key in keys.into_iter().filter(|key| !of_the_moment(key)) {
            differ(&format!("{place}.{key}"), ours.get(key), theirs.get(key), found);
        }
    } else if believed != is {
        let say = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
        found.push(format!("{place}: believed {}, is {}", say(believed), say(is)));
    }
}
