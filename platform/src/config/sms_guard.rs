//! The section `sms_guard`: destinations and budgets of login codes, against SMS pumping fraud.

use super::Profile;
use domain::codes::{Budget, CodesPolicy, Guard, Lists};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Destinations and budgets of login codes, against SMS pumping fraud. Only the lists apply to a phone that has
/// logged in before. Hours are clock hours, days are days in UTC; a budget of 0 = unlimited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsGuard {
    /// Countries (two letters) or prefixes to which codes are sent, e.g. `["RU", "KZ"]` or `["+375"]`; empty = all.
    pub allow: Vec<String>,
    /// Countries or prefixes to which no codes are sent.
    pub deny: Vec<String>,
    /// Kinds of phone numbers to which no codes are sent: `satellite`, `premium`, `shared_cost`, `toll_free`,
    /// `personal`, `pager`, `uan`, `voicemail`, `voip`, `fixed_line`, `unknown`.
    pub deny_kinds: Vec<String>,
    /// Maximum number of codes per hour for one prefix (a phone number without its last four digits).
    pub prefix_per_hour: u32,
    /// Maximum number of codes per day for one prefix.
    pub prefix_per_day: u32,
    /// Maximum number of codes per hour for one country.
    pub country_per_hour: u32,
    /// Maximum number of codes per day for one country.
    pub country_per_day: u32,
    /// Maximum number of codes per hour.
    pub all_per_hour: u32,
    /// Maximum number of codes per day.
    pub all_per_day: u32,
    /// Number of codes per day after which a prefix is slowed down if less than `entered_percent` of them were
    /// entered; 0 = never.
    pub slow_after: u32,
    /// Number of codes per day after which such a prefix gets no more codes until the next day; 0 = never.
    pub stop_after: u32,
    /// Minimum share of a prefix's codes that are entered, in percent.
    pub entered_percent: u32,
    /// Time after which a code counts as not entered, in seconds.
    pub grace_sec: u32,
    /// Minimum interval between two codes for a prefix that is slowed down, in seconds.
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

    /// The lists of destinations.
    ///
    /// # Errors
    /// The first word that is not a country, prefix or kind.
    pub fn lists(&self) -> Result<Lists, String> {
        Lists::read(&self.allow, &self.deny, &self.deny_kinds)
    }

    /// The budgets and the thresholds of a prefix.
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
