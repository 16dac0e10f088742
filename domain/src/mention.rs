//! Mentions in a message's text: `@Имя_Фамилия`, underscores in place of spaces (`docs/acceptance.md`, item 106).

/// Most mentions that one message may make.
const MOST: usize = 50;

/// The fragments that may name somebody, each once, in the order of the text; `@` and trailing punctuation are no part.
pub fn candidates(text: &str) -> Vec<&str> {
    let mut found = vec![];
    for (start, _) in text.match_indices('@') {
        let before = text[..start].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            continue; // an e-mail address
        }
        let rest = &text[start + 1..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "_№-".contains(c))).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches('-');
        if !name.is_empty() && !found.contains(&name) && found.len() < MOST {
            found.push(name);
        }
    }
    found
}

/// A name as it stands in a mention.
pub fn spelled(display_name: &str) -> String {
    display_name.split_whitespace().collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_underscores_are_found_once_and_addresses_are_not() {
        let text = "@Вася_Пупкин, смотри: @Контакт_№2! И @Вася_Пупкин, и me@example.org, и @ никто";
        assert_eq!(candidates(text), ["Вася_Пупкин", "Контакт_№2"]);
        assert_eq!(spelled("Вася  Пупкин"), "Вася_Пупкин");
    }
}
