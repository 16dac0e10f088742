//! Who may change what of a conversation: the one table for decisions and for `changeable_fields` of views.

/// What everybody in a conversation keeps for itself, alphabetically.
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

/// What is set for everybody in a group, alphabetically.
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

/// The names of the fields that somebody may change, alphabetically: `member` of it, and `manages` it if it is a group.
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
    fn members_keep_their_own_and_those_who_manage_set_what_is_shared() {
        assert_eq!(changeable(true, false), OWN);
        assert_eq!(changeable(false, true), SHARED);
        assert_eq!(changeable(true, true).len(), OWN.len() + SHARED.len());
        assert!(changeable(true, true).is_sorted() && changeable(false, false).is_empty());
    }
}
