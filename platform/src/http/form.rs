//! Reads forms of text fields, urlencoded or multipart. [`super::FileForm`] reads forms with a file.
//!
//! The charset of a text field is that of its part's `Content-Type`, otherwise of the field `_charset_` (HTML, RFC
//! 7578, 4.6), otherwise of the form's `Content-Type`, otherwise UTF-8.

mod charset;
mod disposition;
mod parameters;
mod parts;

pub(super) use charset::Charset;
pub(super) use parameters::Parameters;
pub(super) use parts::{Head, Splitter, Step, boundary};

use super::{ApiError, body};
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header::CONTENT_TYPE};
use percent_encoding::percent_decode;
use protocol::{error::ErrorCode, lang::Text};
use std::collections::BTreeMap;

/// Maximum number of parts of a form.
const MOST_PARTS: usize = 64;
/// The field that names the charset of the others.
const CHARSET: &str = "_charset_";

/// A form within the route's body limit. Its files are ignored.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Text fields by name; the last one of a repeated name counts.
    pub fields: BTreeMap<String, String>,
}

impl Form {
    /// The text of a field.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let content_type = content_type(request.headers());
        let charset = charset_of(&content_type)?;
        let texts = if let Some(boundary) = boundary(&content_type) {
            multipart(&body::read(request).await?, boundary)?
        } else if content_type.value() == "application/x-www-form-urlencoded" {
            urlencoded(&body::read(request).await?)?
        } else {
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType).because(Text::UnsupportedMediaType));
        };
        Ok(Self { fields: texts.read(charset)?.into_iter().collect() })
    }
}

/// The parsed `Content-Type` of a request.
pub(super) fn content_type(headers: &HeaderMap) -> Parameters {
    headers.get(CONTENT_TYPE).map(|value| Parameters::read(value.as_bytes())).unwrap_or_default()
}

/// The charset that a form's `Content-Type` names.
pub(super) fn charset_of(content_type: &Parameters) -> Result<Option<Charset>, ApiError> {
    content_type.get("charset").map(Charset::labelled).transpose()
}

/// Undecoded text fields, in their order: their charset is known only at the end of the form.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<(Name, Vec<u8>)>);

#[derive(Debug)]
enum Name {
    Part(Head),
    Bytes(Vec<u8>),
}

impl Texts {
    /// Adds the text of a part.
    ///
    /// # Errors
    /// `INVALID_DATA` if there are too many.
    pub(super) fn add_part(&mut self, head: Head, text: Vec<u8>) -> Result<(), ApiError> {
        self.add(Name::Part(head), text)
    }

    fn add(&mut self, name: Name, text: Vec<u8>) -> Result<(), ApiError> {
        if self.0.len() == MOST_PARTS {
            return Err(ApiError::field("body", Text::TooMany { max: MOST_PARTS }));
        }
        self.0.push((name, text));
        Ok(())
    }

    /// The charset of the whole form.
    ///
    /// # Errors
    /// `UNSUPPORTED_MEDIA_TYPE`.
    pub(super) fn charset(&self, of_form: Option<Charset>) -> Result<Charset, ApiError> {
        let said = self.0.iter().find(|(name, text)| name.is_of(CHARSET) && !text.is_empty());
        let said = said.map(|(_, label)| Charset::labelled(label)).transpose()?;
        Ok(said.or(of_form).unwrap_or(Charset::UTF_8))
    }

    /// Decodes names and texts.
    ///
    /// # Errors
    /// `UNSUPPORTED_MEDIA_TYPE`; `INVALID_DATA` for bytes that are not text.
    pub(super) fn read(self, of_form: Option<Charset>) -> Result<Vec<(String, String)>, ApiError> {
        let charset = self.charset(of_form)?;
        let texts = self.0.into_iter().filter(|(name, _)| !name.is_of(CHARSET));
        texts
            .map(|(name, text)| {
                let (name, own) = name.read(charset)?;
                let text = own.unwrap_or(charset).text(&text);
                let text = text.ok_or_else(|| ApiError::field(&name, Text::BadCharacters))?;
                Ok((name, text))
            })
            .collect()
    }
}

impl Name {
    fn is_of(&self, field: &str) -> bool {
        match self {
            Self::Part(head) => head.is_of(field),
            Self::Bytes(name) => name == field.as_bytes(),
        }
    }

    /// The name, and the charset that a part names for its text.
    fn read(&self, charset: Charset) -> Result<(String, Option<Charset>), ApiError> {
        match self {
            Self::Part(head) => Ok((head.field(charset), head.charset()?)),
            Self::Bytes(name) => {
                let name = charset.text(name).ok_or_else(|| ApiError::field("body", Text::BadCharacters))?;
                Ok((name, None))
            }
        }
    }
}

fn urlencoded(bytes: &[u8]) -> Result<Texts, ApiError> {
    let plain = |text: &[u8]| -> Vec<u8> {
        let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&spaced).collect()
    };
    let mut texts = Texts::default();
    for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let text = plain(pair.get(equals + 1..).unwrap_or_default());
        texts.add(Name::Bytes(plain(&pair[..equals])), text)?;
    }
    Ok(texts)
}

fn multipart(bytes: &[u8], boundary: &[u8]) -> Result<Texts, ApiError> {
    let mut splitter = Splitter::new(boundary);
    splitter.push(bytes);
    splitter.finish();
    let (mut texts, mut part, mut parts) = (Texts::default(), None, 0);
    loop {
        match splitter.step()? {
            Step::Part(head) => {
                parts += 1;
                if parts > MOST_PARTS {
                    return Err(ApiError::field("body", Text::TooMany { max: MOST_PARTS }));
                }
                head.sent_as_it_is()?;
                part = head.file_name(Charset::UTF_8).is_none().then(|| (head, vec![]));
            }
            Step::Content(piece) => {
                if let Some((_, text)) = &mut part {
                    text.extend(piece);
                }
            }
            Step::PartEnd => {
                if let Some((head, text)) = part.take() {
                    texts.add_part(head, text)?;
                }
            }
            // All bytes are present, so no more can arrive.
            Step::More | Step::End => return Ok(texts),
        }
    }
}

fn bad_form(error: impl std::error::Error + Send + Sync + 'static) -> ApiError {
    ApiError::field("body", Text::BadForm).because(Text::BadForm).caused_by(error)
}
