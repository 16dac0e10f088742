//! Normalisation of user input: a rule for names, which are one line, and one for texts, which may have several lines.
//!
//! Names are those of teams, groups, sections, tags, devices and files, parts of a person's name, roles, moods, checklist
//! items and comments of integrations. Texts are messages, descriptions, drafts, reasons and comments of reminders.

use icu_properties::{
    CodePointSetData,
    props::{BidiControl, DefaultIgnorableCodePoint},
};
use unicode_normalization::UnicodeNormalization;

/// Symbols that are blank: the braille pattern without dots and the musical null notehead.
const BLANK_SYMBOLS: [char; 2] = ['\u{2800}', '\u{1d159}'];

/// Whether a text has a visible character, other than white space, controls, direction marks and other invisible
/// characters.
pub fn shows_something(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// Whether a text has line breaks or control characters, which a name must not have.
pub fn breaks_line(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// A name as it is stored: composed (NFC), trimmed, without direction marks and invisible characters. It is empty if nothing
/// visible is left.
pub fn line(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut joins = false;
    for c in text.nfc() {
        // Joiners and selectors shape the character before them; emoji and some scripts need them.
        let shapes = joins && is_shaping(c);
        if shapes || !is_hidden(c) {
            kept.push(c);
            joins = is_visible(c) || (shapes && !matches!(c, '\u{200c}' | '\u{200d}'));
        }
    }
    match shows_something(&kept) {
        true => kept.trim().trim_end_matches(['\u{200c}', '\u{200d}']).to_owned(),
        false => String::new(),
    }
}

/// Makes a name of a text from elsewhere: line breaks and control characters are removed, then the rule for names
/// applies.
pub fn one_line(text: &str) -> String {
    let breaks = |c: &char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    line(&text.chars().filter(|c| !breaks(c)).collect::<String>())
}

/// A text as it is stored: unchanged, or empty if nothing in it is visible. Direction marks stay, because texts in several
/// scripts need them and their effect ends with the paragraph.
pub fn body(text: &str) -> String {
    if shows_something(text) { text.to_owned() } else { String::new() }
}

/// A text as searches compare it: compatibility composition (NFKC), lower case, `е` for `ё`.
/// The read model has the same rule in SQL.
pub fn folded(text: &str) -> String {
    let lower = text.nfkc().collect::<String>().to_lowercase();
    lower.nfkc().map(|c| if c == 'ё' { 'е' } else { c }).collect()
}

/// Whether a character is removed from names: a direction mark or an invisible character.
pub fn is_hidden(c: char) -> bool {
    CodePointSetData::new::<BidiControl>().contains(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || matches!(c, '\u{fff9}'..='\u{fffb}')
}

fn is_visible(c: char) -> bool {
    !(c.is_whitespace() || c.is_control() || is_hidden(c) || BLANK_SYMBOLS.contains(&c))
}

/// Joiners, variation selectors, and the tags that flags of regions are spelled with.
fn is_shaping(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts without a visible character.
    const INVISIBLE: [&str; 15] = [
        "",
        " \u{a0}\u{3000}\t\n",
        "\u{200b}",
        "\u{2060}",
        "\u{feff}",
        "\u{2800}",
        "\u{3164}",
        "\u{ad}",
        "\u{180e}",
        "\u{fe0f}",
        "\u{202e}\u{202c}",
        "\u{e0020}",
        "\u{200d}\u{200c}",
        "\u{115f}\u{1160}\u{ffa0}",
        "\u{2028}",
    ];

    #[test]
    fn invisible_text_is_stored_as_empty() {
        for text in INVISIBLE {
            assert!(!shows_something(text), "{text:?}");
            assert_eq!((line(text), body(text)), (String::new(), String::new()), "{text:?}");
        }
        for text in ["a", "\u{301}", "👍\u{fe0f}", "\u{200b}.", "⠁"] {
            assert!(shows_something(text), "{text:?}");
        }
    }

    #[test]
    fn names_lose_direction_marks_and_keep_joiners_that_shape_letters() {
        for (sent, stored) in [
            ("\u{202e}яинаВ", "яинаВ"),
            ("\u{2066}а\u{2069}\u{200f}б\u{61c}", "аб"),
            (" Ва\u{200b}\u{ad}ся\u{feff} ", "Вася"),
            ("Пе\u{308}тр и\u{306}", "Пётр й"),
            ("👩\u{200d}👧 дом", "👩\u{200d}👧 дом"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
            ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴\u{e0067}\u{e0062}\u{e007f}"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("а\u{200d}\u{200d}\u{200d}", "а"),
            ("\u{fe0f}\u{200d}а", "а"),
        ] {
            assert_eq!(line(sent), stored, "{sent:?}");
            assert_eq!(line(stored), stored, "storing it again changes nothing: {sent:?}");
        }
    }

    #[test]
    fn line_breaks_and_controls_are_detected_and_removed() {
        for text in ["a\nb", "a\u{0}", "a\u{2028}b", "a\u{2029}", "a\u{85}b", "\u{7f}"] {
            assert!(breaks_line(text), "{text:?}");
        }
        assert!(!breaks_line("а б\u{200d}"));
        assert_eq!(one_line("a\r\n\u{2028}b\u{0}"), "ab");
    }

    #[test]
    fn visible_text_is_stored_unchanged() {
        let text = " שלום \u{200f}(a)\n\u{200b}b ";
        assert_eq!(body(text), text);
    }

    #[test]
    fn folding_equates_spellings_of_a_letter() {
        for (one, other) in
            [("Ёлки и Пётр", "елки и петр"), ("Пе\u{308}тр", "ПЕТР"), ("ﬁ Ａ", "FI a"), ("и\u{306}", "Й")]
        {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("и"), folded("й"));
    }
}
