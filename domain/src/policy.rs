//! The table of rights by status, used by decisions and by the `can_*` flags of views
//! (`docs/acceptance.md`, items 54 to 60, 66, 87).

use events::value::ContactStatus::{self, Admin, Guest, Member, Owner};

/// An action that needs a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change the team's name, settings and picture.
    ManageTeam,
    DeleteTeam,
    /// Add contacts and create invitations.
    AddToTeam,
    /// Create and change integrations.
    ManageIntegrations,
    /// Create, change and order sections.
    ManageSections,
    /// Remove another contact.
    DeleteContact,
    CreateGroup,
    /// Delete messages of others.
    DeleteAnyMessage,
    CreateTask,
    CreateTag,
    ManageTags,
}

pub fn may(status: ContactStatus, action: Action) -> bool {
    match action {
        Action::DeleteTeam => status == Owner,
        Action::ManageTeam
        | Action::AddToTeam
        | Action::ManageIntegrations
        | Action::DeleteContact
        | Action::DeleteAnyMessage
        | Action::ManageTags => status >= Admin,
        Action::ManageSections | Action::CreateGroup | Action::CreateTask | Action::CreateTag => {
            status >= Member
        }
    }
}

/// The statuses that a contact of this status may give to others, lowest first.
pub fn assignable(status: ContactStatus) -> &'static [ContactStatus] {
    match status {
        Owner => ContactStatus::ALL,
        Admin => &[Guest, Member, Admin],
        Member | Guest => &[],
    }
}

/// Fields that every contact may change in its own contact, in alphabetical order.
const OWN: [&str; 20] = [
    "alt_send",
    "contact_email",
    "contact_mshort_view",
    "contact_phone",
    "contact_short_view",
    "contact_show_archived",
    "debug_show_activity",
    "default_lang",
    "family_name",
    "given_name",
    "group_mshort_view",
    "group_notifications_enabled",
    "group_short_view",
    "icons",
    "phone",
    "role",
    "task_mshort_view",
    "task_notifications_enabled",
    "task_short_view",
    "unread_first",
];

/// Fields that admins may also change, in every contact.
const MANAGED: [&str; 4] = ["add_to_team_rights", "section", "sections", "status"];

/// Fields that admins may change in other contacts, in alphabetical order.
const OTHERS: [&str; 7] =
    ["add_to_team_rights", "contact_email", "contact_phone", "role", "section", "sections", "status"];

/// Further fields of one's own contact in later API versions.
const OWN_LATER: [&str; 15] = [
    "always_send_pushes",
    "asterisk_mention",
    "focus_until",
    "hide_pushes_content",
    "meeting_mshort_view",
    "meeting_notifications_enabled",
    "meeting_short_view",
    "mood",
    "munread_first",
    "patronymic",
    "quiet_time_finish",
    "quiet_time_start",
    "reaction_notifications_enabled",
    "systembot_notifications_enabled",
    "timezone",
];

/// The field of a contact's picture, which has calls of its own.
pub const ICONS: &str = "icons";

/// Further fields of other contacts that admins may change in later API versions.
const OTHERS_LATER: [&str; 1] = [ICONS];

/// Fields of other contacts that need the right to assign the contact's status.
const OF_LOWER: [&str; 2] = [ICONS, "status"];

/// A field that the reference lists but that cannot be changed here: a login phone moves only with proof of ownership.
const NOT_HERE: &str = "phone";

/// The fields of a contact that a viewer of this status may change, in alphabetical order, as the reference lists them.
pub fn changeable_fields(viewer: ContactStatus, own: bool) -> Vec<&'static str> {
    let manages = viewer >= Admin;
    match (own, manages) {
        (true, true) => sorted(OWN.into_iter().chain(MANAGED)),
        (true, false) => OWN.to_vec(),
        (false, true) => OTHERS.to_vec(),
        (false, false) => vec![],
    }
}

/// The fields of a contact that can in fact be changed, for later API versions, in alphabetical order.
pub fn changeable_now(viewer: ContactStatus, of: ContactStatus, own: bool) -> Vec<&'static str> {
    let fields = changeable_fields(viewer, own).into_iter();
    let later: &[&str] = match own {
        true => &OWN_LATER,
        false if viewer >= Admin => &OTHERS_LATER,
        false => &[],
    };
    let is_lower = own || rules(viewer, of);
    let can = |field: &&str| *field != NOT_HERE && (is_lower || !OF_LOWER.contains(field));
    sorted(fields.chain(later.iter().copied()).filter(can))
}

/// Whether a contact may change the status of another or remove it: never that of a higher status.
pub fn rules(viewer: ContactStatus, of: ContactStatus) -> bool {
    assignable(viewer).contains(&of)
}

/// Whether a contact may remove another from the team, or leave it (`own`).
pub fn may_remove(viewer: ContactStatus, of: ContactStatus, own: bool) -> bool {
    own || (may(viewer, Action::DeleteContact) && rules(viewer, of))
}

fn sorted(fields: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut fields: Vec<_> = fields.collect();
    fields.sort_unstable();
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changeable_fields_have_the_length_and_order_of_the_reference() {
        for (viewer, own, len) in
            [(Owner, true, 24), (Member, true, 20), (Owner, false, 7), (Member, false, 0), (Guest, true, 20)]
        {
            let fields = changeable_fields(viewer, own);
            assert_eq!(fields.len(), len, "{viewer:?} {own}");
            assert!(fields.is_sorted());
        }
        assert!(changeable_fields(Member, true).contains(&"role"));
    }

    #[test]
    fn only_the_owner_deletes_the_team_and_members_manage_sections() {
        assert!(may(Owner, Action::DeleteTeam) && !may(Admin, Action::DeleteTeam));
        assert!(may(Member, Action::ManageSections) && !may(Guest, Action::ManageSections));
        assert!(!may(Member, Action::AddToTeam) && may(Admin, Action::AddToTeam));
    }

    #[test]
    fn contact_of_higher_status_cannot_be_changed_or_removed() {
        assert!(!may_remove(Admin, Owner, false) && may_remove(Admin, Admin, false));
        assert!(may_remove(Guest, Guest, true) && !may_remove(Member, Guest, false));
        for field in OF_LOWER {
            assert!(!changeable_now(Admin, Owner, false).contains(&field));
            assert!(changeable_now(Owner, Owner, false).contains(&field));
        }
    }

    #[test]
    fn later_versions_list_all_own_fields_but_the_login_phone() {
        let fields = changeable_now(Member, Member, true);
        assert!(fields.is_sorted() && fields.len() == 34);
        assert!(!fields.contains(&"phone") && fields.contains(&ICONS));
        assert!(fields.contains(&"timezone") && changeable_now(Member, Member, false).is_empty());
    }
}
