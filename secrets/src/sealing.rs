//! Seals personal values before events are appended, and unseals them after events are read.
//!
//! A personal value is the object `{"$personal": {"subject": …, "value": …}}` that [`events::Personal`] writes, at
//! any depth. Its content is opaque: it is sealed as a whole and not searched for further values. Ciphertext is
//! accepted from the log only: appending an event that already contains `sealed` is refused, because free-form JSON
//! of a client could otherwise smuggle in another person's ciphertext and read it back in the clear.
//!
//! Ciphertext is bound to its place: purpose, stream, event id, path of the field, and owners. Copied to another
//! event or field, it does not open. Position and revision are not bound: the position belongs to one log. Events
//! of earlier versions (version 1) are bound to the owners only; see [`Version`].

use crate::{
    keyring::{DataKey, KeyState, Keys},
    vault::{VaultError, cipher::bound},
};
use events::{EventId, StreamName, Subject, personal::MARKER};
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeSet, fmt::Write};

pub(crate) use crate::vault::cipher::Version;

/// First piece of the associated data of an event's values.
const PURPOSE: &[u8] = b"event";

/// The stored event that a value belongs to, and its part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldLocation<'a> {
    pub(crate) stream: &'a StreamName,
    pub(crate) event: EventId,
    /// `data` or `meta`.
    pub(crate) part: &'static str,
}

/// Why a value could not be sealed or unsealed.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// An object with the marker but not the form of a personal value.
    #[error("a malformed personal value")]
    Malformed,
    /// The key is missing: it was not loaded, or the keyring does not belong to this log.
    #[error("no key of {0}")]
    NoKey(Subject),
    /// The value belongs to an erased subject.
    #[error("the key of {0} was destroyed")]
    Destroyed(Subject),
    /// The ciphertext was changed, or was sealed under another key.
    #[error("a personal value of {subject} does not open: {source}")]
    Unreadable { subject: Subject, source: VaultError },
    /// The ciphertext has a version that an event of this age cannot contain: somebody put it there.
    #[error("a personal value of {0} is sealed in another version than its event")]
    OtherVersion(Subject),
    /// Sealing failed because there was no randomness.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Whether JSON text may contain personal values: a byte scan that saves parsing.
///
/// Correct for the output of our own serialiser, which never escapes the marker's characters.
pub fn may_contain_personal(json: &[u8]) -> bool {
    memchr::memmem::find(json, MARKER.as_bytes()).is_some()
}

/// The subjects whose keys are needed to seal or unseal this value.
///
/// # Errors
/// [`SealingError::Malformed`].
pub fn subjects(value: &Value) -> Result<BTreeSet<Subject>, SealingError> {
    let mut found = BTreeSet::new();
    collect(value, &mut found)?;
    Ok(found)
}

/// Seals every personal value in place. An erased value (without `value`) stays unchanged.
///
/// # Errors
/// [`SealingError`]; the value is then half sealed and must not be used.
pub(crate) fn seal(value: &mut Value, keys: &Keys, place: FieldLocation<'_>) -> Result<(), SealingError> {
    walk(value, &mut Path::default(), &mut |body, path| {
        let owners = Owners::of(body)?;
        if body.contains_key("sealed") {
            return Err(SealingError::Malformed);
        }
        let Some(plain) = body.remove("value") else { return Ok(()) };
        let key = owners.key(keys)?;
        let context = owners.context(Version::V2, place, path);
        let sealed = key.seal(Version::V2, plain.to_string().as_bytes(), &context)?;
        body.insert("sealed".to_owned(), Value::String(sealed));
        Ok(())
    })
}

/// Unseals every personal value in place; one whose key was destroyed comes out without `value`: erased. All must
/// have the version that the event's age requires, because an older one could have been copied from anywhere.
///
/// # Errors
/// [`SealingError`] except `Destroyed`; the value is then half unsealed and must not be used.
pub(crate) fn unseal(
    value: &mut Value,
    keys: &Keys,
    version: Version,
    place: FieldLocation<'_>,
) -> Result<(), SealingError> {
    walk(value, &mut Path::default(), &mut |body, path| {
        let owners = Owners::of(body)?;
        if body.contains_key("value") {
            return Err(SealingError::Malformed);
        }
        let sealed = match body.remove("sealed") {
            Some(Value::String(sealed)) => sealed,
            Some(_) => return Err(SealingError::Malformed),
            None => return Ok(()),
        };
        if Version::of(&sealed) != version {
            return Err(SealingError::OtherVersion(owners.subject));
        }
        let key = match owners.key(keys) {
            Err(SealingError::Destroyed(_)) => return Ok(()),
            key => key?,
        };
        let plain = key
            .open(version, &sealed, &owners.context(version, place, path))
            .map_err(|source| SealingError::Unreadable { subject: owners.subject, source })?;
        let plain = serde_json::from_slice(&plain).map_err(|_| SealingError::Malformed)?;
        body.insert("value".to_owned(), plain);
        Ok(())
    })
}

