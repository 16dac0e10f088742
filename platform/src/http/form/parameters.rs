//! Parses headers of the form `value; name=text; name="text"`: `Content-Type`, `Content-Disposition`.
//!
//! Names are case-insensitive. A quoted text may hold semicolons and escaped quotes; a backslash before anything
//! else is literal, because some programs put whole Windows paths there.

/// A header's value and its parameters, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::http) struct Parameters {
    value: String,
    list: Vec<(String, Vec<u8>)>,
}

impl Parameters {
    /// Parses a header. Every header is accepted: meaningless parts are skipped.
    pub(in crate::http) fn read(header: &[u8]) -> Self {
        let (value, mut rest) = split(header);
        let mut list = vec![];
        while !rest.is_empty() {
            let name_end = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
            let name = lower(&rest[..name_end]);
            if rest.get(name_end) != Some(&b'=') {
                rest = split(rest).1;
                continue;
            }
            let text = rest[name_end + 1..].trim_ascii_start();
            let (text, behind) = match text.strip_prefix(b"\"") {
                Some(quoted) => unquoted(quoted),
                None => (split(text).0.trim_ascii().to_vec(), text),
            };
            rest = split(behind).1;
            if !name.is_empty() {
                list.push((name, text));
            }
        }
        Self { value: lower(value), list }
    }

    /// The value before the parameters, in lower case.
    pub(in crate::http) fn value(&self) -> &str {
        &self.value
    }

    /// The first parameter of a name, which is given in lower case.
    pub(in crate::http) fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Every parameter of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.list.iter().filter(move |(known, _)| known == name).map(|(_, text)| &text[..])
    }
}

/// Splits at the next semicolon.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b';') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

/// Splits after a quoted text, whose first quote is already read. An unterminated text goes to the end.
fn unquoted(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut plain = vec![];
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, text.get(at + 1)) {
            (b'"', _) => return (plain, &text[at + 1..]),
            (b'\\', Some(&escaped @ (b'"' | b'\\'))) => {
                plain.push(escaped);
                at += 1;
            }
            _ => plain.push(byte),
        }
        at += 1;
    }
    (plain, &[])
}

fn lower(text: &[u8]) -> String {
    String::from_utf8_lossy(text.trim_ascii()).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::Parameters;
    use proptest::prelude::*;

    fn get(header: &str, name: &str) -> Option<String> {
        Parameters::read(header.as_bytes()).get(name).map(|text| String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn parameters_are_found_by_their_whole_names_in_any_case() {
        for (header, name, expected) in [
            ("form-data; name=\"file\"", "name", Some("file")),
            ("FORM-DATA; NAME=\"file\"", "name", Some("file")),
            ("form-data; name = file ; x=y", "name", Some("file")),
            ("form-data;name=", "name", Some("")),
            ("form-data; filename=\"a\"; name=b", "name", Some("b")),
            (
                "form-data; note=\"x; filename=evil.exe \"; filename=\"safe.txt\"",
                "filename",
                Some("safe.txt"),
            ),
            ("form-data; note=\"\\\"; filename=evil.exe\"; filename=safe.txt", "filename", Some("safe.txt")),
            ("form-data; filename=\"a;b=c.txt\"", "filename", Some("a;b=c.txt")),
            ("form-data; filename=\"a \\\"b\\\".txt\"", "filename", Some("a \"b\".txt")),
            ("form-data; filename=\"C:\\dir\\new.txt\"", "filename", Some("C:\\dir\\new.txt")),
            ("form-data; filename=my file.txt; name=x", "filename", Some("my file.txt")),
            ("form-data; filename=\"one\"; filename=\"two\"", "filename", Some("one")),
            ("form-data; filename=\"open", "filename", Some("open")),
            ("form-data; filename", "filename", None),
            ("form-data; xfilename=a", "filename", None),
            ("form-data; =a; filename=b", "filename", Some("b")),
            ("", "filename", None),
        ] {
            assert_eq!(get(header, name).as_deref(), expected, "{header}");
        }
        assert_eq!(Parameters::read(b" Form-Data ; a=b").value(), "form-data");
    }

    proptest! {
        #[test]
        fn whatever_is_quoted_comes_out_as_it_went_in(before in ".{0,20}", text in "[^\\p{C}]{0,40}", after in ".{0,20}") {
            let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let header = format!("form-data; a=\"{}\"; b=\"{}\"; c=\"{}\"", quote(&before), quote(&text), quote(&after));
            prop_assert_eq!(get(&header, "b"), Some(text));
        }

        #[test]
        fn no_header_is_too_strange_to_read(header in prop::collection::vec(any::<u8>(), 0..80)) {
            let read = Parameters::read(&header);
            prop_assert!(read.list.iter().all(|(name, text)| name.len() <= 3 * header.len() && text.len() <= header.len()));
        }
    }
}
