//! Events of the contacts of a team.

mod preferences;

pub use preferences::{Preference, Preferences};

use crate::{
    AccountId, ContactId, Personal, SectionId, icon,
    value::{ContactOrigin, ContactStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A person became a contact of the team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// Id of the contact, its address within the team.
    pub contact: ContactId,
    /// Account of the person.
    pub account: AccountId,
    /// How the person became a contact.
    pub origin: ContactOrigin,
    /// Phone number that the team sees, `+` and digits.
    pub phone: Personal<String>,
    /// First name, may be empty.
    pub given_name: Personal<String>,
    /// Last name, may be empty.
    pub family_name: Personal<String>,
    /// Job title, may be empty.
    pub role: Personal<String>,
    /// Status, which gives rights.
    pub status: ContactStatus,
    /// Whether the person has yet to confirm that they want to be in the team.
    pub need_confirmation: bool,
}

/// The status of a contact changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusChanged {
    /// Contact.
    pub contact: ContactId,
    /// New status.
    pub status: ContactStatus,
}

/// A contact left or was removed; its messages stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {
    /// Contact.
    pub contact: ContactId,
    /// Contact that did it: the contact itself if it left. Absent if no contact did it, and in events of earlier
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ContactId>,
}

/// An archived contact came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// Contact.
    pub contact: ContactId,
    /// New status.
    pub status: ContactStatus,
    /// Whether the person has yet to confirm that they want to be in the team.
    pub need_confirmation: bool,
}

/// The profile of a contact changed; holds all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanged {
    /// Contact.
    pub contact: ContactId,
    /// Whole profile after the change.
    pub profile: Profile,
}

/// Profile of a contact. Every field may be empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// First name.
    pub given_name: Personal<String>,
    /// Patronymic.
    pub patronymic: Personal<String>,
    /// Last name.
    pub family_name: Personal<String>,
    /// Job title.
    pub role: Personal<String>,
    /// Mood or status text.
    pub mood: Personal<String>,
    /// E-mail address that the team sees.
    pub contact_email: Personal<String>,
    /// Phone number that the team sees, `+` and digits.
    pub contact_phone: Personal<String>,
}

/// The client preferences of a contact changed; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesChanged {
    /// Contact.
    pub contact: ContactId,
    /// All preferences after the change.
    pub preferences: Personal<Preferences>,
}

/// The sections of a contact were set; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionsSet {
    /// Contact.
    pub contact: ContactId,
    /// All sections after the change, in order.
    pub sections: Vec<SectionId>,
}

/// A contact was allowed to invite people regardless of its status, or no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitingAllowed {
    /// Contact.
    pub contact: ContactId,
    /// Whether it may invite people.
    pub allowed: bool,
}

/// The picture of a contact was set or replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IconChanged {
    /// Contact.
    pub contact: ContactId,
    /// New picture.
    pub icon: icon::Changed,
}

/// The picture of a contact was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IconRemoved {
    /// Contact.
    pub contact: ContactId,
}

/// An added or invited contact confirmed that they want to be in the team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// Contact.
    pub contact: ContactId,
}
