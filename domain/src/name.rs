//! How people are shown: display names and display phones (`docs/acceptance.md`, items 12 and 67).

use crate::{phone_number::PhoneNumber, text};

/// How somebody is shown who was erased: clients need a name for whoever wrote a message.
pub const ERASED: &str = "Удалённый аккаунт";

/// Given name, space, family name; the formatted phone when nothing of both can be seen.
pub fn display_name(given: &str, family: &str, phone: &str) -> String {
    // Older events have names that were stored before the rule for names.
    let parts = [given, family].map(text::line);
    let full = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if full.is_empty() { display_phone(phone) } else { full }
}

/// `+7 (916) 666-0002`: groups of 3 and 4 behind the country code, for numbers of ten digits; others as they are.
pub fn display_phone(phone: &str) -> String {
    let Some((code, national)) = PhoneNumber::split(phone) else { return phone.to_owned() };
    match (national.get(..3), national.get(3..6), national.get(6..10)) {
        (Some(area), Some(first), Some(last)) if national.len() == 10 => {
            format!("+{code} ({area}) {first}-{last}")
        }
        _ => phone.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_before_phones() {
        assert_eq!(display_name("Контакт", "№2", "+75550000001"), "Контакт №2");
        assert_eq!(display_name("Вася", "", "+79992331133"), "Вася");
        assert_eq!(display_name(" ", "", "+79166660002"), "+7 (916) 666-0002");
        assert_eq!(display_name("\u{200b}", "\u{202e}\u{202c}", "+79166660002"), "+7 (916) 666-0002");
        assert_eq!(display_name("\u{202e}яинаВ", "", "+79166660002"), "яинаВ");
    }

    #[test]
    fn a_number_of_another_length_is_shown_as_it_is() {
        assert_eq!(display_phone("+37060112345"), "+37060112345");
        assert_eq!(display_phone("nonsense"), "nonsense");
        assert_eq!(display_phone(""), "");
    }
}
