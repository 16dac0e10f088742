//! Personal values on their way into the log and out of it: `value` in the clear becomes `sealed` ciphertext and back.
//!
//! A personal value is the object `{"$personal": {"subject": …, "value": …}}` that [`events::Personal`] writes, at any
//! depth. What is inside of one is opaque: it is sealed as a whole and never searched for more. Ciphertext is accepted
//! from the log only: an event about to be appended that already contains `sealed` is refused, since free-form JSON of
//! a client may otherwise smuggle in another person's ciphertext and read it back in the clear.

use crate::{
    keyring::{DataKey, KeyState, Keys},
    vault::VaultError,
};
use events::{Subject, personal::MARKER};
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeSet};

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
pub fn seal(value: &mut Value, keys: &Keys) -> Result<(), SealingError> {
    walk(value, &mut |body| {
        let owners = Owners::of(body)?;
        if body.contains_key("sealed") {
            return Err(SealingError::Malformed);
        }
        let Some(plain) = body.remove("value") else { return Ok(()) };
        let key = owners.key(keys)?;
        let sealed = key.seal(plain.to_string().as_bytes(), owners.context().as_bytes())?;
        body.insert("sealed".to_owned(), Value::String(sealed));
        Ok(())
    })
}

/// Opens every personal value in place; one whose key was destroyed comes out without `value`: erased.
///
/// # Errors
/// Any [`SealingError`] but `Destroyed`; the value is then half open and must not be used.
pub fn unseal(value: &mut Value, keys: &Keys) -> Result<(), SealingError> {
    walk(value, &mut |body| {
        let owners = Owners::of(body)?;
        if body.contains_key("value") {
            return Err(SealingError::Malformed);
        }
        let sealed = match body.remove("sealed") {
            Some(Value::String(sealed)) => sealed,
            Some(_) => return Err(SealingError::Malformed),
            None => return Ok(()),
        };
        let key = match owners.key(keys) {
            Err(SealingError::Destroyed(_)) => return Ok(()),
            key => key?,
        };
        let plain = key
            .open(&sealed, owners.context().as_bytes())
            .map_err(|source| SealingError::Unreadable { subject: owners.subject, source })?;
        let plain = serde_json::from_slice(&plain).map_err(|_| SealingError::Malformed)?;
        body.insert("value".to_owned(), plain);
        Ok(())
    })
}

/// Calls `change` on the body of every personal value. Depth is bounded by the parser that made the value.
fn walk(
    value: &mut Value,
    change: &mut impl FnMut(&mut Map<String, Value>) -> Result<(), SealingError>,
) -> Result<(), SealingError> {
    match value {
        Value::Object(object) => {
            let alone = object.len() == 1;
            match object.get_mut(MARKER) {
                Some(Value::Object(body)) if alone => change(body),
                Some(_) => Err(SealingError::Malformed),
                None => object.values_mut().try_for_each(|inner| walk(inner, change)),
            }
        }
        Value::Array(items) => items.iter_mut().try_for_each(|inner| walk(inner, change)),
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

    /// What ciphertext is bound to: moved under other names it does not open.
    fn context(&self) -> String {
        match self.within {
            None => self.subject.to_string(),
            Some(within) => format!("{} {within}", self.subject),
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
