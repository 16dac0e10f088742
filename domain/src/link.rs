//! Addresses in a message's text: `http://…` and `https://…`.

use crate::limits::{LINKS, URL};

/// What an address begins with.
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// The addresses in a text, each once, in the order of the text. Punctuation that ends a sentence, and brackets and
/// quotes around an address, are no part of it.
pub fn addresses(text: &str) -> Vec<&str> {
    let mut found = vec![];
    let mut at = 0;
    while let Some((start, scheme)) = next(text, at) {
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"«»“”`".contains(c));
        let whole = trimmed(&rest[..end.unwrap_or(rest.len())]);
        at = start + whole.len().max(scheme.len());
        let preceded = text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
        if !preceded && whole.len() > scheme.len() && whole.len() <= URL && !found.contains(&whole) {
            found.push(whole);
        }
        if found.len() == LINKS {
            break;
        }
    }
    found
}

/// Where the next address may begin.
fn next(text: &str, from: usize) -> Option<(usize, &'static str)> {
    let of = |scheme: &'static str| text[from..].find(scheme).map(|at| (from + at, scheme));
    SCHEMES.into_iter().filter_map(of).min()
}

fn trimmed(address: &str) -> &str {
    let mut rest = address;
    while let Some(last) = rest.chars().next_back() {
        let closes = match last {
            ')' => !rest.contains('('),
            ']' => !rest.contains('['),
            other => ".,;:!?…'*_~|".contains(other),
        };
        if !closes {
            break;
        }
        rest = &rest[..rest.len() - last.len_utf8()];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn addresses_are_found_without_what_surrounds_them() {
        let cases: [(&str, &[&str]); 9] = [
            ("смотри https://example.org/a?b=c#d, и всё", &["https://example.org/a?b=c#d"]),
            (
                "(http://example.org/x) «https://пример.рф/путь»",
                &["http://example.org/x", "https://пример.рф/путь"],
            ),
            (
                "https://en.wikipedia.org/wiki/Veche_(assembly).",
                &["https://en.wikipedia.org/wiki/Veche_(assembly)"],
            ),
            ("https://a.b https://a.b", &["https://a.b"]),
            ("http:// https://... xhttp://a.b ftp://a.b", &[]),
            ("https://a.b\nhttps://c.d", &["https://a.b", "https://c.d"]),
            ("https://https://a.b", &["https://https://a.b"]),
            ("", &[]),
            ("https://", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(addresses(text), expected, "{text}");
        }
    }

    #[test]
    fn there_is_an_end_to_them() {
        let text: String = (0..200).map(|n| format!("http://{n}.example.org ")).collect();
        assert_eq!(addresses(&text).len(), super::LINKS);
        assert!(addresses(&format!("http://{}", "a".repeat(5_000))).is_empty());
    }
}
