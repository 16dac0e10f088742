//! Where login codes are sent, and how many: against requests that are made for the money which messages bring somebody.

use super::Profile;
use domain::codes::{Budget, CodesPolicy, Guard, Lists};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where login codes are sent, and how many. A number with which somebody logged in before is held up by the lists alone.
/// Hours are those of the clock, days those of UTC; a budget of 0 is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsGuard {
    /// Countries by two letters, e.g. `["RU", "KZ"]`, or prefixes, e.g. `["+375"]`, to which alone codes are sent; empty
    /// means all.
    pub allow: Vec<String>,
    /// Countries or prefixes to which no codes are sent.
    pub deny: Vec<String>,
    /// Kinds of numbers to which no codes are sent: `satellite`, `premium`, `shared_cost`, `toll_free`, `personal`, `pager`,
    /// `uan`, `voicemail`, `voip`, `fixed_line`, `unknown`.
    pub deny_kinds: Vec<String>,
    /// Codes for numbers that differ in their last four digits alone, in an hour.
    pub prefix_per_hour: u32,
    /// The like on a day.
    pub prefix_per_day: u32,
    /// Codes for one country in an hour.
    pub country_per_hour: u32,
    /// Codes for one country on a day.
    pub country_per_day: u32,
    /// Codes for all numbers together in an hour.
    pub all_per_hour: u32,
    /// Codes for all numbers together on a day.
    pub all_per_day: u32,
    /// Codes of a day after which a prefix is slowed down, if fewer than `entered_percent` of them were entered; 0 never.
    pub slow_after: u32,
    /// Codes of a day after which such a prefix gets none until the next day; 0 never.
    pub stop_after: u32,
    /// The least share of a prefix's codes that people enter, in percent.
    pub entered_percent: u32,
    /// How long a code may still be entered before it counts as not entered, in seconds.
    pub grace_sec: u32,
    /// Pause between two codes for a prefix that is slowed down, in seconds.
    pub pause_sec: u32,
}

impl SmsGuard {
    pub(super) fn defaults(profile: Profile) -> Self {
        let budget = |count: u32| if profile == Profile::Production { count } else { 0 };
        let denied =
            ["satellite", "premium", "shared_cost", "toll_free", "personal", "pager", "uan", "voicemail"];
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            deny_kinds: denied.map(str::to_owned).to_vec(),
            prefix_per_hour: budget(60),
            prefix_per_day: budget(200),
            country_per_hour: budget(2_000),
            country_per_day: budget(10_000),
            all_per_hour: budget(4_000),
            all_per_day: budget(20_000),
            slow_after: budget(10),
            stop_after: budget(20),
            entered_percent: 10,
            grace_sec: 120,
            pause_sec: 300,
        }
    }

    /// The lists.
    ///
    /// # Errors
    /// The word that is no country, prefix or kind.
    pub fn lists(&self) -> Result<Lists, String> {
        Lists::read(&self.allow, &self.deny, &self.deny_kinds)
    }

    /// Budgets and guard.
    pub fn policy(&self) -> CodesPolicy {
        let budget = |per_hour, per_day| Budget { per_hour, per_day };
        CodesPolicy {
            prefix: budget(self.prefix_per_hour, self.prefix_per_day),
            country: budget(self.country_per_hour, self.country_per_day),
            all: budget(self.all_per_hour, self.all_per_day),
            guard: Guard {
                slow_after: self.slow_after,
                stop_after: self.stop_after,
                percent: self.entered_percent,
                grace: chrono::TimeDelta::seconds(self.grace_sec.into()),
                pause: chrono::TimeDelta::seconds(self.pause_sec.into()),
            },
        }
    }
}
