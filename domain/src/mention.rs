//! Mentions in a message's text: `@Имя_Фамилия`, underscores in place of spaces (`docs/acceptance.md`, item 106).
//!
//! A name may have any characters (a contact without a name is shown by its phone), so only existing names tell where a
//! mention ends. [`candidates`] returns every prefix after an `@` that could be a name, so that an index can look the names
//! up. A prefix that ends within a word is not a candidate.

use crate::text::folded;
use std::cmp::Reverse;

/// Maximum mentions per message.
const MAX_MENTIONS: usize = 50;
/// Maximum length of a mentioned name, characters: two parts of a name, with room for their growth when folded.
const MAX_NAME: usize = 128;

/// A prefix after an `@` that could be a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'t> {
    /// The prefix as written.
    written: &'t str,
    /// The prefix as names are compared, see [`key`].
    key: String,
}

/// A mention of an existing contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'t, T> {
    /// The name as written, without the `@`.
    pub written: &'t str,
    /// The mentioned contact.
    pub who: T,
}

/// The candidates of a text, in order.
pub fn candidates(text: &str) -> Vec<Candidate<'_>> {
    let mut found = vec![];
    let mut mentions = 0;
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            continue; // an e-mail address
        }
        let rest = &text[at + 1..];
        let names = prefixes(rest);
        if names.is_empty() {
            continue;
        }
        if mentions == MAX_MENTIONS {
            break;
        }
        mentions += 1;
        found.extend(names.into_iter().map(|written| Candidate { written, key: key(written) }));
    }
    found
}

/// The distinct keys to look up.
pub fn keys(candidates: &[Candidate<'_>]) -> Vec<String> {
    let mut keys: Vec<String> = candidates.iter().map(|candidate| candidate.key.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The mentions among the candidates, longest first, so that a client that replaces them does not match one within another.
/// `people` are the contacts found by [`keys`] with their display names. Everybody with the name is mentioned: a rebuild
/// after an erasure must not depend on names that are gone.
pub fn found<'t, T: Copy + Eq>(candidates: &[Candidate<'t>], people: &[(T, String)]) -> Vec<Found<'t, T>> {
    let mut found: Vec<Found<'t, T>> = vec![];
    for (who, name) in people {
        let key = key(name);
        for Candidate { written, .. } in candidates.iter().filter(|candidate| candidate.key == key) {
            if !found.iter().any(|found| found.who == *who && found.written == *written) {
                found.push(Found { written, who: *who });
            }
        }
    }
    found.sort_by_key(|found| Reverse(found.written.len()));
    found
}

/// A name as it is spelled in a mention.
pub fn spelled(display_name: &str) -> String {
    display_name.split_whitespace().collect::<Vec<_>>().join("_")
}

/// A name in the form in which mentions are compared.
pub fn key(display_name: &str) -> String {
    spelled(&folded(display_name))
}

/// The prefixes of a text that end where a word ends, shortest first.
fn prefixes(rest: &str) -> Vec<&str> {
    let mut found = vec![];
    for (length, (at, c)) in rest.char_indices().enumerate() {
        if c.is_whitespace() || c.is_control() || length == MAX_NAME {
            break;
        }
        let end = at + c.len_utf8();
        if !continues_name(&rest[end..]) {
            found.push(&rest[..end]);
        }
    }
    found
}

/// Whether the rest continues the name: with more of the word, or with a mark that joins the next one.
fn continues_name(rest: &str) -> bool {
    let mut characters = rest.chars();
    let (next, after) = (characters.next(), characters.next());
    let Some(next) = next.filter(|next| !next.is_whitespace()) else { return false };
    let joins = "-'’.&(/+\u{2010}\u{2011}".contains(next);
    let word = next.is_alphanumeric() || next == '_' || is_mark(next);
    word || after.is_some_and(|after| after == '_' || (joins && after.is_alphanumeric()))
}

