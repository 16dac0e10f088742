//! Subjects and patterns, as NATS defines them.

/// Maximum length of a subject or pattern, in bytes.
const MAX_LENGTH: usize = 256;

pub(super) fn is_subject(text: &str) -> bool {
    text.len() <= MAX_LENGTH && text.split('.').all(|token| is_token(token) && token != "*" && token != ">")
}

pub(super) fn is_pattern(text: &str) -> bool {
    let Some(tokens) = text.strip_suffix(".>").or(Some(text)).filter(|text| *text != ">") else {
        return true;
    };
    text.len() <= MAX_LENGTH && tokens.split('.').all(|token| is_token(token) && token != ">")
}

pub(super) fn matches(pattern: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in pattern.split('.') {
        match (wanted, tokens.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (_, Some(token)) if token == wanted => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

fn is_token(token: &str) -> bool {
    let printable = token.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let wild = token.len() > 1 && token.contains(['*', '>']);
    !token.is_empty() && printable && !wild
}

#[cfg(test)]
mod tests {
    use super::{is_pattern, is_subject, matches};

    #[test]
    fn subjects_are_plain_tokens() {
        for good in ["a", "feed.team-1", "x.y.z", "привет"] {
            assert!(is_subject(good) && is_pattern(good), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a\r\nPUB b", "a\tb"] {
            assert!(!is_subject(bad) && !is_pattern(bad), "{bad:?}");
        }
        assert!(!is_subject(&"a".repeat(257)));
    }

    #[test]
    fn wildcards_are_whole_tokens_and_only_in_patterns() {
        for good in [">", "*", "a.*", "*.b", "a.>", "*.*.>", "a.*.c"] {
            assert!(is_pattern(good) && !is_subject(good), "{good}");
        }
        for bad in ["a.>.b", "a*", "a.b>", "**", ">>", "a.>.>", ">.a"] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }

    #[test]
    fn patterns_match_token_by_token() {
        for (pattern, subject) in [
            ("a", "a"),
            ("a.*", "a.b"),
            ("*.b", "a.b"),
            ("a.>", "a.b"),
            ("a.>", "a.b.c"),
            (">", "a.b"),
            ("a.*.c", "a.b.c"),
        ] {
            assert!(matches(pattern, subject), "{pattern} {subject}");
        }
        for (pattern, subject) in [
            ("a", "b"),
            ("a", "a.b"),
            ("a.b", "a"),
            ("a.*", "a"),
            ("a.*", "a.b.c"),
            ("a.>", "a"),
            ("*", "a.b"),
        ] {
            assert!(!matches(pattern, subject), "{pattern} {subject}");
        }
    }
}
