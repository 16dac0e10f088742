//! Charsets of text fields, by the labels of the WHATWG Encoding Standard.

use crate::http::ApiError;
use encoding_rs::Encoding;
use protocol::{error::ErrorCode, lang::Text};

/// Maximum number of characters of a label that an error repeats.
const SHOWN: usize = 40;

/// A charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Charset(&'static Encoding);

impl Charset {
    /// The default.
    pub(in crate::http) const UTF_8: Self = Self(encoding_rs::UTF_8);

    /// Finds a charset by its label, such as `windows-1251`. The names and signs of a form are ASCII, so UTF-16
    /// cannot be meant.
    ///
    /// # Errors
    /// `UNSUPPORTED_MEDIA_TYPE`.
    pub(in crate::http) fn labelled(label: &[u8]) -> Result<Self, ApiError> {
        let known = Encoding::for_label_no_replacement(label).filter(|known| known.is_ascii_compatible());
        known.map(Self).ok_or_else(|| {
            let name = String::from_utf8_lossy(label).chars().take(SHOWN).collect();
            ApiError::new(ErrorCode::UnsupportedMediaType).because(Text::UnknownCharset { name })
        })
    }

    /// Decodes bytes, or returns `None` if they are invalid.
    pub(in crate::http) fn text(self, bytes: &[u8]) -> Option<String> {
        Some(self.0.decode_without_bom_handling_and_without_replacement(bytes)?.into_owned())
    }

    /// Decodes bytes, with replacement characters for invalid ones.
    pub(super) fn text_in_any_case(self, bytes: &[u8]) -> String {
        let text = self.text(bytes).or_else(|| Self::UTF_8.text(bytes));
        text.unwrap_or_else(|| self.0.decode_without_bom_handling(bytes).0.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Charset;

    #[test]
    fn labels_are_those_of_the_standard() {
        for (label, bytes, text) in [
            ("windows-1251", &b"\xcf\xf0\xe8\xe2\xe5\xf2"[..], "Привет"),
            ("CP1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
            ("ISO-8859-5", b"\xbf\xe0\xd8\xd2\xd5\xe2", "Привет"),
            (" UTF8 ", "Привет".as_bytes(), "Привет"),
            ("shift_jis", b"\x93\xfa\x96\x7b", "日本"),
        ] {
            assert_eq!(
                Charset::labelled(label.as_bytes()).unwrap().text(bytes).as_deref(),
                Some(text),
                "{label}"
            );
        }
        for label in ["", "klingon", "utf-16", "utf-16le", "iso-2022-kr", "replacement", "\u{ff}"] {
            let failure = Charset::labelled(label.as_bytes()).unwrap_err();
            assert_eq!(failure.failure().code.status(), 415, "{label}");
        }
    }

    #[test]
    fn bytes_that_are_no_characters_are_no_text() {
        assert_eq!(Charset::UTF_8.text(b"\xcf\xf0"), None);
        assert_eq!(Charset::UTF_8.text_in_any_case(b"a\xcf"), "a\u{fffd}");
        let sjis = Charset::labelled(b"shift_jis").unwrap();
        assert_eq!(sjis.text(b"\x93"), None);
        assert_eq!(sjis.text_in_any_case(b"a\x93"), "a\u{fffd}");
    }
}
