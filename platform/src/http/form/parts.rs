//! Splits a multipart form (RFC 2046, 5.1; RFC 7578) as its bytes arrive, in pieces of any size.
//!
//! The splitter holds no more than the last piece, the head of one part, and the beginning of a possible boundary.

use super::{charset::Charset, disposition, parameters::Parameters};
use crate::http::ApiError;
use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem::Finder;
use protocol::{error::ErrorCode, lang::Text};

/// Maximum length of a part's head, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;
/// Maximum length of a boundary (RFC 2046).
const LONGEST_BOUNDARY: usize = 70;
/// Maximum number of spaces after a boundary.
const LONGEST_PADDING: usize = 1_024;

/// The next element of a form.
#[derive(Debug)]
pub(in crate::http) enum Step {
    /// More bytes are needed, see [`Splitter::push`] and [`Splitter::finish`].
    More,
    /// A part begins.
    Part(Head),
    /// A piece of its content.
    Content(Bytes),
    /// The part ends.
    PartEnd,
    /// The form ends.
    End,
}

/// Why a form is malformed.
#[derive(Debug, thiserror::Error)]
pub(super) enum MalformedForm {
    #[error("the form breaks off")]
    Cut,
    #[error("the head of a part is longer than {LONGEST_HEAD} bytes")]
    LongHead,
    #[error("something follows a boundary on its line")]
    NotABoundary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Preamble,
    BehindBoundary,
    Head,
    Content,
    Done,
}

/// Splits a multipart form.
#[derive(Debug)]
pub(in crate::http) struct Splitter {
    /// Line end, two hyphens, boundary.
    delimiter: Finder<'static>,
    buffer: BytesMut,
    stage: Stage,
    ended: bool,
}

/// The boundary that a `Content-Type` names, if it is that of a multipart form.
pub(in crate::http) fn boundary(content_type: &Parameters) -> Option<&[u8]> {
    let boundary = content_type.get("boundary").filter(|_| content_type.value() == "multipart/form-data");
    boundary.filter(|boundary| (1..=LONGEST_BOUNDARY).contains(&boundary.len()))
}

impl Splitter {
    pub(in crate::http) fn new(boundary: &[u8]) -> Self {
        let delimiter = [b"\r\n--", boundary].concat();
        // The first boundary needs no line before it.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        Self { delimiter: Finder::new(&delimiter).into_owned(), buffer, stage: Stage::Preamble, ended: false }
    }