/// Combining marks and joiners.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mentions of a text as written, with the indexes of the names.
    fn mentioned(text: &str, names: &[&str]) -> Vec<(String, usize)> {
        let candidates = candidates(text);
        let keys = keys(&candidates);
        let people: Vec<(usize, String)> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| keys.contains(&key(name)))
            .map(|(index, name)| (index, (*name).to_owned()))
            .collect();
        found(&candidates, &people).into_iter().map(|found| (found.written.to_owned(), found.who)).collect()
    }

    fn one(text: &str, names: &[&str]) -> Option<String> {
        mentioned(text, names).into_iter().next().map(|(written, _)| written)
    }

    #[test]
    fn names_with_underscores_are_mentioned_and_email_addresses_are_not() {
        let text = "@Вася_Пупкин, смотри: @Контакт_№2! И @Вася_Пупкин, и me@example.org, и @ никто";
        let found = mentioned(text, &["Контакт №2", "Вася  Пупкин", "example.org", "никто"]);
        assert_eq!(found, [("Вася_Пупкин".to_owned(), 1), ("Контакт_№2".to_owned(), 0)]);
        assert_eq!(spelled("Вася  Пупкин"), "Вася_Пупкин");
    }

    #[test]
    fn name_with_any_characters_is_mentioned() {
        for name in [
            "+7 (916) 666-0002",
            "+37060112345",
            "А. С. Пушкин",
            "Д'Артаньян",
            "Жанна д’Арк",
            "Рога & Копыта",
            "Маша (бухгалтерия)",
            "Анна-Мария",
            "Ян №1",
            "👩\u{200d}🚀",
            "Jr.",
            "O'Neil, Jr.",
        ] {
            let written = spelled(name);
            for text in
                [format!("@{written}"), format!("Привет, @{written}! Как дела?"), format!("(@{written})")]
            {
                assert_eq!(one(&text, &[name, "Мария"]), Some(written.clone()), "{text}");
            }
        }
    }

    #[test]
    fn comparison_ignores_case_composition_and_the_letter_yo() {
        for (text, name) in [
            ("@Пе\u{308}тр_Андреи\u{306}", "Пётр Андрей"),
            ("@Пётр_Андрей", "Пе\u{308}тр Андреи\u{306}"),
            ("@пЕТР_андрей", "Пётр Андрей"),
            ("@Ａｎｎａ", "Anna"),
        ] {
            assert_eq!(one(text, &[name]).as_deref(), Some(&text[1..]), "{text}");
        }
    }

    #[test]
    fn longest_name_wins_and_part_of_a_word_does_not_match() {
        let names = ["Анна", "Анна Мария", "Анна Мария (юг)", "Анна-Мария"];
        for (text, meant) in [
            ("@Анна", Some(0)),
            ("@Анна.", Some(0)),
            ("@Анна_Мария", Some(1)),
            ("@Анна_Мария_(юг)", Some(2)),
            ("@Анна_Мария_(север)", None),
            ("@Анна-Мария", Some(3)),
            ("@Анна-Иванна", None),
            ("@Аннам", None),
            ("@Анна,привет", Some(0)),
            ("@Анна...", Some(0)),
            ("@Анна.Иванна", None),
            ("@Анна\u{301}", None),
            ("@@Анна", Some(0)),
        ] {
            assert_eq!(mentioned(text, &names).first().map(|(_, who)| *who), meant, "{text}");
        }
    }

    #[test]
    fn all_contacts_of_a_name_are_mentioned_longest_name_first() {
        let names = ["Петр", "Пётр", "Пётр Первый"];
        let who = |text: &str| mentioned(text, &names).into_iter().map(|(_, who)| who).collect::<Vec<_>>();
        assert_eq!(who("@Пётр"), [0, 1]);
        assert_eq!(who("@Пётр и @Пётр_Первый и @Пётр"), [2, 0, 1]);
    }

    #[test]
    fn number_and_length_of_candidates_are_bounded() {
        assert!(candidates("a@b, no at sign").is_empty() && candidates("@ @\n@").is_empty());
        let many: String = (0..500).map(|n| format!("@name{n} ")).collect();
        assert_eq!(keys(&candidates(&many)).len(), MAX_MENTIONS);
        let long = format!("@{}", "(".repeat(10_000));
        assert_eq!(candidates(&long).len(), MAX_NAME);
        assert!(candidates(&"@".repeat(12_000)).len() <= MAX_MENTIONS * MAX_NAME);
    }
}
