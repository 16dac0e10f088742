//! Personal values on their way into the log and out of it: `value` in the clear becomes `sealed` ciphertext and back.
//!
//! A personal value is the object `{"$personal": {"subject": …, "value": …}}` that [`events::Personal`] writes, at any
//! depth. What is inside of one is opaque: it is sealed as a whole and never searched for more. Ciphertext is accepted
//! from the log only: an event about to be appended that already contains `sealed` is refused, since free-form JSON of
//! a client may otherwise smuggle in another person's ciphertext and read it back in the clear.
//!
//! Ciphertext is bound to its place: the purpose, the stream, the event's id, and the path of the field, besides its owners.
//! Copied into another event, or into another field, it does not open. The position and the revision are left out: the first
//! belongs to one log. Events of before (version 1) were bound to the owners alone; see [`Version`].

use crate::{
    keyring::{DataKey, KeyState, Keys},
    vault::{VaultError, cipher::bound},
};
use events::{EventId, StreamName, Subject, personal::MARKER};
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeSet, fmt::Write};

pub(crate) use crate::vault::cipher::Version;

/// The first part of the associated data of an event's values.
const PURPOSE: &[u8] = b"event";

/// The stored event that a value belongs to, and the part of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) stream: &'a StreamName,
    pub(crate) event: EventId,
    /// `data` or `meta`.
    pub(crate) part: &'static str,
}

/// Why a value was neither sealed nor opened.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// An object with the marker that is no personal value of the expected form.
    #[error("a malformed personal value")]
    Malformed,
    /// The keys given lack this subject's: they were not asked for, or the keyring does not belong to this log.
    #[error("no key of {0}")]
    NoKey(Subject),
    /// A value is to be written about somebody who was erased.
    #[error("the key of {0} was destroyed")]
    Destroyed(Subject),
    /// The ciphertext was changed, or was sealed under another key.
    #[error("a personal value of {subject} does not open: {source}")]
    Unreadable {
        /// Whose value it is.
        subject: Subject,
        /// What the cipher says.
        source: VaultError,
    },
    /// The ciphertext is of a version that an event of this age cannot hold: it was put there.
    #[error("a personal value of {0} is sealed in another version than its event")]
    OtherVersion(Subject),
    /// Sealing failed for want of randomness.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Whether JSON text may contain personal values: a scan of bytes that saves parsing it.
///
/// Sound for text that our own serialiser wrote, which never escapes the marker's characters.
pub fn may_contain_personal(json: &[u8]) -> bool {
    memchr::memmem::find(json, MARKER.as_bytes()).is_some()
}

/// Whose keys are needed to seal or unseal this value.
///
/// # Errors
/// [`SealingError::Malformed`].
pub fn subjects(value: &Value) -> Result<BTreeSet<Subject>, SealingError> {
    let mut found = BTreeSet::new();
    collect(value, &mut found)?;
    Ok(found)
}

/// Seals every personal value in place. A value already erased (without `value`) stays as it is.
///
/// # Errors
/// Any [`SealingError`]; the value is then half sealed and must not be used.
pub(crate) fn seal(value: &mut Value, keys: &Keys, place: Place<'_>) -> Result<(), SealingError> {
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

/// Opens every personal value in place; one whose key was destroyed comes out without `value`: erased. All of them must be
/// of the version that the event's age asks for: an older one could have been copied from anywhere.
///
/// # Errors
/// Any [`SealingError`] but `Destroyed`; the value is then half open and must not be used.
pub(crate) fn unseal(
    value: &mut Value,
    keys: &Keys,
    version: Version,
    place: Place<'_>,
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

/// The way to a value, as a JSON pointer (RFC 6901).
#[derive(Default)]
struct Path(String);

impl Path {
    /// Does something one step further down.
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
        // Writing to a text never fails.
        let _ = write!(self.0, "/{index}");
        let done = work(self);
        self.0.truncate(before);
        done
    }
}

/// Calls `change` on the body of every personal value, with the way there. Depth is bounded by the parser that made the value.
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

/// Whose a personal value is.
struct Owners {
    subject: Subject,
    /// See [`events::Personal::within`].
    within: Option<Subject>,
}

impl Owners {
    /// The owners that a personal value's body names. It has no fields but the known ones: others would stay in the clear.
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

    /// The key of the owner, or the one that takes both: it is gone as soon as either of theirs is.
    fn key<'k>(&self, keys: &'k Keys) -> Result<Cow<'k, DataKey>, SealingError> {
        let own = live(keys, self.subject)?;
        Ok(match self.within {
            None => Cow::Borrowed(own),
            Some(within) => Cow::Owned(own.together_with(live(keys, within)?)),
        })
    }

    /// The associated data that binds ciphertext: moved under other names, and since version 2 to another place, it does not open.
    fn context(&self, version: Version, place: Place<'_>, path: &Path) -> Vec<u8> {
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
