//! Who may do what: the one table from status to right, for decisions and for the `can_*` flags of views alike
//! (`docs/acceptance.md`, items 54 to 60, 66, 87).

use events::value::ContactStatus::{self, Admin, Guest, Member, Owner};

/// Something that needs a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change the team's title, settings, picture.
    ManageTeam,
    /// Delete the team.
    DeleteTeam,
    /// Add people, make invitations.
    AddToTeam,
    /// Make and change integrations.
    ManageIntegrations,
    /// Make and order the sections that contacts, groups and tasks are sorted into.
    ManageSections,
    /// Remove another contact.
    DeleteContact,
    /// Make groups.
    CreateGroup,
    /// Delete anybody's message.
    DeleteAnyMessage,
    /// Make tasks.
    CreateTask,
    /// Make tags for tasks.
    CreateTag,
    /// Delete tags.
    ManageTags,
}

/// Whether somebody of this status has the right.
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

/// The statuses that somebody may give to others, weakest first.
pub fn assignable(status: ContactStatus) -> &'static [ContactStatus] {
    match status {
        Owner => ContactStatus::ALL,
        Admin => &[Guest, Member, Admin],
        Member | Guest => &[],
    }
}

/// Fields of one's own contact that anybody may change, alphabetically.
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

/// Fields that those who manage people may change in addition, in anybody's contact.
const MANAGED: [&str; 4] = ["add_to_team_rights", "section", "sections", "status"];

/// Fields of another's contact that those who manage people may change, alphabetically.
const OTHERS: [&str; 7] =
    ["add_to_team_rights", "contact_email", "contact_phone", "role", "section", "sections", "status"];

/// Fields of one's own contact that later versions of the API know beside those.
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

/// The name of a contact's picture among its fields; it is changed by calls of its own.
pub const ICONS: &str = "icons";

/// Fields of another's contact that later versions of the API let those change who manage people.
const OTHERS_LATER: [&str; 1] = [ICONS];

/// Fields of another's contact that only those change who may decide over their place in the team.
const OF_LOWER: [&str; 2] = [ICONS, "status"];

/// A field that the reference lists and nothing here changes: a login phone changes hands only by proof.
const NOT_HERE: &str = "phone";

/// The names of the fields that a viewer of this status may change in a contact, alphabetically, as the reference lists
/// them.
pub fn changeable_fields(viewer: ContactStatus, own: bool) -> Vec<&'static str> {
    let manages = viewer >= Admin;
    match (own, manages) {
        (true, true) => sorted(OWN.into_iter().chain(MANAGED)),
        (true, false) => OWN.to_vec(),
        (false, true) => OTHERS.to_vec(),
        (false, false) => vec![],
    }
}

/// The same as later versions of the API list them: all that can be changed, and nothing else.
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

/// Whether somebody may decide over the place of another in the team: nobody does over those who stand higher.
pub fn rules(viewer: ContactStatus, of: ContactStatus) -> bool {
    assignable(viewer).contains(&of)
}

/// Whether somebody may remove a contact from the team; of oneself: leave.
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
    fn field_lists_are_as_long_and_sorted_as_the_reference_shows() {
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
    fn nobody_decides_over_those_who_stand_higher() {
        assert!(!may_remove(Admin, Owner, false) && may_remove(Admin, Admin, false));
        assert!(may_remove(Guest, Guest, true) && !may_remove(Member, Guest, false));
        for field in OF_LOWER {
            assert!(!changeable_now(Admin, Owner, false).contains(&field));
            assert!(changeable_now(Owner, Owner, false).contains(&field));
        }
    }

    #[test]
    fn what_can_be_changed_now_is_all_but_the_login_phone() {
        let fields = changeable_now(Member, Member, true);
        assert!(fields.is_sorted() && fields.len() == 34);
        assert!(!fields.contains(&"phone") && fields.contains(&ICONS));
        assert!(fields.contains(&"timezone") && changeable_now(Member, Member, false).is_empty());
    }
}
