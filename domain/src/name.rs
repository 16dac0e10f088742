//! Display names and display phones (`docs/acceptance.md`, items 12 and 67).

use crate::{phone_number::PhoneNumber, text};

/// The display name of an erased account: clients need a name for the author of a message.
pub const ERASED: &str = "Удалённый аккаунт";

/// Given name, space, family name; the formatted phone if neither has visible characters.
pub fn display_name(given: &str, family: &str, phone: &str) -> String {
    // Events of earlier versions have names that do not follow the rule for names.
    let parts = [given, family].map(text::line);
    let full = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if full.is_empty() { display_phone(phone) } else { full }
}

/// `+7 (916) 666-0002` for national numbers of ten digits; other numbers unformatted.
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
    fn display_name_is_the_name_or_else_the_formatted_phone() {
        assert_eq!(display_name("Контакт", "№2", "+75550000001"), "Контакт №2");
        assert_eq!(display_name("Вася", "", "+79992331133"), "Вася");
        assert_eq!(display_name(" ", "", "+79166660002"), "+7 (916) 666-0002");
        assert_eq!(display_name("\u{200b}", "\u{202e}\u{202c}", "+79166660002"), "+7 (916) 666-0002");
        assert_eq!(display_name("\u{202e}яинаВ", "", "+79166660002"), "яинаВ");
    }

    #[test]
    fn display_phone_leaves_numbers_of_other_lengths_unformatted() {
        assert_eq!(display_phone("+37060112345"), "+37060112345");
        assert_eq!(display_phone("nonsense"), "nonsense");
        assert_eq!(display_phone(""), "");
    }
}
