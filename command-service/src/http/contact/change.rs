//! Reads the fields of a contact.

use crate::input::{Fields, is_hour_and_minute};
use domain::{limits, team::ContactChange};
use events::{SectionId, contact::Preference, value::ContactStatus};
use platform::http::FieldErrors;
use protocol::{
    Timestamp,
    contact::ChangeContact,
    lang::{Lang, Text},
    timezone,
};

/// Reads the sections that a field names.
pub(super) fn read_sections(errors: &mut FieldErrors, field: &str, named: &[String]) -> Vec<SectionId> {
    if named.len() > limits::SECTIONS_PER_CONTACT {
        errors.add(field, Text::TooMany { max: limits::SECTIONS_PER_CONTACT });
        return vec![];
    }
    named.iter().filter_map(|section| errors.uuid(field, section)).collect()
}

/// Reads the changes of a contact.
pub(super) fn read_change(errors: &mut FieldErrors, mut input: ChangeContact) -> ContactChange {
    let mut change = ContactChange::default();
    read_preferences(errors, &mut change, &mut input);
    let mut line = |field, text: Option<String>, max| text.map(|text| errors.line(field, &text, max));
    let mut change = ContactChange {
        given_name: line("given_name", input.given_name, limits::NAME_PART),
        patronymic: line("patronymic", input.patronymic, limits::NAME_PART),
        family_name: line("family_name", input.family_name, limits::NAME_PART),
        role: line("role", input.role, limits::ROLE),
        mood: line("mood", input.mood, limits::MOOD),
        contact_email: line("contact_email", input.contact_email, limits::EMAIL),
        add_to_team_rights: input.add_to_team_rights,
        ..change
    };
    if change.contact_email.as_deref().is_some_and(|email| !email.is_empty() && !is_email(email)) {
        errors.add("contact_email", Text::NotAnEmail);
    }
    change.contact_phone = input.contact_phone.and_then(|phone| match phone.trim() {
        "" => Some(String::new()),
        phone => errors.phone("contact_phone", phone).map(|phone| phone.as_str().to_owned()),
    });
    change.status = input
        .status
        .and_then(|status| errors.word("status", &status, ContactStatus::ALL, ContactStatus::word));
    change.sections = match (input.sections, input.section) {
        (Some(sections), _) => Some(read_sections(errors, "sections", &sections)),
        (None, Some(section)) if section.is_empty() => Some(vec![]),
        (None, Some(section)) => Some(read_sections(errors, "section", &[section])),
        (None, None) => None,
    };
    change
}

/// Reads the contact's own preferences.
fn read_preferences(errors: &mut FieldErrors, change: &mut ContactChange, input: &mut ChangeContact) {
    let switches = [
        ("alt_send", input.alt_send),
        ("always_send_pushes", input.always_send_pushes),
        ("asterisk_mention", input.asterisk_mention),
        ("contact_mshort_view", input.contact_mshort_view),
        ("contact_short_view", input.contact_short_view),
        ("contact_show_archived", input.contact_show_archived),
        ("debug_show_activity", input.debug_show_activity),
        ("group_mshort_view", input.group_mshort_view),
        ("group_notifications_enabled", input.group_notifications_enabled),
        ("group_short_view", input.group_short_view),
        ("hide_pushes_content", input.hide_pushes_content),
        ("meeting_mshort_view", input.meeting_mshort_view),
        ("meeting_notifications_enabled", input.meeting_notifications_enabled),
        ("meeting_short_view", input.meeting_short_view),
        ("munread_first", input.munread_first),
        ("reaction_notifications_enabled", input.reaction_notifications_enabled),
        ("systembot_notifications_enabled", input.systembot_notifications_enabled),
        ("task_mshort_view", input.task_mshort_view),
        ("task_notifications_enabled", input.task_notifications_enabled),
        ("task_short_view", input.task_short_view),
        ("unread_first", input.unread_first),
    ];
    let known = |text: &str, is_known: bool| text.is_empty() || is_known;
    let texts = [
        (
            "default_lang",
            input.default_lang.take(),
            (|text| Lang::parse(text).is_some_and(|lang| lang.tag() == text)) as fn(&str) -> bool,
            Text::NotOneOf { allowed: [Lang::Ru, Lang::En].map(|lang| lang.tag().to_owned()).to_vec() },
        ),
        ("quiet_time_finish", input.quiet_time_finish.take(), is_hour_and_minute, Text::NotATimeOfDay),
        ("quiet_time_start", input.quiet_time_start.take(), is_hour_and_minute, Text::NotATimeOfDay),
    ];
    let focus = input.focus_until.take().map(|until| match until.trim() {
        "" => String::new(),
        until => {
            errors.time("focus_until", until).map_or_else(String::new, |time| Timestamp(time).to_string())
        }
    });
    let zone = input.timezone.take().map(|name| match name.trim() {
        "" => String::new(),
        name => {
            let known = timezone::canonical_name(name);
            if known.is_none() {
                errors.add("timezone", Text::NotATimeZone);
            }
            known.unwrap_or_default().to_owned()
        }
    });
    change.preferences.extend(zone.map(|name| ("timezone", Preference::Text(name))));
    change.preferences.extend(focus.map(|until| ("focus_until", Preference::Text(until))));
    for (name, on) in switches {
        change.preferences.extend(on.map(|on| (name, Preference::Switch(on))));
    }
    for (name, text, is_valid, error) in texts {
        if text.as_deref().is_some_and(|text| !known(text, is_valid(text))) {
            errors.add(name, error);
        }
        change.preferences.extend(text.map(|text| (name, Preference::Text(text))));
    }
}

/// Whether a text has the shape of an email address; only the mail server knows more.
fn is_email(text: &str) -> bool {
    let plain = !text.contains(char::is_whitespace) && text.matches('@').count() == 1;
    plain && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn email_address_without_name_or_host_is_refused() {
        assert!(is_email("anna@example.org") && is_email("анна@пример.рф"));
        for text in ["anna", "@example.org", "anna@", "anna@host", "a b@example.org", "a@b@example.org"] {
            assert!(!is_email(text), "{text}");
        }
    }
}