    pub(in crate::http) fn push(&mut self, bytes: &[u8]) {
        if self.stage != Stage::Done {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Marks the end of the body.
    pub(in crate::http) fn finish(&mut self) {
        self.ended = true;
    }

    /// # Errors
    /// `INVALID_DATA`: it is no form, or breaks off.
    pub(in crate::http) fn step(&mut self) -> Result<Step, ApiError> {
        self.advance().map_err(super::bad_form)
    }

    fn advance(&mut self) -> Result<Step, MalformedForm> {
        let step = match self.stage {
            Stage::Preamble => self.preamble()?,
            Stage::BehindBoundary => self.behind_boundary()?,
            Stage::Head => self.head()?,
            Stage::Content => self.content(),
            Stage::Done => Some(Step::End),
        };
        match step {
            Some(step) => Ok(step),
            None if self.ended => Err(MalformedForm::Cut),
            None => Ok(Step::More),
        }
    }

    fn preamble(&mut self) -> Result<Option<Step>, MalformedForm> {
        match self.delimiter.find(&self.buffer) {
            Some(at) => {
                self.buffer.advance(at + self.delimiter.needle().len());
                self.stage = Stage::BehindBoundary;
                self.behind_boundary()
            }
            None => {
                self.buffer.advance(self.certain());
                Ok(None)
            }
        }
    }

    fn behind_boundary(&mut self) -> Result<Option<Step>, MalformedForm> {
        if self.buffer.starts_with(b"--") {
            self.stage = Stage::Done;
            self.buffer.clear();
            return Ok(Some(Step::End));
        }
        let padding = self.buffer.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match &self.buffer[padding..] {
            _ if padding > LONGEST_PADDING => Err(MalformedForm::NotABoundary),
            [b'\r', b'\n', ..] => {
                self.buffer.advance(padding + 2);
                self.stage = Stage::Head;
                self.head()
            }
            [] | [b'\r'] => Ok(None),
            [b'-'] if padding == 0 => Ok(None),
            _ => Err(MalformedForm::NotABoundary),
        }
    }

    fn head(&mut self) -> Result<Option<Step>, MalformedForm> {
        // A part without any head begins with its empty line.
        let end = match self.buffer.starts_with(b"\r\n") {
            true => Some(0),
            false => memchr::memmem::find(&self.buffer, b"\r\n\r\n").map(|at| at + 2),
        };
        match end {
            Some(end) if end <= LONGEST_HEAD => {
                let head = Head::read(&self.buffer.split_to(end));
                self.buffer.advance(2);
                self.stage = Stage::Content;
                Ok(Some(Step::Part(head)))
            }
            None if self.buffer.len() <= LONGEST_HEAD => Ok(None),
            _ => Err(MalformedForm::LongHead),
        }
    }

    fn content(&mut self) -> Option<Step> {
        match self.delimiter.find(&self.buffer) {
            Some(0) => {
                self.buffer.advance(self.delimiter.needle().len());
                self.stage = Stage::BehindBoundary;
                Some(Step::PartEnd)
            }
            Some(at) => Some(Step::Content(self.buffer.split_to(at).freeze())),
            None => match self.certain() {
                0 => None,
                certain => Some(Step::Content(self.buffer.split_to(certain).freeze())),
            },
        }
    }

    /// Number of bytes in the buffer that cannot be part of a boundary.
    fn certain(&self) -> usize {
        let delimiter = self.delimiter.needle();
        let from = self.buffer.len().saturating_sub(delimiter.len() - 1);
        let maybe = |at: &usize| delimiter.starts_with(&self.buffer[*at..]);
        (from..self.buffer.len()).find(maybe).unwrap_or(self.buffer.len())
    }
}

/// The parsed headers of a part.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Head {
    disposition: Parameters,
    content_type: Parameters,
    encoding: String,
}

impl Head {
    fn read(bytes: &[u8]) -> Self {
        let mut head = Self::default();
        for (name, value) in fields(bytes) {
            match name.as_str() {
                "content-disposition" => head.disposition = Parameters::read(&value),
                "content-type" => head.content_type = Parameters::read(&value),
                "content-transfer-encoding" => head.encoding = Parameters::read(&value).value().to_owned(),
                _ => {}
            }
        }
        if head.disposition.value() != "form-data" {
            head.disposition = Parameters::default();
        }
        head
    }

    /// Whether its field has this name, which must be ASCII.
    pub(in crate::http) fn is_of(&self, field: &str) -> bool {
        self.disposition.get("name") == Some(field.as_bytes())
    }

    /// The field's name.
    pub(in crate::http) fn field(&self, charset: Charset) -> String {
        disposition::plain(self.disposition.get("name").unwrap_or_default(), charset)
    }

    /// The file name, if the part is a file.
    pub(in crate::http) fn file_name(&self, charset: Charset) -> Option<String> {
        disposition::file_name(&self.disposition, charset)
    }

    /// Whether the part is a file with a name.
    pub(in crate::http) fn has_file(&self) -> bool {
        self.file_name(Charset::UTF_8).is_some_and(|name| !name.is_empty())
    }

    /// The charset that the part names for its text.
    ///
    /// # Errors
    /// `UNSUPPORTED_MEDIA_TYPE`.
    pub(in crate::http) fn charset(&self) -> Result<Option<Charset>, ApiError> {
        self.content_type.get("charset").map(Charset::labelled).transpose()
    }

    /// Refuses transfer encodings: forms send bytes unencoded (RFC 7578, 4.7), so base64 would be stored undecoded.
    ///
    /// # Errors
    /// `UNSUPPORTED_MEDIA_TYPE`.
    pub(in crate::http) fn sent_as_it_is(&self) -> Result<(), ApiError> {
        match self.encoding.as_str() {
            "" | "7bit" | "8bit" | "binary" => Ok(()),
            _ => Err(ApiError::new(ErrorCode::UnsupportedMediaType).because(Text::UnsupportedMediaType)),
        }
    }
}

/// Header names in lower case and their values; a line that begins with a space continues the previous one.
fn fields(head: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut fields: Vec<(String, Vec<u8>)> = vec![];
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line.first(), fields.last_mut()) {
            (Some(b' ' | b'\t'), Some((_, value))) => value.extend([b" ", line.trim_ascii()].concat()),
            _ => {
                if let Some(colon) = line.iter().position(|byte| *byte == b':') {
                    let name = String::from_utf8_lossy(&line[..colon]).trim().to_ascii_lowercase();
                    fields.push((name, line[colon + 1..].trim_ascii().to_vec()));
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests;
