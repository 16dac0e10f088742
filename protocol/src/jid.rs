//! Chat addresses: a prefix for the kind and a UUID. `d-…` is a contact and the direct chat with it, `g-…` a group,
//! `t-…` a task (`docs/acceptance.md`, item 105).

use crate::chat_type::ChatType;
use events::{ContactId, GroupId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

/// A chat address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Jid {
    /// A contact, and the direct chat with it.
    Direct(ContactId),
    /// A group.
    Group(GroupId),
    /// A task.
    Task(GroupId),
}

impl Jid {
    /// The kind of the chat.
    pub fn chat_type(&self) -> ChatType {
        match self {
            Self::Direct(_) => ChatType::Direct,
            Self::Group(_) => ChatType::Group,
            Self::Task(_) => ChatType::Task,
        }
    }
}

/// The text is not a chat address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address: expected d-, g- or t- and a uuid")]
pub struct InvalidJid;

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct(id) => write!(f, "d-{id}"),
            Self::Group(id) => write!(f, "g-{id}"),
            Self::Task(id) => write!(f, "t-{id}"),
        }
    }
}

impl FromStr for Jid {
    type Err = InvalidJid;
    fn from_str(text: &str) -> Result<Self, InvalidJid> {
        let (kind, id) = text.split_once('-').ok_or(InvalidJid)?;
        // Only the hyphenated form: uuids have other spellings, and one address must have one.
        let id = Uuid::parse_str(id).ok().filter(|_| id.len() == 36).ok_or(InvalidJid)?;
        match kind {
            "d" => Ok(Self::Direct(id.into())),
            "g" => Ok(Self::Group(id.into())),
            "t" => Ok(Self::Task(id.into())),
            _ => Err(InvalidJid),
        }
    }
}

impl Serialize for Jid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Jid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Jid {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[dgt]-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"))
            .description(Some("Chat address: `d-` and a UUID for a contact and the direct chat with it, `g-` for a group, `t-` for a task."))
            .into()
    }
}

impl ToSchema for Jid {
    fn name() -> Cow<'static, str> {
        "Jid".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jid_round_trips_through_text() {
        for text in ["d-7d09fba1-414e-47ab-ad05-6cf7fee2e081", "g-7d09fba1-414e-47ab-ad05-6cf7fee2e081"] {
            assert_eq!(text.parse::<Jid>().unwrap().to_string(), text);
        }
        for text in ["", "d-", "x-7d09fba1-414e-47ab-ad05-6cf7fee2e081", "d-7d09fba1414e47abad056cf7fee2e081"]
        {
            assert_eq!(text.parse::<Jid>(), Err(InvalidJid), "{text}");
        }
    }
}
