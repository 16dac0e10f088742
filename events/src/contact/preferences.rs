//! How clients behave for a contact (`protocol.md` 4.2): switches and short texts, each named as the API names it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value of a preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preference {
    /// On or off.
    Switch(bool),
    /// A text; empty for none.
    Text(String),
}

macro_rules! preferences {
    (switches { $($(#[$sdoc:meta])* $switch:ident = $default:literal,)+ }
     texts { $($(#[$tdoc:meta])* $text:ident,)+ }) => {
        /// All preferences of a contact. What was never set has its default.
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
            /// The names of all preferences.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($switch),)+ $(stringify!($text),)+];

            /// Sets the preference of a name; false when there is none of that name and kind.
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
        /// Push also while a client is open.
        always_send_pushes = false,
        /// `*` mentions as `@` does.
        asterisk_mention = false,
        /// Compact list of contacts, mobile.
        contact_mshort_view = false,
        /// Compact list of contacts.
        contact_short_view = false,
        /// Show former contacts.
        contact_show_archived = false,
        /// Show activity.
        debug_show_activity = false,
        /// Compact list of groups, mobile.
        group_mshort_view = false,
        /// Notify of group messages.
        group_notifications_enabled = true,
        /// Compact list of groups.
        group_short_view = false,
        /// Pushes do not show the text.
        hide_pushes_content = false,
        /// Unread chats first, mobile.
        munread_first = false,
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
        /// No pushes until this time of day, `HH:MM`.
        quiet_time_finish,
        /// No pushes from this time of day on, `HH:MM`.
        quiet_time_start,
        /// Name of a time zone, such as `Europe/Moscow`.
        timezone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_sets_what_it_names() {
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
    fn what_an_older_program_did_not_know_has_its_default() {
        let stored: Preferences = serde_json::from_str(r#"{"alt_send": true}"#).unwrap();
        assert_eq!(stored, Preferences { alt_send: true, ..Preferences::default() });
    }
}
