//! Client preferences of a contact: switches and short texts, named as in the API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Value of a preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preference {
    /// On or off.
    Switch(bool),
    /// A text; may be empty.
    Text(String),
}

/// A preference that was added later is only stored if it differs from its default, so that older events encode
/// unchanged.
fn is_on(on: &bool) -> bool {
    *on
}

/// Counterpart of [`is_on`].
fn is_off(on: &bool) -> bool {
    !*on
}

macro_rules! preferences {
    (switches { $($(#[$sdoc:meta])* $switch:ident = $default:literal,)+ }
     texts { $($(#[$tdoc:meta])* $text:ident,)+ }) => {
        /// All preferences of a contact; those never set have their defaults.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Preferences {
            $($(#[$sdoc])* pub $switch: bool,)+
            $($(#[$tdoc])* pub $text: String,)+
        }

        impl Default for Preferences {
            fn default() -> Self {
                Self { $($switch: $default,)+ $($text: String::new(),)+ }
            }
        }

        impl Preferences {
            /// Names of all preferences.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($switch),)+ $(stringify!($text),)+];

            /// Sets a preference by name; `false` if there is none with that name and type.
            pub fn set(&mut self, name: &str, value: Preference) -> bool {
                match (name, value) {
                    $((stringify!($switch), Preference::Switch(on)) => self.$switch = on,)+
                    $((stringify!($text), Preference::Text(text)) => self.$text = text,)+
                    _ => return false,
                }
                true
            }
        }
    };
}

preferences! {
    switches {
        /// Ctrl+Enter sends.
        alt_send = false,
        /// Push also while a client is connected.
        always_send_pushes = false,
        /// `*` mentions like `@`.
        asterisk_mention = false,
        /// Compact list of contacts, mobile.
        contact_mshort_view = false,
        /// Compact list of contacts.
        contact_short_view = false,
        /// Show former contacts.
        contact_show_archived = false,
        /// Show activity (debugging).
        debug_show_activity = false,
        /// Compact list of groups, mobile.
        group_mshort_view = false,
        /// Notify of messages in groups.
        group_notifications_enabled = true,
        /// Compact list of groups.
        group_short_view = false,
        /// Hide the text in pushes.
        hide_pushes_content = false,
        /// Compact list of meetings, mobile.
        #[serde(skip_serializing_if = "is_off")]
        meeting_mshort_view = false,
        /// Notify of meetings.
        #[serde(skip_serializing_if = "is_on")]
        meeting_notifications_enabled = true,
        /// Compact list of meetings.
        #[serde(skip_serializing_if = "is_off")]
        meeting_short_view = false,
        /// Unread chats first, mobile.
        munread_first = false,
        /// Notify of reactions.
        #[serde(skip_serializing_if = "is_on")]
        reaction_notifications_enabled = true,
        /// Notify of system messages.
        #[serde(skip_serializing_if = "is_on")]
        systembot_notifications_enabled = true,
        /// Compact list of tasks, mobile.
        task_mshort_view = false,
        /// Notify of tasks.
        task_notifications_enabled = true,
        /// Compact list of tasks.
        task_short_view = false,
        /// Unread chats first.
        unread_first = false,
    }
    texts {
        /// Interface language.
        default_lang,
        /// Do not disturb until this time, RFC 3339.
        #[serde(skip_serializing_if = "String::is_empty")]
        focus_until,
        /// End of quiet time without pushes, `HH:MM`.
        quiet_time_finish,
        /// Start of quiet time without pushes, `HH:MM`.
        quiet_time_start,
        /// Name of the time zone, e.g. `Europe/Moscow`.
        timezone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_by_name_changes_that_preference() {
        for name in Preferences::NAMES {
            let mut preferences = Preferences::default();
            let set = preferences.set(name, Preference::Switch(!name.ends_with("enabled")))
                || preferences.set(name, Preference::Text("x".into()));
            assert!(set && preferences != Preferences::default(), "{name}");
        }
        assert!(!Preferences::default().set("alt_send", Preference::Text("x".into())));
        assert!(!Preferences::default().set("status", Preference::Switch(true)));
    }

    #[test]
    fn later_preference_is_stored_only_if_not_default() {
        let names = |preferences: &Preferences| {
            let json = serde_json::to_value(preferences).unwrap();
            json.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        let plain = names(&Preferences::default());
        assert!(!plain.iter().any(|name| name.starts_with("meeting") || name == "focus_until"), "{plain:?}");
        let set = Preferences {
            meeting_notifications_enabled: false,
            reaction_notifications_enabled: false,
            meeting_short_view: true,
            focus_until: "2030-01-01T00:00:00.000000Z".into(),
            ..Preferences::default()
        };
        assert_eq!(names(&set).len(), plain.len() + 4);
        let back: Preferences = serde_json::from_value(serde_json::to_value(&set).unwrap()).unwrap();
        assert_eq!(back, set);
    }

    #[test]
    fn absent_preference_decodes_to_its_default() {
        let stored: Preferences = serde_json::from_str(r#"{"alt_send": true}"#).unwrap();
        assert_eq!(stored, Preferences { alt_send: true, ..Preferences::default() });
    }
}
