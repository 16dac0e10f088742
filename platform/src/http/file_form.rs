//! Forms with a file that is too large for memory: read piece by piece, from the wire to wherever the pieces go.

use super::{
    ApiError, RequestInfo,
    body::{declared, too_large},
    form::bad_form,
    request,
};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use multer::{Constraints, Field, Multipart, SizeLimit};
use protocol::{error::ErrorCode, lang::Text};
use std::time::Duration;

/// What a form may have around its file, its texts among it.
const AROUND: u64 = 64 * 1024;
/// Most texts of one form.
const MOST_TEXTS: usize = 64;

/// A multipart form, nothing of which is read yet.
#[derive(Debug)]
pub struct FileForm {
    body: Body,
    boundary: String,
    info: RequestInfo,
    declared: Option<u64>,
}

impl<S: Sync> FromRequest<S> for FileForm {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let unread = |_| ApiError::new(ErrorCode::UnsupportedMediaType).because(Text::UnsupportedMediaType);
        Ok(Self {
            boundary: multer::parse_boundary(content_type.unwrap_or_default()).map_err(unread)?,
            info: request::of(&parts.extensions)?,
            declared: declared(&parts.headers).map(|length| length as u64),
            body,
        })
    }
}

impl FileForm {
    /// Bytes that the file has at least, if the client said how long the form is.
    pub fn at_least(&self) -> u64 {
        self.declared.map_or(0, |declared| declared.saturating_sub(AROUND))
    }

    /// Goes to the file of a field. It may have `max` bytes, and take `patience` in all.
    ///
    /// # Errors
    /// `INVALID_DATA` when there is none, `REQUEST_TOO_LARGE`, `TIMEOUT`.
    pub async fn file(self, field: &str, max: u64, patience: Duration) -> Result<ArrivingFile, ApiError> {
        let limit = usize::try_from(max).unwrap_or(usize::MAX);
        if self.at_least() > max {
            return Err(too_large(limit));
        }
        let whole = SizeLimit::new().whole_stream(max + 2 * AROUND);
        let constraints = Constraints::new().size_limit(whole);
        let mut parts = Multipart::with_constraints(self.body.into_data_stream(), self.boundary, constraints);
        let mut texts = Texts { field: field.to_owned(), ..Texts::default() };
        while let Some(part) = parts.next_field().await.map_err(bad_form)? {
            if let Some(file_name) = texts.file_name(&part) {
                let (info, read) = (self.info, 0);
                return Ok(ArrivingFile { file_name, texts, parts, part, info, max, patience, read });
            }
            texts.take(part).await?;
            self.info.note_progress();
        }
        Err(ApiError::field(field, Text::Required))
    }
}

/// The texts of a form, in their order.
#[derive(Debug, Default)]
struct Texts {
    /// The file's field.
    field: String,
    fields: Vec<(String, String)>,
    read: u64,
}

impl Texts {
    /// The name of the file that a part brings, if it is of the file's field.
    fn file_name(&self, part: &Field<'_>) -> Option<String> {
        let named = part.file_name().filter(|name| !name.is_empty());
        named.filter(|_| part.name() == Some(&self.field)).map(str::to_owned)
    }

    /// Keeps a part that is a text. Files of other fields, and a file's field without one, are of no interest.
    async fn take(&mut self, mut part: Field<'_>) -> Result<(), ApiError> {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() || name == self.field {
            return Ok(());
        }
        let limit = usize::try_from(AROUND).unwrap_or(usize::MAX);
        if self.fields.len() == MOST_TEXTS {
            return Err(ApiError::field("body", Text::TooMany { max: MOST_TEXTS }));
        }
        let mut bytes = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(bad_form)? {
            self.read += piece.len() as u64;
            if self.read > AROUND {
                return Err(ApiError::field(&name, Text::TooLarge { max: limit }));
            }
            bytes.extend_from_slice(&piece);
        }
        let text = String::from_utf8(bytes).map_err(|_| ApiError::field(&name, Text::BadCharacters))?;
        self.fields.push((name, text));
        Ok(())
    }
}

/// A file on its way in.
#[derive(Debug)]
pub struct ArrivingFile {
    /// The file's name as the client calls it: never a path of ours.
    pub file_name: String,
    texts: Texts,
    parts: Multipart<'static>,
    part: Field<'static>,
    info: RequestInfo,
    max: u64,
    patience: Duration,
    read: u64,
}

impl ArrivingFile {
    /// Its next piece.
    ///
    /// # Errors
    /// `REQUEST_TOO_LARGE`, `TIMEOUT`, `INVALID_DATA` when the form breaks off.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, ApiError> {
        let Some(piece) = self.part.chunk().await.map_err(bad_form)? else { return Ok(None) };
        self.read += piece.len() as u64;
        if self.read > self.max {
            return Err(too_large(usize::try_from(self.max).unwrap_or(usize::MAX)));
        }
        if self.info.started.elapsed() > self.patience {
            return Err(ApiError::new(ErrorCode::Timeout).because(Text::TookTooLong));
        }
        self.info.note_progress();
        Ok(Some(piece))
    }

    /// The end of the form, once all pieces are read, and the texts that it brought before and behind the file, in their
    /// order.
    ///
    /// # Errors
    /// `INVALID_DATA` when the form breaks off, when its texts are too large, or when it brings another file.
    pub async fn end(self) -> Result<Vec<(String, String)>, ApiError> {
        let Self { mut parts, part, info, mut texts, .. } = self;
        drop(part);
        while let Some(part) = parts.next_field().await.map_err(bad_form)? {
            if texts.file_name(&part).is_some() {
                return Err(ApiError::field(&texts.field, Text::TooMany { max: 1 }));
            }
            texts.take(part).await?;
            info.note_progress();
        }
        info.note_progress();
        Ok(texts.fields)
    }
}
