//! Personal values. Each carries its subjects, so that the codec can seal it under their keys.
//!
//! In memory the value is clear, as JSON it is `{"$personal": {"subject": …, "value": …}}`. The log never stores that form:
//! before an append `value` is replaced by `sealed` (ciphertext), and after a read the other way round. A value whose key was
//! destroyed reads as [`None`]: erased, not an error.

use crate::{AccountId, TeamId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};

/// Name of the one member that marks a personal value in JSON.
pub const MARKER: &str = "$personal";

/// Owner of a key that seals values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A person.
    Account(AccountId),
    /// A team.
    Team(TeamId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account-{id}"),
            Self::Team(id) => write!(f, "team-{id}"),
        }
    }
}

impl FromStr for Subject {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = match text.split_once('-') {
            Some(("account", id)) => id.parse().map(Self::Account),
            Some(("team", id)) => id.parse().map(Self::Team),
            _ => return Err(format!("unknown subject {text:?}")),
        };
        parsed.map_err(|error| format!("subject {text:?}: {error}"))
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A value that names or describes a person; its `value` is `None` once erased.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T> {
    /// Owner of the key that seals it.
    pub subject: Subject,
    /// Owner of a second key that seals it: a value about a person within a team becomes unreadable with either key.
    pub within: Option<Subject>,
    /// Clear value; `None` if a key was destroyed.
    pub value: Option<T>,
}

impl<T> Personal<T> {
    /// A value sealed under the key of `subject`.
    pub fn new(subject: Subject, value: T) -> Self {
        Self { subject, within: None, value: Some(value) }
    }

    /// A value sealed under the key of an account.
    pub fn of_account(account: AccountId, value: T) -> Self {
        Self::new(Subject::Account(account), value)
    }

    /// A value sealed under the keys of an account and of a team.
    pub fn in_team(team: TeamId, account: AccountId, value: T) -> Self {
        Self { within: Some(Subject::Team(team)), ..Self::of_account(account, value) }
    }

    /// A value sealed under the key of a team.
    pub fn of_team(team: TeamId, value: T) -> Self {
        Self::new(Subject::Team(team), value)
    }
}

impl<T> Personal<T> {
    /// Another value with the same owners.
    pub fn with<U>(&self, value: U) -> Personal<U> {
        Personal { subject: self.subject, within: self.within, value: Some(value) }
    }
}

impl<T: Clone + Default> Personal<T> {
    /// The value, or its type's default if it was erased.
    pub fn or_default(&self) -> T {
        self.value.clone().unwrap_or_default()
    }
}

impl<T> fmt::Debug for Personal<T> {
    /// Never shows the value: debug output ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.value.is_some() { "…" } else { "erased" };
        write!(f, "Personal({}: {what})", self.subject)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<T> {
    subject: Subject,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    within: Option<Subject>,
    #[serde(skip_serializing_if = "Option::is_none", default = "none")]
    value: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Serialize, Deserialize)]
struct Marked<T> {
    #[serde(rename = "$personal")]
    body: Body<T>,
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { subject, within, value } = self;
        Marked { body: Body { subject: *subject, within: *within, value: value.as_ref() } }
            .serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Marked { body } = Marked::<T>::deserialize(deserializer)?;
        Ok(Self { subject: body.subject, within: body.within, value: body.value })
    }
}

impl<T: JsonSchema> JsonSchema for Personal<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Personal_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({
            "type": "object",
            "description": "A personal value: in the log `sealed` (ciphertext under the key of `subject`, and of \
                `within` too if it is there) stands for `value`.",
            "properties": { "$personal": {
                "type": "object",
                "properties": {
                    "subject": { "type": "string" }, "within": { "type": "string" },
                    "value": value, "sealed": { "type": "string" }
                },
                "required": ["subject"], "additionalProperties": false,
            }},
            "required": ["$personal"], "additionalProperties": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn personal_value_encodes_and_decodes_to_itself() {
        let name = Personal::of_account(AccountId(Uuid::nil()), "Вася".to_owned());
        let json = serde_json::to_value(&name).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"$personal": {"subject": "account-00000000-0000-0000-0000-000000000000", "value": "Вася"}})
        );
        assert_eq!(serde_json::from_value::<Personal<String>>(json).unwrap(), name);
    }

    #[test]
    fn value_within_a_team_keeps_both_owners() {
        let (team, account) = (TeamId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let mood = Personal::in_team(team, account, "весна".to_owned());
        let back: Personal<String> = serde_json::from_value(serde_json::to_value(&mood).unwrap()).unwrap();
        assert_eq!((back.subject, back.within), (Subject::Account(account), Some(Subject::Team(team))));
        assert_eq!(back.with(7), Personal::in_team(team, account, 7));
    }

    #[test]
    fn debug_never_shows_a_personal_value() {
        let json = serde_json::json!({"$personal": {"subject": "team-00000000-0000-0000-0000-000000000000"}});
        let erased: Personal<String> = serde_json::from_value(json).unwrap();
        assert_eq!(erased.value, None);
        let name = Personal::of_team(TeamId(Uuid::nil()), "secret".to_owned());
        assert!(!format!("{name:?}").contains("secret"));
    }
}
