//! Notes beside the checkpoints of the file outside: what must be known of the log although its database may be lost or
//! changed.

use crate::{BadSignature, Chain, Hash, signed};
use chrono::{DateTime, SecondsFormat, Utc};
use secrets::signing::{PublicKey, SigningKey};
use serde::{Deserialize, Serialize};

/// The content of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// The events of the log carry codes: it is never again taken for one of before.
    Guarded,
    /// An operator has accepted another history: checkpoints above this line are of the one before.
    Lineage,
}

/// A signed line of the file outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The content.
    pub note: NoteKind,
    /// The place in the chain that it was written at; of a new lineage, the last one that was signed of the other.
    pub number: u64,
    /// The hash there.
    pub hash: Hash,
    /// When, by the signer's clock, in microseconds.
    pub at: DateTime<Utc>,
    /// Why, in an operator's words; empty where nobody was asked.
    pub reason: String,
    /// The key that the signature is checked with, 64 hexadecimal digits.
    pub key: String,
    /// Ed25519 over [`Self::text`], 128 hexadecimal digits.
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

    /// The signed text: these lines, each ended by a line feed; the reason as JSON text.
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

    /// Checks the signature against a key that is trusted.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn check(&self, trusted: &PublicKey) -> Result<(), BadSignature> {
        signed::check(&self.key, &self.text(), &self.signature, trusted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrets::vault::Vault;

    #[test]
    fn a_note_survives_json_and_nothing_of_it_can_be_changed() {
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
