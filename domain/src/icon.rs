//! The generated picture of a contact or team without one: letters of its name on a colour.

use unicode_segmentation::UnicodeSegmentation;

/// Background colours, RGB in hex, in the order in which new accounts and teams get them.
pub const COLOURS: [&str; 7] = ["579dda", "8e88eb", "e36659", "f0769a", "f08c50", "578e3c", "63bed3"];

/// The letters of an empty name.
const NAMELESS: &str = "?";

/// Maximum characters of a grapheme cluster; a longer one is cut to its first character.
const LONGEST_CLUSTER: usize = 8;

/// The colour of an account or team; `created` is the number of those created before it.
pub fn colour(created: u64) -> &'static str {
    let cycle = COLOURS.len() as u64;
    // The remainder is below 7, so it fits any index and is always found.
    COLOURS[(created % cycle) as usize]
}

/// One or two letters for a display name: the last two digits of a name that ends in two digits, else the first characters
/// of its first two words, in their case.
pub fn letters(display_name: &str) -> String {
    let name = display_name.trim_end();
    let end: Vec<char> = name.chars().rev().take(2).collect();
    if let [last, before] = end[..]
        && last.is_ascii_digit()
        && before.is_ascii_digit()
    {
        return format!("{before}{last}");
    }
    let first_letters: String = name.split_whitespace().take(2).map(first_letter).collect();
    if first_letters.is_empty() { NAMELESS.to_owned() } else { first_letters }
}

fn first_letter(word: &str) -> &str {
    let cluster = word.graphemes(true).next().unwrap_or_default();
    if cluster.chars().count() <= LONGEST_CLUSTER {
        return cluster;
    }
    let first = cluster.chars().next().map_or(0, char::len_utf8);
    &cluster[..first]
}

#[cfg(test)]
mod tests {
    use super::{COLOURS, colour, letters};

    #[test]
    fn letters_are_those_of_the_reference() {
        for (name, expected) in [
            ("+7 555 000-00-02", "02"),
            ("Контакт №10", "10"),
            ("третий отдельный", "то"),
            ("Контакт №2", "К№"),
            ("Петя-админ", "П"),
            ("Вася Пупкин Третий", "ВП"),
            ("anna", "a"),
            ("7", "7"),
        ] {
            assert_eq!(letters(name), expected, "{name}");
        }
    }

    #[test]
    fn letters_of_unusual_names_are_defined() {
        for (name, expected) in [
            ("", "?"),
            ("  ", "?"),
            (" Вася   Пупкин ", "ВП"),
            ("👩‍👩‍👧 семья", "👩‍👩‍👧с"),
            ("й\u{301} ё", "й\u{301}ё"),
        ] {
            assert_eq!(letters(name), expected, "{name}");
        }
        assert_eq!(letters(&format!("a{}", "\u{301}".repeat(1_000))), "a");
    }

    #[test]
    fn colours_repeat_in_order() {
        let eight: Vec<_> = (0..8).map(colour).collect();
        assert_eq!(eight[..7], COLOURS);
        assert_eq!(eight[7], COLOURS[0]);
        assert!(COLOURS.contains(&colour(u64::MAX)));
    }
}
