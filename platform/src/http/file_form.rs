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

/// What a form may have around its file.
const AROUND: u64 = 64 * 1024;

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
        while let Some(part) = parts.next_field().await.map_err(bad_form)? {
            let file_name = part.file_name().filter(|name| !name.is_empty()).map(str::to_owned);
            if let Some(file_name) = file_name.filter(|_| part.name() == Some(field)) {
                let (info, read) = (self.info, 0);
                return Ok(ArrivingFile { file_name, parts, part, info, max, patience, read });
            }
            self.info.note_progress();
        }
        Err(ApiError::field(field, Text::Required))
    }
}

/// A file on its way in.
#[derive(Debug)]
pub struct ArrivingFile {
    /// The file's name as the client calls it: never a path of ours.
    pub file_name: String,
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

    /// The end of the form, once all pieces are read: what comes behind the file is of no interest, but must come.
    ///
    /// # Errors
    /// `INVALID_DATA` when the form breaks off.
    pub async fn end(self) -> Result<(), ApiError> {
        let Self { mut parts, part, info, .. } = self;
        drop(part);
        while parts.next_field().await.map_err(bad_form)?.is_some() {
            info.note_progress();
        }
        info.note_progress();
        Ok(())
    }
}
