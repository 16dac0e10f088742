//! Notes in the checkpoint file: facts about the log that must survive the loss or a manipulation of its database.

use crate::{BadSignature, Chain, Hash, signed};
use chrono::{DateTime, SecondsFormat, Utc};
use secrets::signing::{PublicKey, SigningKey};
use serde::{Deserialize, Serialize};

/// Subject of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// Events of the log carry codes: the log is never again taken for one without codes.
    Guarded,
    /// An operator accepted another history: checkpoints above this line belong to the previous one.
    Lineage,
}

/// A signed note of the checkpoint file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Subject.
    pub note: NoteKind,
    /// Number in the chain at which it was written; with a new lineage, the last signed number of the other history.
    pub number: u64,
    /// Hash of the chain at that number.
    pub hash: Hash,
    /// Time of signing by the signer's clock, in microseconds.
    pub at: DateTime<Utc>,
    /// Reason in an operator's words; empty if there was no operator.
    pub reason: String,
    /// Public key that verifies the signature, 64 hexadecimal digits.
    pub key: String,
    /// Ed25519 signature over [`Self::text`], 128 hexadecimal digits.
    pub signature: String,
}

impl Note {
    /// Signs a note.
    pub fn sign(note: NoteKind, chain: Chain, at: DateTime<Utc>, reason: String, key: &SigningKey) -> Self {
        let Chain { number, hash } = chain;
        let at = DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at);
        let key_text = key.public().to_string();
        let mut note = Self { note, number, hash, at, reason, key: key_text, signature: String::new() };
        note.signature = key.sign(note.text().as_bytes());
        note
    }

    /// The signed text: these lines, each terminated by a line feed; the reason as JSON text.
    pub fn text(&self) -> String {
        let Self { number, hash, key, .. } = self;
        let kind = match self.note {
            NoteKind::Guarded => "guarded",
            NoteKind::Lineage => "lineage",
        };
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let reason = serde_json::Value::from(self.reason.as_str());
        format!(
            "veche audit note v1\nnote {kind}\nnumber {number}\nhash {hash}\nat {at}\nreason {reason}\nkey {key}\n"
        )
    }

    /// Checks the signature against a trusted key.
    ///
    /// # Errors
    /// See [`BadSignature`]: the note proves nothing.
    pub fn check(&self, trusted: &PublicKey) -> Result<(), BadSignature> {
        signed::check(&self.key, &self.text(), &self.signature, trusted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrets::vault::Vault;

    #[test]
    fn changed_note_fails_the_check() {
        let key = Vault::new(&[1; 32]).signing_key();
        let chain = Chain { number: 7, hash: Hash([3; 32]) };
        let note =
            Note::sign(NoteKind::Lineage, chain, DateTime::UNIX_EPOCH, "the \"old\"\nbackup".into(), &key);
        let read: Note = serde_json::from_str(&serde_json::to_string(&note).unwrap()).unwrap();
        assert_eq!((&read, read.check(&key.public())), (&note, Ok(())));
        for changed in [
            Note { note: NoteKind::Guarded, ..note.clone() },
            Note { number: 8, ..note.clone() },
            Note { reason: "another".into(), ..note.clone() },
        ] {
            assert_eq!(changed.check(&key.public()), Err(BadSignature::Forged), "{changed:?}");
        }
        let other = Vault::new(&[2; 32]).signing_key().public();
        assert_eq!(note.check(&other), Err(BadSignature::OtherKey));
    }
}
