//! Finds web addresses in a message: `http://…` and `https://…`, case-insensitively.

use crate::{
    limits::{LINKS, URL},
    text,
};

/// Separates the scheme from the host.
const MARK: &str = "://";
/// The schemes, the longer one first.
const SCHEMES: [&str; 2] = ["https", "http"];
/// Brackets that may be part of an address, as long as each one that closes has one that opens.
const BRACKETS: [(char, char); 8] = [
    ('(', ')'),
    ('[', ']'),
    ('{', '}'),
    ('（', '）'),
    ('「', '」'),
    ('『', '』'),
    ('【', '】'),
    ('《', '》'),
];

/// The distinct addresses of a text, in order, without the punctuation, brackets and quotes around them.
pub fn addresses(text: &str) -> Vec<&str> {
    let mut found = vec![];
    let mut at = 0;
    while let Some((start, scheme)) = next(text, at) {
        let rest = &text[start..];
        let whole = trimmed(&rest[..rest.find(ends).unwrap_or(rest.len())]);
        at = start + whole.len().max(scheme);
        let preceded = text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
        if !preceded && whole.len() > scheme && whole.len() <= URL && !found.contains(&whole) {
            found.push(whole);
        }
        if found.len() == LINKS {
            break;
        }
    }
    found
}

/// The start of the next possible address, and the length of its scheme with the separator, in bytes.
fn next(text: &str, from: usize) -> Option<(usize, usize)> {
    let beginning = |(mark, _): (usize, &str)| {
        let before = &text.as_bytes()[from..from + mark];
        let is = |scheme: &&str| {
            let at = before.len().checked_sub(scheme.len());
            at.is_some_and(|at| before[at..].eq_ignore_ascii_case(scheme.as_bytes()))
        };
        let scheme = SCHEMES.into_iter().find(is)?;
        Some((from + mark - scheme.len(), scheme.len() + MARK.len()))
    };
    text[from..].match_indices(MARK).find_map(beginning)
}

/// Characters at which an address ends.
fn ends(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || "<>\"«»“”„‘‚‹›`、。，．｡､".contains(c)
        || (text::is_hidden(c) && !joins(c))
}

/// Joiners that words and emoji in an address may have.
fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}')
}

fn trimmed(address: &str) -> &str {
    let mut rest = address;
    while let Some(last) = rest.chars().next_back() {
        let closes = match BRACKETS.iter().find(|(open, close)| last == *open || last == *close) {
            Some((open, _)) if last == *open => true,
            Some((open, close)) => rest.matches(*close).count() > rest.matches(*open).count(),
            None => ".,;:!?…'’*_~|！？：；".contains(last) || joins(last),
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
    fn addresses_are_found_without_surrounding_punctuation() {
        let cases: [(&str, &[&str]); 22] = [
            ("смотри https://example.org/a?b=c#d, и всё", &["https://example.org/a?b=c#d"]),
            (
                "(http://example.org/x) «https://пример.рф/путь»",
                &["http://example.org/x", "https://пример.рф/путь"],
            ),
            (
                "https://en.wikipedia.org/wiki/Veche_(assembly).",
                &["https://en.wikipedia.org/wiki/Veche_(assembly)"],
            ),
            (
                "(см. https://ru.wikipedia.org/wiki/Вече_(собрание))",
                &["https://ru.wikipedia.org/wiki/Вече_(собрание)"],
            ),
            ("[https://a.example/?q=[1]]", &["https://a.example/?q=[1]"]),
            ("{((https://a.example/(b)c)))}", &["https://a.example/(b)c"]),
            ("（https://a.example）、『https://b.example』", &["https://a.example", "https://b.example"]),
            ("HTTPS://EXAMPLE.ORG/A hTTp://b.example", &["HTTPS://EXAMPLE.ORG/A", "hTTp://b.example"]),
            ("‘https://a.example’ ‚https://b.example‘", &["https://a.example", "https://b.example"]),
            ("‹https://a.example› „https://b.example“", &["https://a.example", "https://b.example"]),
            ("https://a.example。 https://b.example，", &["https://a.example", "https://b.example"]),
            ("\u{2066}https://a.example\u{2069}\u{200b}", &["https://a.example"]),
            ("https://a.example/l’été", &["https://a.example/l’été"]),
            ("https://a.b https://a.b", &["https://a.b"]),
            ("http:// https://... xhttp://a.b ftp://a.b", &[]),
            ("https://a.b\nhttps://c.d", &["https://a.b", "https://c.d"]),
            ("https://https://a.b", &["https://https://a.b"]),
            ("я://https://a.b", &["https://a.b"]),
            ("https://(", &[]),
            ("", &[]),
            ("https://", &[]),
            ("://", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(addresses(text), expected, "{text}");
        }
    }

    #[test]
    fn number_and_length_of_addresses_are_bounded() {
        let text: String = (0..200).map(|n| format!("http://{n}.example.org ")).collect();
        assert_eq!(addresses(&text).len(), super::LINKS);
        assert!(addresses(&format!("http://{}", "a".repeat(5_000))).is_empty());
    }
}
