//! The manifest of an export: what the file holds, how it is proved, and a signature over both.

use super::Format;
use crate::{Chain, Checkpoint, Filter, Hash};
use chrono::{DateTime, SecondsFormat, Utc};
use events::Position;
use secrets::signing::{PublicKey, SigningKey};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// The claim that the file and the public key prove together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The file is the complete signed history from its first event to its last.
    Chain,
    /// Each event is the one that was hashed; for completeness the reader has to trust the signer.
    Membership,
}

/// Coordinates of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainPoint {
    /// Number in the chain.
    pub number: u64,
    /// Position in the log.
    pub position: Position,
    /// Hash of the chain at that number.
    pub hash: Hash,
}

/// The manifest. It is signed when the export is complete; before that it records the progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format of the file.
    pub format: Format,
    /// Filter of the exported events.
    pub filter: Filter,
    /// The claim that the file proves.
    pub proves: Proof,
    /// Chain before the first event; for a filtered export the start of the chain.
    pub before: Chain,
    /// Number of events in the file.
    pub count: u64,
    /// First event in the file.
    pub first: Option<ChainPoint>,
    /// Last event in the file.
    pub last: Option<ChainPoint>,
    /// Number in the chain up to which history was searched.
    pub until: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: Hash,
    /// Checkpoints for numbers in the file.
    pub checkpoints: Vec<Checkpoint>,
    /// Time of the export.
    pub at: DateTime<Utc>,
    /// Public key that verifies the signature.
    pub key: String,
    /// Ed25519 signature over [`Self::text`]; empty while the export is unfinished.
    pub signature: String,
}

impl Manifest {
    /// Path of the manifest of a file: `FILE.manifest.json`.
    pub fn path_for(file: &Path) -> PathBuf {
        let mut name = OsString::from(file);
        name.push(".manifest.json");
        name.into()
    }

    pub(super) fn begin(format: Format, filter: Filter, before: Chain) -> Self {
        Self {
            format,
            proves: if filter.is_contiguous() { Proof::Chain } else { Proof::Membership },
            filter,
            before,
            count: 0,
            first: None,
            last: None,
            until: before.number,
            bytes: 0,
            sha256: Hash::NONE,
            checkpoints: Vec::new(),
            at: DateTime::UNIX_EPOCH,
            key: String::new(),
            signature: String::new(),
        }
    }

    /// The signed text: these lines, each terminated by a line feed.
    pub fn text(&self) -> String {
        let Self { format, proves, before, count, until, sha256, key, .. } = self;
        let last =
            self.last.map_or_else(|| "none".to_owned(), |last| format!("{} {}", last.number, last.hash));
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let filter = serde_json::to_string(&self.filter).unwrap_or_default();
        let word = |value: serde_json::Result<serde_json::Value>| {
            value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let (format, proves) = (word(serde_json::to_value(format)), word(serde_json::to_value(proves)));
        format!(
            "veche audit export v1\nformat {format}\nproves {proves}\nfilter {filter}\nbefore {} {}\ncount {count}\n\
             last {last}\nuntil {until}\nsha256 {sha256}\nat {at}\nkey {key}\n",
            before.number, before.hash
        )
    }

    pub(super) fn sign(&mut self, key: &SigningKey, at: DateTime<Utc>) {
        self.at = at;
        self.key = key.public().to_string();
        self.signature = key.sign(self.text().as_bytes());
    }

    pub(super) fn unsign(&mut self) {
        self.signature.clear();
        self.sha256 = Hash::NONE;
        self.checkpoints.clear();
    }

    /// Whether it is signed with a trusted key.
    pub fn is_signed_by(&self, trusted: &[PublicKey]) -> bool {
        let key = trusted.iter().find(|key| key.to_string() == self.key);
        key.is_some_and(|key| key.verifies(self.text().as_bytes(), &self.signature))
    }

    pub(super) fn count(&mut self, place: ChainPoint) {
        self.count += 1;
        self.first.get_or_insert(place);
        self.last = Some(place);
    }

    /// Whether the number of an event is within the export.
    pub(super) fn holds(&self, number: u64) -> bool {
        let (Some(first), Some(last)) = (self.first, self.last) else { return false };
        (first.number..=last.number).contains(&number)
    }

    /// Reads a manifest; `None` if the file does not exist.
    ///
    /// # Errors
    /// The file cannot be read or is not a manifest.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => Ok(Some(serde_json::from_slice(&text?)?)),
        }
    }

    /// Replaces the file atomically: a crash leaves the old one or the new one.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut new = OsString::from(path);
        new.push(".new");
        fs::write(&new, serde_json::to_string_pretty(self)? + "\n")?;
        fs::rename(&new, path)
    }
}