/// The path of a value, as a JSON pointer (RFC 6901).
#[derive(Default)]
struct Path(String);

impl Path {
    /// Calls `work` with the path extended by `name`.
    fn within<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.0.len();
        self.0.push('/');
        for letter in name.chars() {
            match letter {
                '~' => self.0.push_str("~0"),
                '/' => self.0.push_str("~1"),
                other => self.0.push(other),
            }
        }
        let done = work(self);
        self.0.truncate(before);
        done
    }

    fn within_item<T>(&mut self, index: usize, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.0.len();
        // Writing to a String cannot fail.
        let _ = write!(self.0, "/{index}");
        let done = work(self);
        self.0.truncate(before);
        done
    }
}

/// Calls `change` on the body of every personal value, with its path. The parser of the value bounds the depth.
fn walk(
    value: &mut Value,
    path: &mut Path,
    change: &mut impl FnMut(&mut Map<String, Value>, &Path) -> Result<(), SealingError>,
) -> Result<(), SealingError> {
    match value {
        Value::Object(object) => {
            let alone = object.len() == 1;
            match object.get_mut(MARKER) {
                Some(Value::Object(body)) if alone => change(body, path),
                Some(_) => Err(SealingError::Malformed),
                None => object
                    .iter_mut()
                    .try_for_each(|(name, inner)| path.within(name, |path| walk(inner, path, change))),
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, inner)| path.within_item(index, |path| walk(inner, path, change))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn collect(value: &Value, found: &mut BTreeSet<Subject>) -> Result<(), SealingError> {
    match value {
        Value::Object(object) => match object.get(MARKER) {
            Some(Value::Object(body)) if object.len() == 1 => {
                let owners = Owners::of(body)?;
                found.extend([owners.subject].into_iter().chain(owners.within));
                Ok(())
            }
            Some(_) => Err(SealingError::Malformed),
            None => object.values().try_for_each(|inner| collect(inner, found)),
        },
        Value::Array(items) => items.iter().try_for_each(|inner| collect(inner, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// The owners of a personal value.
struct Owners {
    subject: Subject,
    /// See [`events::Personal::within`].
    within: Option<Subject>,
}

impl Owners {
    /// Reads the owners from a personal value's body. Unknown fields are refused, because they would stay in the
    /// clear.
    fn of(body: &Map<String, Value>) -> Result<Self, SealingError> {
        if body.keys().any(|name| !matches!(name.as_str(), "subject" | "within" | "value" | "sealed")) {
            return Err(SealingError::Malformed);
        }
        let named = |field: &str| {
            let subject = body.get(field).map(|name| name.as_str().unwrap_or_default().parse());
            subject.transpose().map_err(|_| SealingError::Malformed)
        };
        Ok(Self { subject: named("subject")?.ok_or(SealingError::Malformed)?, within: named("within")? })
    }

    /// The key of the owner, or the key derived from both owners, which is lost with either.
    fn key<'k>(&self, keys: &'k Keys) -> Result<Cow<'k, DataKey>, SealingError> {
        let own = live(keys, self.subject)?;
        Ok(match self.within {
            None => Cow::Borrowed(own),
            Some(within) => Cow::Owned(own.together_with(live(keys, within)?)),
        })
    }

    /// The associated data: under other owners, and since version 2 at another place, the ciphertext does not open.
    fn context(&self, version: Version, place: FieldLocation<'_>, path: &Path) -> Vec<u8> {
        let owners = match self.within {
            None => self.subject.to_string(),
            Some(within) => format!("{} {within}", self.subject),
        };
        match version {
            Version::V1 => owners.into_bytes(),
            Version::V2 => bound(&[
                PURPOSE,
                place.stream.as_str().as_bytes(),
                place.event.0.as_bytes(),
                place.part.as_bytes(),
                path.0.as_bytes(),
                owners.as_bytes(),
            ]),
        }
    }
}

fn live(keys: &Keys, subject: Subject) -> Result<&DataKey, SealingError> {
    match keys.of(&subject) {
        Some(KeyState::Live(key)) => Ok(key),
        Some(KeyState::Destroyed) => Err(SealingError::Destroyed(subject)),
        None => Err(SealingError::NoKey(subject)),
    }
}

#[cfg(test)]
mod tests;
