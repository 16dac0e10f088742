//! The formats of values that the server generates: times, ids, tokens, colours.

use serde_json::Value;
use uuid::Uuid;

/// The colours of drawn icons (`docs/acceptance.md`, item 70).
const COLOURS: [&str; 7] = ["579dda", "8e88eb", "e36659", "f0769a", "f08c50", "578e3c", "63bed3"];

/// Shortest text that names a QR login: 22 base64url characters are 132 bits. The seed's 16 are too few.
const QR_TOKEN: usize = 22;

/// The format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// UTC with six fractional digits and `Z`.
    Time,
    /// `d-`, `g-` or `t-` and a UUID.
    Jid(char),
    /// A UUID, hyphenated, in lower case.
    Uuid,
    /// 32 hexadecimal digits: the id of a picture.
    PictureId,
    /// 16 base64url characters: the seed's QR token.
    QrToken,
    /// 27 base64url characters: an invitation or an API key.
    SharedToken,
    /// 32 base64url characters: a session.
    SessionToken,
    /// One of the seven colours of icons.
    Colour,
    /// `2.2 ms`, `3.9 s`.
    Took,
}

impl Format {
    /// The format of a text from the examples; none if the server did not generate it.
    pub fn of(text: &str) -> Option<Self> {
        let jid = text.chars().next().map(Self::Jid);
        let known = [Self::Time, Self::Uuid, Self::Colour, Self::Took, Self::PictureId];
        let tokens = [Self::QrToken, Self::SharedToken, Self::SessionToken];
        let exact = |format: &Self| format.fits(text) && (*format != Self::QrToken || text.len() == 16);
        jid.into_iter().chain(known).chain(tokens).find(exact)
    }

    /// Whether a text has the format.
    pub fn fits(self, text: &str) -> bool {
        match self {
            Self::Time => is_time(text),
            Self::Jid(kind) => text.split_once('-').is_some_and(|(head, id)| {
                "dgt".contains(kind) && head.len() == 1 && head.starts_with(kind) && Self::Uuid.fits(id)
            }),
            Self::Uuid => text.len() == 36 && !has_capitals(text) && Uuid::parse_str(text).is_ok(),
            Self::PictureId => text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Self::QrToken => is_token(text) && (text.len() == 16 || text.len() >= QR_TOKEN),
            Self::SharedToken => is_token(text) && text.len() == 27,
            Self::SessionToken => is_token(text) && text.len() == 32,
            Self::Colour => COLOURS.contains(&text),
            Self::Took => is_took(text),
        }
    }

    /// Whether equal values of the examples must be equal in our answers.
    pub fn is_identity(self) -> bool {
        !matches!(self, Self::Colour | Self::Took)
    }

    /// Whether a QR token has the length of ours.
    pub fn is_long_enough(self, text: &str) -> bool {
        self != Self::QrToken || text.len() >= QR_TOKEN
    }
}

/// The JSON kind of a value, for messages.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "fraction",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `2019-09-27T00:59:50.898951Z`
fn is_time(text: &str) -> bool {
    let pattern = "0000-00-00T00:00:00.000000Z";
    let digit_for_digit = pattern.bytes().zip(text.bytes()).all(|(shape, byte)| match shape {
        b'0' => byte.is_ascii_digit(),
        fixed => byte == fixed,
    });
    text.len() == pattern.len() && digit_for_digit && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

fn is_took(text: &str) -> bool {
    let Some((number, unit)) = text.split_once(' ') else { return false };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits && number.parse::<f64>().is_ok() && matches!(unit, "ms" | "s")
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn has_capitals(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn format_of_generated_values_is_recognised() {
        let cases = [
            ("2019-09-27T00:59:50.898951Z", Format::Time),
            ("3525d76d-cfe0-469f-b46e-cbb79ae5491e", Format::Uuid),
            ("d-a2d94e8e-74aa-4b0b-b55d-0b4fc1ce07f4", Format::Jid('d')),
            ("g-edb35028-b3ff-48ef-afc4-6fcd4c86b5ad", Format::Jid('g')),
            ("Sqt9O7toIgw-ud-G", Format::QrToken),
            ("_GPHfNsbkxiCR3jKq3CyESw8MMw", Format::SharedToken),
            ("WoqtDSoWibETHyZcFJvixHGbp9AdYeg0", Format::SessionToken),
            ("65216b4f81bf470bbdf728ad971e2fd2", Format::PictureId),
            ("578e3c", Format::Colour),
            ("0.024 ms", Format::Took),
        ];
        for (text, format) in cases {
            assert_eq!(Format::of(text), Some(format), "{text}");
        }
        for text in ["", "pong", "+79166660002", "18:00:00", "2019-09-27T00:59:50Z", "главный по катапультам"]
        {
            assert_eq!(Format::of(text), None, "{text}");
        }
    }
}
