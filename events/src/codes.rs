//! Facts about login codes of all phones together: what was sent where on a day, what was entered, when sending stopped.
//! They hold no number: its first digits are kept as a keyed hash.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The reason why a code was withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Barrier {
    /// The budget of the prefix.
    Prefix,
    /// The budget of the country.
    Country,
    /// The budget of all numbers together.
    All,
    /// Codes of the prefix are hardly ever entered: it gets one in a while.
    Slowed,
    /// Codes of the prefix are hardly ever entered: it gets none on that day.
    Stopped,
}

impl Barrier {
    /// Its name in logs and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Country => "country",
            Self::All => "all",
            Self::Slowed => "slowed",
            Self::Stopped => "stopped",
        }
    }
}

/// Where a code goes, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// The country by its two letters; `001` for none.
    pub country: String,
    /// Keyed hash of the number less its last four digits, hex.
    pub prefix: String,
}

/// A code may be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// The code's identity.
    pub nonce: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Where it goes.
    pub place: Destination,
    /// Whether somebody logged in with the number before: then no budget holds it up.
    pub known: bool,
}

/// A code that was sent was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entered {
    /// The code's identity.
    pub nonce: Uuid,
}

/// Codes are withheld from now on: stored once for each barrier and span of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// The reason.
    pub barrier: Barrier,
    /// Where the first one would have gone.
    pub place: Destination,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when at the latest.
    pub until: DateTime<Utc>,
}
