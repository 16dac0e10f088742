//! Strips the formatting of a pasted number: direction marks, spaces, dashes, brackets, `tel:`. It keeps the digits, of any
//! script, and whether a `+` precedes them.

use rlibphonenumber::PHONE_NUMBER_UTIL;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Maximum length of a spelling, characters.
const LONGEST: usize = 128;

/// The digits of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spelled {
    /// The number began with `+`, or with `00`, which means `+` nearly everywhere and begins no Russian number.
    International(String),
    /// The number began with another digit.
    Bare(String),
}

/// The meaning of a character in a number.
enum Part {
    Digit(char),
    Plus,
    Between,
    Nothing,
    Foreign,
}

/// Strips the formatting; `None` if the text is more than one number.
pub(super) fn read(text: &str) -> Option<Spelled> {
    if text.len() > LONGEST * 4 || text.chars().count() > LONGEST {
        return None;
    }
    let visible: String = text.chars().filter(|c| !matches!(part(*c), Part::Nothing)).collect();
    let text = visible.trim();
    match scheme(text) {
        Some(rest) => uri(rest),
        None => plain(text),
    }
}

/// The number of a `tel:` URI.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once([':', '：'])?;
    scheme.trim().eq_ignore_ascii_case("tel").then(|| rest.trim_start_matches('/'))
}

/// A number with parameters (RFC 3966). A number with an extension is rejected, because it belongs to somebody else than the
/// number alone; a context is a prefix of the number; other parameters are ignored.
fn uri(text: &str) -> Option<Spelled> {
    let mut pieces = text.split(';');
    let number = pieces.next()?;
    let mut context = None;
    for parameter in pieces {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "ext" if value.chars().any(|c| !matches!(part(c), Part::Between)) => return None,
            "phone-context" => context = Some(value.trim()).filter(|value| value.starts_with(['+', '＋'])),
            _ => {}
        }
    }
    let Some(context) = context else { return plain(number) };
    match (parts_of(number)?, parts_of(context)?) {
        ((false, digits), (true, context)) => Some(Spelled::International(context + &digits)),
        ((true, digits), _) => Some(Spelled::International(digits)),
        _ => None,
    }
}

fn plain(text: &str) -> Option<Spelled> {
    match parts_of(text)? {
        (true, digits) => Some(Spelled::International(digits)),
        (false, digits) => match digits.strip_prefix("00") {
            Some(rest) => Some(Spelled::International(rest.to_owned())),
            None => Some(Spelled::Bare(digits)),
        },
    }
}

/// Whether a `+` precedes the digits, and the digits.
fn parts_of(text: &str) -> Option<(bool, String)> {
    let (mut digits, mut plus) = (String::new(), false);
    for character in text.chars() {
        match part(character) {
            Part::Digit(digit) => digits.push(digit),
            Part::Plus if plus || !digits.is_empty() => return None,
            Part::Plus => plus = true,
            Part::Between | Part::Nothing => {}
            Part::Foreign => return None,
        }
    }
    (!digits.is_empty()).then_some((plus, digits))
}

/// Classifies by Unicode category, so that no mark needs to be listed one by one.
fn part(character: char) -> Part {
    use GeneralCategory as Category;
    match character {
        '0'..='9' => return Part::Digit(character),
        '+' | '＋' | '﹢' | '⁺' | '➕' => return Part::Plus,
        // Separators of groups, and characters that look like dashes.
        '.' | '．' | '。' | '·' | '•' | '‧' | '∙' | '⋅' | '/' | '／' | '⁄' | '∕' => {
            return Part::Between;
        }
        '~' | '～' | '∼' | '⁓' | '˗' | '−' | '⁃' | '➖' | '─' | '━' | 'ー' | 'ｰ' | '⁻' | '₋' =>
        {
            return Part::Between;
        }
        // Fillers whose category is letter, and the enclosing keycap.
        '\u{20e3}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}' => return Part::Nothing,
        _ => {}
    }
    if character.is_whitespace() {
        return Part::Between;
    }
    match character.general_category() {
        Category::DecimalNumber => {
            let digit = PHONE_NUMBER_UTIL.normalize_digits_only(character.encode_utf8(&mut [0; 4]));
            digit.chars().next().map_or(Part::Foreign, Part::Digit)
        }
        Category::Format | Category::NonspacingMark => Part::Nothing,
        Category::SpaceSeparator
        | Category::DashPunctuation
        | Category::OpenPunctuation
        | Category::ClosePunctuation => Part::Between,
        _ => Part::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn international(digits: &str) -> Option<Spelled> {
        Some(Spelled::International(digits.to_owned()))
    }

    fn bare(digits: &str) -> Option<Spelled> {
        Some(Spelled::Bare(digits.to_owned()))
    }

    #[test]
    fn direction_marks_and_formatting_are_stripped() {
        for text in [
            "\u{202a}+7 905 000-00-09\u{202c}",
            "\u{202d}+79050000009\u{202c}",
            "\u{200e}+79050000009",
            "\u{feff}+79050000009",
            "+7\u{200b}9050000009",
            "+7 905\u{2060} 0000009",
            "+7 905 000\u{2011}00\u{2011}09",
            "+7\u{a0}905\u{a0}000 00 09",
            "+7\u{2009}905\u{202f}000\u{3000}00 09",
            "\u{2066}+7\u{2069} 905 000 00 09",
            "＋７（９０５）０００－００－０９",
            "+7\u{fe0f}9\u{fe0f}\u{20e3}050000009",
            "tel:+7-905-000-00-09",
            "TEL:+7(905)0000009",
            "\u{200e}tel://+79050000009;isub=12",
            "tel:905-000-00-09;phone-context=+7",
            "tel:+79050000009;ext=",
            "[+7] 905/000.00~09",
        ] {
            assert_eq!(read(text), international("79050000009"), "{}", text.escape_unicode());
        }
    }

    #[test]
    fn every_kind_of_dash_is_stripped() {
        for dash in "-\u{ad}‐‑‒–—―⁃−﹘﹣－˗﹣⸺⸻〜〰゠ー".chars() {
            assert_eq!(read(&format!("8 905 000{dash}00{dash}09")), bare("89050000009"), "{dash}");
        }
    }

    #[test]
    fn digits_of_any_script_are_accepted() {
        assert_eq!(read("+٩٧١ ٥٠ ١٢٣ ٤٥٦٧"), international("971501234567"));
        assert_eq!(read("+९१ ८१२३४ ५६७८९"), international("918123456789"));
        assert_eq!(read("𝟠𝟡𝟘𝟝0000009"), bare("89050000009"));
        assert_eq!(read("①②③④⑤⑥⑦⑧"), None);
        assert_eq!(read("+7 905 000 00 ²9"), None);
    }

    #[test]
    fn leading_double_zero_means_plus() {
        assert_eq!(read("00 49 30 123456"), international("4930123456"));
        assert_eq!(read("(00) 49 30 123456"), international("4930123456"));
    }

    #[test]
    fn number_with_extension_is_rejected() {
        for text in ["tel:+74951234567;ext=12", "tel:+74951234567;isub=1;EXT=0", "+7 495 123-45-67 ext. 12"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn text_with_more_than_a_number_is_rejected() {
        for text in [
            "",
            "   ",
            "+",
            "tel:",
            "tel:;phone-context=+7",
            "tel:905;phone-context=+x",
            "sip:+79050000009",
            "+79050000009, +79050000010",
            "+79050000009;isub=1",
            "79050000009 и ещё",
            "*100#",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&"\u{200b}".repeat(LONGEST + 1)), None);
    }
}
