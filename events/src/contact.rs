//! Facts about the people of a team.

mod preferences;

pub use preferences::{Preference, Preferences};

use crate::{
    AccountId, ContactId, Personal, SectionId, icon,
    value::{ContactOrigin, ContactStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody became a contact of the team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// Address within the team.
    pub contact: ContactId,
    /// Whose it is.
    pub account: AccountId,
    /// How they came.
    pub origin: ContactOrigin,
    /// Phone that the team sees, `+` and digits.
    pub phone: Personal<String>,
    /// First name, may be empty.
    pub given_name: Personal<String>,
    /// Last name, may be empty.
    pub family_name: Personal<String>,
    /// Job title, may be empty.
    pub role: Personal<String>,
    /// Rights.
    pub status: ContactStatus,
    /// Whether they have yet to say that they want to be here.
    pub need_confirmation: bool,
}

/// A contact's rights changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusChanged {
    /// Whose.
    pub contact: ContactId,
    /// Rights from now on.
    pub status: ContactStatus,
}

/// A contact left or was removed; its history stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {
    /// Who.
    pub contact: ContactId,
    /// The contact that did it: the same one if it left. Absent where no contact did it, and in events of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ContactId>,
}

/// A former contact came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// Who.
    pub contact: ContactId,
    /// Rights from now on.
    pub status: ContactStatus,
    /// Whether they have yet to say that they want to be here.
    pub need_confirmation: bool,
}

/// What a contact shows of itself changed; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanged {
    /// Whose.
    pub contact: ContactId,
    /// The profile after the change.
    pub profile: Profile,
}

/// What a contact shows of itself. Any of it may be empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// First name.
    pub given_name: Personal<String>,
    /// Name after the father.
    pub patronymic: Personal<String>,
    /// Last name.
    pub family_name: Personal<String>,
    /// Job title.
    pub role: Personal<String>,
    /// A word on how they are.
    pub mood: Personal<String>,
    /// E-mail that the team sees.
    pub contact_email: Personal<String>,
    /// Phone that the team sees, `+` and digits.
    pub contact_phone: Personal<String>,
}

/// A contact set how clients behave for it; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesChanged {
    /// Whose.
    pub contact: ContactId,
    /// The preferences after the change.
    pub preferences: Personal<Preferences>,
}

/// A contact was put into these sections, and none else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionsSet {
    /// Who.
    pub contact: ContactId,
    /// Where, in the order given.
    pub sections: Vec<SectionId>,
}

/// A contact may invite people whatever its status, or no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitingAllowed {
    /// Who.
    pub contact: ContactId,
    /// Whether it may.
    pub allowed: bool,
}

/// A contact's picture was set or replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IconChanged {
    /// Whose.
    pub contact: ContactId,
    /// The picture.
    pub icon: icon::Changed,
}

/// A contact has no picture any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IconRemoved {
    /// Whose.
    pub contact: ContactId,
}

/// A contact who was added or invited said that they want to be here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// Who.
    pub contact: ContactId,
}
