//! Personal values: whose they are travels with them, so that the codec can seal each under its owner's key.
//!
//! In memory the value is in the clear. As JSON it is `{"$personal": {"subject": …, "value": …}}`; the log never sees
//! that form: on the way in `value` is replaced by `sealed` (ciphertext), and on the way out the other way round. A value
//! whose key was destroyed comes back as [`None`]: erased, not an error.

use crate::{AccountId, TeamId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};

/// The name of the one key that marks a personal value in JSON.
pub const MARKER: &str = "$personal";

/// Whose key seals a value.
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

/// A value that names or describes a person; `None` once erased.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T> {
    /// Whose key seals it.
    pub subject: Subject,
    /// Whose key seals it too: what somebody says or is within a team is gone with either of them.
    pub within: Option<Subject>,
    /// The value in the clear, unless its key was destroyed.
    pub value: Option<T>,
}

impl<T> Personal<T> {
    /// A value that belongs to `subject`.
    pub fn new(subject: Subject, value: T) -> Self {
        Self { subject, within: None, value: Some(value) }
    }

    /// A value that belongs to a person.
    pub fn of_account(account: AccountId, value: T) -> Self {
        Self::new(Subject::Account(account), value)
    }

    /// A value that belongs to a person as one of a team.
    pub fn in_team(team: TeamId, account: AccountId, value: T) -> Self {
        Self { within: Some(Subject::Team(team)), ..Self::of_account(account, value) }
    }

    /// A value that belongs to a team.
    pub fn of_team(team: TeamId, value: T) -> Self {
        Self::new(Subject::Team(team), value)
    }
}

impl<T> Personal<T> {
    /// Another value of the same owners.
    pub fn with<U>(&self, value: U) -> Personal<U> {
        Personal { subject: self.subject, within: self.within, value: Some(value) }
    }
}

impl<T: Clone + Default> Personal<T> {
    /// The value, or the type's default when it was erased.
    pub fn or_default(&self) -> T {
        self.value.clone().unwrap_or_default()
    }
}

impl<T> fmt::Debug for Personal<T> {
    /// Never shows the value: debug output ends in logs.
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
    fn goes_through_json_and_back() {
        let name = Personal::of_account(AccountId(Uuid::nil()), "Вася".to_owned());
        let json = serde_json::to_value(&name).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"$personal": {"subject": "account-00000000-0000-0000-0000-000000000000", "value": "Вася"}})
        );
        assert_eq!(serde_json::from_value::<Personal<String>>(json).unwrap(), name);
    }

    #[test]
    fn a_value_of_a_member_names_both_owners_and_so_does_another_in_its_place() {
        let (team, account) = (TeamId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let mood = Personal::in_team(team, account, "весна".to_owned());
        let back: Personal<String> = serde_json::from_value(serde_json::to_value(&mood).unwrap()).unwrap();
        assert_eq!((back.subject, back.within), (Subject::Account(account), Some(Subject::Team(team))));
        assert_eq!(back.with(7), Personal::in_team(team, account, 7));
    }

    #[test]
    fn an_erased_value_is_none_and_debug_never_shows_one() {
        let json = serde_json::json!({"$personal": {"subject": "team-00000000-0000-0000-0000-000000000000"}});
        let erased: Personal<String> = serde_json::from_value(json).unwrap();
        assert_eq!(erased.value, None);
        let name = Personal::of_team(TeamId(Uuid::nil()), "secret".to_owned());
        assert!(!format!("{name:?}").contains("secret"));
    }
}
