//! Reads the field and file name of a part from `Content-Disposition` (RFC 7578, RFC 6266, HTML).
//!
//! `filename*` (RFC 8187) takes precedence over `filename` in any order. In a plain name browsers write quotes and
//! line ends as `%22`, `%0D`, `%0A` and escape nothing else; some mail programs write encoded words (RFC 2047).

use super::{charset::Charset, parameters::Parameters};
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode;

/// The file name of a part, if the part has one.
pub(super) fn file_name(disposition: &Parameters, charset: Charset) -> Option<String> {
    let extended = disposition.all("filename*").find_map(extended);
    extended.or_else(|| disposition.get("filename").map(|name| plain(name, charset)))
}

/// Decodes a name as browsers write it.
pub(super) fn plain(name: &[u8], charset: Charset) -> String {
    let text = charset.text_in_any_case(name);
    if let Some(decoded) = encoded_words(&text) {
        return decoded;
    }
    text.replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0d", "\r")
        .replace("%0A", "\n")
        .replace("%0a", "\n")
}

/// Decodes `UTF-8''%D0%9E.txt`; `None` if it is malformed, so that the plain name is used.
fn extended(value: &[u8]) -> Option<String> {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode(text).collect();
    Charset::labelled(charset).ok()?.text(&bytes).filter(|text| !text.is_empty())
}

/// Decodes `=?utf-8?B?0J4=?= =?utf-8?Q?.txt?=`; `None` for anything else.
fn encoded_words(text: &str) -> Option<String> {
    let mut runs: Vec<(Charset, Vec<u8>)> = vec![];
    for word in text.split_ascii_whitespace() {
        let (charset, bytes) = encoded_word(word)?;
        match runs.last_mut() {
            // A character may be cut between two words.
            Some((last, run)) if *last == charset => run.extend(bytes),
            _ => runs.push((charset, bytes)),
        }
    }
    let decoded: Option<String> = runs.iter().map(|(charset, bytes)| charset.text(bytes)).collect();
    decoded.filter(|decoded| !decoded.is_empty())
}

fn encoded_word(word: &str) -> Option<(Charset, Vec<u8>)> {
    let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, way, text) = (parts.next()?, parts.next()?, parts.next()?);
    // A language may follow the charset (RFC 2231, 5).
    let label = charset.split('*').next().unwrap_or_default();
    let bytes = match way {
        "B" | "b" => STANDARD.decode(text).ok()?,
        "Q" | "q" => quoted(text)?,
        _ => return None,
    };
    Some((Charset::labelled(label.as_bytes()).ok()?, bytes))
}

/// Decodes the Q encoding (RFC 2047, 4.2): `=D0`, and an underscore for a space.
fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match first {
            b'_' => b' ',
            b'=' => {
                let digits = str::from_utf8(rest.get(..2)?).ok()?;
                rest = &rest[2..];
                u8::from_str_radix(digits, 16).ok()?
            }
            plain => plain,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Charset, Parameters, file_name};
    use proptest::prelude::*;

    fn named(header: &str) -> Option<String> {
        file_name(&Parameters::read(header.as_bytes()), Charset::UTF_8)
    }

    #[test]
    fn the_extended_name_counts_in_any_place_if_it_can_be_read() {
        for (header, expected) in [
            ("form-data; name=\"file\"; filename*=UTF-8''%D0%9E.txt; filename=\"o.txt\"", "О.txt"),
            ("form-data; name=\"file\"; filename=\"o.txt\"; FileName*=utf-8'ru'%d0%9e.txt", "О.txt"),
            ("form-data; filename=\"o.txt\"; filename*=windows-1251''%CE.txt", "О.txt"),
            ("form-data; filename=o.txt; filename*=\"UTF-8''%D0%9E.txt\"", "О.txt"),
            ("form-data; filename=\"o.txt\"; filename*=klingon''%D0%9E.txt", "o.txt"),
            ("form-data; filename=\"o.txt\"; filename*=UTF-8''%CE.txt", "o.txt"),
            ("form-data; filename=\"o.txt\"; filename*=UTF-8''", "o.txt"),
            ("form-data; filename=\"o.txt\"; filename*=nonsense", "o.txt"),
            (
                "form-data; filename=\"=?utf-8?B?0J7RgtGH0ZHRgi50eHQ=?=\"; filename*=utf-8''%D0%9E%D1%82%D1%87%D1%91%D1%82.txt",
                "Отчёт.txt",
            ),
        ] {
            assert_eq!(named(header).as_deref(), Some(expected), "{header}");
        }
        assert_eq!(named("form-data; name=\"text\""), None);
        assert_eq!(named("form-data; name=file; filename=\"\"").as_deref(), Some(""));
    }

    #[test]
    fn plain_names_are_as_browsers_and_mail_programs_write_them() {
        for (written, expected) in [
            ("a %22b%22.txt", "a \"b\".txt"),
            ("a%0D%0Ab.txt", "a\r\nb.txt"),
            ("100%25.txt", "100%25.txt"),
            ("кот.png", "кот.png"),
            ("=?utf-8?B?0J7RgtGH0ZHRgi50eHQ=?=", "Отчёт.txt"),
            ("=?UTF-8?Q?=D0=9E=D1=82_1.txt?=", "От 1.txt"),
            ("=?koi8-r?b?79TexdQ=?= =?koi8-r*ru?q?.txt?=", "Отчет.txt"),
            ("=?utf-8?B?0J7RgtGH0ZHR?= =?utf-8?B?gi50eHQ=?=", "Отчёт.txt"),
            ("=?utf-8?B?***?=", "=?utf-8?B?***?="),
            ("=?utf-8?Q?=4?=", "=?utf-8?Q?=4?="),
            ("a =?utf-8?Q?b?=", "a =?utf-8?Q?b?="),
        ] {
            let header = format!("form-data; name=\"file\"; filename=\"{written}\"");
            assert_eq!(named(&header).as_deref(), Some(expected), "{written}");
        }
        let cyrillic = Parameters::read(b"form-data; filename=\"\xee\xf2\xf7\xe5\xf2.txt\"");
        assert_eq!(file_name(&cyrillic, Charset::labelled(b"cp1251").unwrap()).as_deref(), Some("отчет.txt"));
        assert!(
            file_name(&cyrillic, Charset::UTF_8).is_some_and(|name| name.ends_with(".txt")),
            "never a refusal"
        );
    }

    proptest! {
        #[test]
        fn any_name_comes_through_in_its_extended_form(name in "[^\\p{C}]{1,30}", plain in "[a-z]{0,8}") {
            let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
            let header = format!("form-data; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
            prop_assert_eq!(named(&header), Some(name));
        }

        #[test]
        fn nothing_is_too_strange_to_be_read(header in "(form-data|=\\?|\\?=|filename|\\*|=|utf-8''|%|\"|;|\\?Q|\\?B| |.){0,20}") {
            let name = named(&header);
            prop_assert!(name.is_none_or(|name| name.chars().count() <= 3 * header.len()));
        }
    }
}
