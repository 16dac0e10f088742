//! Product limits. Lengths are characters unless the name says bytes.

/// A team's name.
pub const TEAM_NAME: usize = 250;
/// A group's title.
pub const GROUP_NAME: usize = 250;
/// A group's description.
pub const DESCRIPTION: usize = 2_048;
/// Maximum age after which a group deletes messages automatically, seconds: ten years.
pub const AUTOCLEANUP_AGE: u32 = 315_360_000;
/// Maximum chats per page.
pub const CHATS_PER_PAGE: u32 = 200;
/// One part of a person's name.
pub const NAME_PART: usize = 50;
/// A job title.
pub const ROLE: usize = 2_048;
/// A contact's mood.
pub const MOOD: usize = 50;
/// An e-mail address (RFC 5321).
pub const EMAIL: usize = 254;
/// A section's title.
pub const SECTION_NAME: usize = 50;
/// Largest sort order of a section.
pub const SORT_ORDERING: u32 = 1_000_000;
/// Sections of one team per kind.
pub const SECTIONS: usize = 1_000;
/// Sections that one contact may be in.
pub const SECTIONS_PER_CONTACT: usize = 100;
/// A message.
pub const MESSAGE: usize = 12_000;
/// A device's id or title.
pub const DEVICE_ID: usize = 255;
/// A push token.
pub const PUSH_TOKEN: usize = 4_096;
/// Devices of one account.
pub const DEVICES: usize = 100;
/// Free-form client settings, bytes as sent (the reference has 16000, not 16384).
pub const UI_SETTINGS_BYTES: usize = 16_000;
/// Nesting depth of the free-form client settings.
pub const UI_SETTINGS_DEPTH: usize = 32;
/// An integration's comment.
pub const COMMENT: usize = 1_024;
/// A URL that a user may set.
pub const URL: usize = 2_048;
/// Contacts of one team.
pub const CONTACTS: usize = 10_000;
/// Contacts that a new team may be created with; all of them are one append.
pub const CONTACTS_PER_CALL: usize = 490;
/// Teams of one account.
pub const TEAMS: usize = 300;
/// Integrations of one team.
pub const INTEGRATIONS: usize = 200;
/// Open invitations of one team.
pub const INVITATIONS: usize = 500;
/// Days after its creation at which an invitation without an expiry, made by an earlier version, expires.
pub const INVITATION_DAYS: u32 = 30;
/// Maximum days until an invitation expires.
pub const INVITATION_MOST_DAYS: u32 = 365;
/// Maximum number of uses of an invitation with limited uses.
pub const INVITATION_USES: u32 = 10_000;
/// Members of one group.
pub const GROUP_MEMBERS: usize = 10_000;
/// Messages that one message may forward.
pub const LINKED_MESSAGES: usize = 100;
/// Different reactions to one message.
pub const REACTIONS: usize = 20;
/// Contacts that are listed per reaction; all are counted.
pub const REACTION_DETAILS: usize = 100;
/// Links that are detected in one message.
pub const LINKS: usize = 50;
/// Readers of a message are counted up to this number.
pub const RECEIVED: usize = 100;
/// Maximum messages per page.
pub const MESSAGES_PER_PAGE: usize = 200;
/// Default messages per page.
pub const MESSAGES_PER_PAGE_DEFAULT: usize = 50;
/// Search results are counted up to this number.
pub const SEARCH_COUNTED: usize = 1_000;
/// The text of a search.
pub const SEARCH: usize = 250;
/// Numbers in one address book.
pub const ADDRESS_BOOK_NUMBERS: usize = 2_000;
/// New numbers that one account may look up in a day.
pub const ADDRESS_BOOK_NEW_PER_DAY: u32 = 5_000;
/// Storage quota of a new team, bytes (as in the reference).
pub const UPLOADS_SIZE: u64 = 1_073_741_824;
/// Files of one team.
pub const UPLOADS: usize = 200_000;
/// Files of one message.
pub const MESSAGE_UPLOADS: usize = 10;
/// Files of one task.
pub const TASK_UPLOADS: usize = 50;
/// A file's name; a longer one is truncated.
pub const FILE_NAME: usize = 255;
/// How long an author may edit a message in a new team, seconds (as in the reference).
pub const MESSAGE_UPDATE_AGE: u32 = 86_400;
/// Default time of day of task deadlines in a new team (as in the reference).
pub const TASK_DEADLINE: &str = "18:00:00";
/// A task's title, which is the first line of its description, truncated.
pub const TASK_TITLE: usize = 250;
/// A task's description.
pub const TASK_DESCRIPTION: usize = 12_000;
/// A task's status.
pub const TASK_STATUS: usize = 50;
/// The reason for which a task is done.
pub const TASK_REASON: usize = 1_024;
/// Items of one checklist.
pub const TASK_ITEMS: usize = 100;
/// An item of a checklist.
pub const TASK_ITEM: usize = 1_024;
/// Observers of one task.
pub const TASK_OBSERVERS: usize = 200;
/// Tags of one task.
pub const TASK_TAGS: usize = 20;
/// Highest importance and urgency of a task; the lowest is 1.
pub const TASK_GRADE: u32 = 5;
/// Largest complexity and time spent.
pub const TASK_AMOUNT: u32 = 1_000_000;
/// Tags of one team.
pub const TAGS: usize = 1_000;
/// A tag.
pub const TAG: usize = 30;
/// Waiting reminders of one contact.
pub const REMINDS: usize = 500;
