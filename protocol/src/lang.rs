//! Languages of answers; [`Text`] holds the sentences.

mod read_only;
mod text;

pub use read_only::ReadOnlyReason;
pub use text::{JsonType, Text};

use std::fmt;

/// A language of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Russian, the default.
    #[default]
    Ru,
    /// English.
    En,
}

impl Lang {
    /// Parses a language tag such as `ru`, `EN` or `en-GB`; `None` for an unsupported language.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        [Self::Ru, Self::En].into_iter().find(|lang| primary.eq_ignore_ascii_case(lang.tag()))
    }

    /// The language of an answer: the query parameter wins over the header, the header over the default.
    /// Unsupported tags count as absent.
    pub fn choose(query: Option<&str>, header: Option<&str>, default: Self) -> Self {
        query.and_then(Self::parse).or_else(|| header.and_then(Self::parse)).unwrap_or(default)
    }

    /// The one of two texts that is in this language.
    pub const fn pick<'a>(self, russian: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Ru => russian,
            Self::En => english,
        }
    }

    /// The two-letter tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn query_wins_over_header_and_header_over_default() {
        let cases = [
            (Some("en"), Some("ru"), Lang::En),
            (Some("EN-gb"), None, Lang::En),
            (None, Some("en"), Lang::En),
            (Some("de"), Some("en"), Lang::En),
            (Some("de"), Some("fr"), Lang::Ru),
            (None, None, Lang::Ru),
        ];
        for (query, header, expected) in cases {
            assert_eq!(Lang::choose(query, header, Lang::Ru), expected, "{query:?} {header:?}");
        }
    }
}
