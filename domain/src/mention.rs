//! Mentions in a message's text: `@Имя_Фамилия`, underscores in place of spaces (`docs/acceptance.md`, item 106).
//!
//! A name may have any characters, and somebody without a name is shown by their phone, so that the end of a mention is
//! known only by the names that exist. [`candidates`] gives all beginnings of the text after an `@` that could be a name,
//! so that names are looked up by an index. A beginning of a longer name is none.

use crate::text::folded;
use std::cmp::Reverse;

/// Most mentions that one message may make.
const MOST: usize = 50;
/// The longest name in a mention, characters: two parts of a name, and what they may grow by as they are folded.
const LONGEST: usize = 128;

/// Something after an `@` that could be a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'t> {
    /// As it is written.
    written: &'t str,
    /// As names are compared: [`key`].
    key: String,
}

/// A mention of somebody who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'t, T> {
    /// As it is written, without the `@`.
    pub written: &'t str,
    /// The people with this name.
    pub who: T,
}

/// Candidates for names after the `@`s of a text, in its order; nothing is done for a text without `@`.
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
        if mentions == MOST {
            break;
        }
        mentions += 1;
        found.extend(names.into_iter().map(|written| Candidate { written, key: key(written) }));
    }
    found
}

/// The names to look up, each once.
pub fn keys(candidates: &[Candidate<'_>]) -> Vec<String> {
    let mut keys: Vec<String> = candidates.iter().map(|candidate| candidate.key.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The mentions among candidates, given the people who were found by [`keys`], each with the name that is shown; the longest
/// ones first, so that a client that looks for one does not find it within another. Who is called by a name is mentioned
/// whoever else has it: rows that are made once more after an erasure must not depend on names that are gone.
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

/// A name as it stands in a mention.
pub fn spelled(display_name: &str) -> String {
    display_name.split_whitespace().collect::<Vec<_>>().join("_")
}

/// A name as mentions are compared with it.
pub fn key(display_name: &str) -> String {
    spelled(&folded(display_name))
}

/// The beginnings of a text that could be a name, the shortest first: they end where a word does.
fn prefixes(rest: &str) -> Vec<&str> {
    let mut found = vec![];
    for (length, (at, c)) in rest.char_indices().enumerate() {
        if c.is_whitespace() || c.is_control() || length == LONGEST {
            break;
        }
        let end = at + c.len_utf8();
        if !goes_on(&rest[end..]) {
            found.push(&rest[..end]);
        }
    }
    found
}

/// Whether a name goes on with this: with more of its word, or with a mark that joins it to the next one.
fn goes_on(rest: &str) -> bool {
    let mut characters = rest.chars();
    let (next, after) = (characters.next(), characters.next());
    let Some(next) = next.filter(|next| !next.is_whitespace()) else { return false };
    let joins = "-'’.&(/+\u{2010}\u{2011}".contains(next);
    let word = next.is_alphanumeric() || next == '_' || is_mark(next);
    word || after.is_some_and(|after| after == '_' || (joins && after.is_alphanumeric()))
}

/// Marks that belong to the letter before them, and joiners.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mentions of a text as they are written, with the contacts that they name.
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
    fn names_with_underscores_are_found_once_and_addresses_are_not() {
        let text = "@Вася_Пупкин, смотри: @Контакт_№2! И @Вася_Пупкин, и me@example.org, и @ никто";
        let found = mentioned(text, &["Контакт №2", "Вася  Пупкин", "example.org", "никто"]);
        assert_eq!(found, [("Вася_Пупкин".to_owned(), 1), ("Контакт_№2".to_owned(), 0)]);
        assert_eq!(spelled("Вася  Пупкин"), "Вася_Пупкин");
    }

    #[test]
    fn names_may_have_any_characters() {
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
    fn decomposed_letters_case_and_the_letter_yo_make_no_difference() {
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
    fn the_longest_name_counts_and_a_part_of_one_is_none() {
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
    fn everybody_of_a_name_is_mentioned_and_the_longest_names_come_first() {
        let names = ["Петр", "Пётр", "Пётр Первый"];
        let who = |text: &str| mentioned(text, &names).into_iter().map(|(_, who)| who).collect::<Vec<_>>();
        assert_eq!(who("@Пётр"), [0, 1]);
        assert_eq!(who("@Пётр и @Пётр_Первый и @Пётр"), [2, 0, 1]);
    }

    #[test]
    fn there_is_an_end_to_them() {
        assert!(candidates("a@b, no at sign").is_empty() && candidates("@ @\n@").is_empty());
        let many: String = (0..500).map(|n| format!("@name{n} ")).collect();
        assert_eq!(keys(&candidates(&many)).len(), MOST);
        let long = format!("@{}", "(".repeat(10_000));
        assert_eq!(candidates(&long).len(), LONGEST);
        assert!(candidates(&"@".repeat(12_000)).len() <= MOST * LONGEST);
    }
}
