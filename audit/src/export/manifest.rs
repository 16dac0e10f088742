//! What stands beside an export: what it holds, how it is proved, and a signature over that.

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

/// What a file proves with the public key alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// That it is all of history from its first event to its last, as it was signed.
    Chain,
    /// Of each event that it is the one its hash was made of; that none was left out is the signer's word.
    Membership,
}

/// An event's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainPoint {
    /// In the chain.
    pub number: u64,
    /// In the log.
    pub position: Position,
    /// The chain's hash there.
    pub hash: Hash,
}

/// The manifest of an export. It is signed when the export is complete; before that it says how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// How the file is written.
    pub format: Format,
    /// What was let through.
    pub filter: Filter,
    /// What the file proves.
    pub proves: Proof,
    /// The chain before the first event; of a filtered export nothing.
    pub before: Chain,
    /// Events in the file.
    pub count: u64,
    /// The first of them.
    pub first: Option<ChainPoint>,
    /// The last of them.
    pub last: Option<ChainPoint>,
    /// History was looked at up to this number.
    pub until: u64,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: Hash,
    /// What was signed of the numbers inside.
    pub checkpoints: Vec<Checkpoint>,
    /// When the export was made.
    pub at: DateTime<Utc>,
    /// The key that the signatures are checked with.
    pub key: String,
    /// Ed25519 over [`Self::text`]; empty as long as the export is not complete.
    pub signature: String,
}

impl Manifest {
    /// The manifest of a file, `FILE.manifest.json`.
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

    /// What is signed: these lines, each ended by a line feed.
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

    /// Whether it is signed with a key that is trusted.
    pub fn is_signed_by(&self, trusted: &[PublicKey]) -> bool {
        let key = trusted.iter().find(|key| key.to_string() == self.key);
        key.is_some_and(|key| key.verifies(self.text().as_bytes(), &self.signature))
    }

    pub(super) fn count(&mut self, place: ChainPoint) {
        self.count += 1;
        self.first.get_or_insert(place);
        self.last = Some(place);
    }

    /// Whether a number is among those that were exported.
    pub(super) fn holds(&self, number: u64) -> bool {
        let (Some(first), Some(last)) = (self.first, self.last) else { return false };
        (first.number..=last.number).contains(&number)
    }

    /// The manifest in a file, if it is there.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => Ok(Some(serde_json::from_slice(&text?)?)),
        }
    }

    /// Replaced as a whole: a crash leaves the old one or the new one.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut new = OsString::from(path);
        new.push(".new");
        fs::write(&new, serde_json::to_string_pretty(self)? + "\n")?;
        fs::rename(&new, path)
    }
}
