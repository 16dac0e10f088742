//! The changeable fields of a chat, used by decisions and by `changeable_fields` of views.

/// Fields of a contact's own state of a chat, in alphabetical order.
pub const OWN: [&str; 8] = [
    "collapsed",
    "counters_enabled",
    "draft",
    "feed",
    "hidden",
    "notifications_enabled",
    "pinned",
    "pinned_sort_ordering",
];

/// Fields of a group, the same for all members, in alphabetical order.
pub const SHARED: [&str; 8] = [
    "autocleanup_age",
    "default_for_all",
    "description",
    "display_name",
    "pinned_message",
    "public",
    "readonly_for_members",
    "section",
];

/// The fields that a contact may change, in alphabetical order: own ones as a `member`, the group's if it `manages` it.
pub fn changeable(member: bool, manages: bool) -> Vec<&'static str> {
    let own = OWN.into_iter().filter(|_| member);
    let shared = SHARED.into_iter().filter(|_| manages);
    let mut fields: Vec<_> = own.chain(shared).collect();
    fields.sort_unstable();
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_change_their_own_fields_and_managers_the_shared_ones() {
        assert_eq!(changeable(true, false), OWN);
        assert_eq!(changeable(false, true), SHARED);
        assert_eq!(changeable(true, true).len(), OWN.len() + SHARED.len());
        assert!(changeable(true, true).is_sorted() && changeable(false, false).is_empty());
    }
}
