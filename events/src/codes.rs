//! Events that count login codes of all phones per day: sent, entered, withheld. Phone numbers are stored as keyed
//! hashes of their prefix only.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Reason why a code was withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Barrier {
    /// The daily budget of the number's prefix is used up.
    Prefix,
    /// The daily budget of the country is used up.
    Country,
    /// The daily budget of all numbers is used up.
    All,
    /// Codes of the prefix are hardly ever entered: it gets one occasionally.
    Slowed,
    /// Codes of the prefix are hardly ever entered: it gets none for the rest of the day.
    Stopped,
}

impl Barrier {
    /// Name in logs and metrics.
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

/// Destination of a code, as coarse as it is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Two-letter country code; `001` for none.
    pub country: String,
    /// Keyed hash of the number without its last four digits, hex.
    pub prefix: String,
}

/// A code may be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// Identity of the code.
    pub nonce: Uuid,
    /// Time of the decision.
    pub at: DateTime<Utc>,
    /// Destination of the code.
    pub place: Destination,
    /// Whether somebody has logged in with the number before: then no budget withholds the code.
    pub known: bool,
}

/// A sent code was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entered {
    /// Identity of the code.
    pub nonce: Uuid,
}

/// Codes are withheld from now on. Stored once per barrier and period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// Reason for withholding.
    pub barrier: Barrier,
    /// Destination of the first code that was withheld.
    pub place: Destination,
    /// Start of the period.
    pub at: DateTime<Utc>,
    /// Latest end of the period.
    pub until: DateTime<Utc>,
}
