//! The picture that stands in for a missing one: letters of the name on a colour of a fixed cycle.

use unicode_segmentation::UnicodeSegmentation;

/// Background colours, RGB in hex, in the order in which accounts and teams get them as they are created.
pub const COLOURS: [&str; 7] = ["579dda", "8e88eb", "e36659", "f0769a", "f08c50", "578e3c", "63bed3"];

/// Stands for a name without any letter.
const NAMELESS: &str = "?";

/// A longer cluster of combined characters is cut to its first one: people stack marks without end.
const LONGEST_CLUSTER: usize = 8;

/// The colour of the `created`-th account or team, from 0; fixed for life.
pub fn colour(created: u64) -> &'static str {
    let cycle = COLOURS.len() as u64;
    // The remainder is below 7, so it fits any index and is always found.
    COLOURS[(created % cycle) as usize]
}

/// One or two letters for a displayed name, as the seed's examples have them: the last two digits of a name that ends
/// in two; else the first characters of its first two words, as they are written.
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
    fn letters_are_those_of_the_seed() {
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
    fn odd_names_have_letters_too() {
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
    fn colours_follow_in_a_cycle() {
        let eight: Vec<_> = (0..8).map(colour).collect();
        assert_eq!(eight[..7], COLOURS);
        assert_eq!(eight[7], COLOURS[0]);
        assert!(COLOURS.contains(&colour(u64::MAX)));
    }
}
