//! Reads forms with a file that is too large for memory, piece by piece.

use super::{
    ApiError, RequestInfo,
    body::{declared, too_large},
    form::{Charset, Head, Splitter, Step, Texts, boundary, charset_of, content_type},
    request,
};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use protocol::{error::ErrorCode, lang::Text};
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

/// Maximum size of a form around its file, text fields included, in bytes.
const AROUND: u64 = 64 * 1024;

/// Time limits of a form. They cover the whole form: other fields and the end as well as the file.
#[derive(Clone, Copy, Debug)]
pub struct FormTimeouts {
    /// Maximum duration of the whole form.
    pub whole: Duration,
    /// Time before the rate is checked.
    pub grace: Duration,
    /// Minimum average rate after the grace time, in bytes per second; 0 = none.
    pub rate: u64,
}

impl FormTimeouts {
    /// The deadline for the next byte after `read` bytes.
    fn until(&self, read: u64) -> Duration {
        let earned = read
            .checked_div(self.rate)
            .map(|seconds| self.grace.saturating_add(Duration::from_secs(seconds)));
        earned.map_or(self.whole, |earned| earned.min(self.whole))
    }
}

/// An unread multipart form.
#[derive(Debug)]
pub struct FileForm {
    body: Body,
    boundary: Vec<u8>,
    charset: Option<Charset>,
    info: RequestInfo,
    declared: Option<u64>,
}

impl<S: Sync> FromRequest<S> for FileForm {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let content_type = content_type(&parts.headers);
        let boundary = boundary(&content_type).ok_or_else(|| {
            ApiError::new(ErrorCode::UnsupportedMediaType).because(Text::UnsupportedMediaType)
        })?;
        Ok(Self {
            boundary: boundary.to_owned(),
            charset: charset_of(&content_type)?,
            info: request::of(&parts.extensions)?,
            declared: declared(&parts.headers).map(|length| length as u64),
            body,
        })
    }
}

impl FileForm {
    /// Lower bound of the file's size in bytes, if the client sent the form's length; otherwise 0.
    pub fn at_least(&self) -> u64 {
        self.declared.map_or(0, |declared| declared.saturating_sub(AROUND))
    }

    /// Reads up to the file of a field. The file may have `max` bytes.
    ///
    /// # Errors
    /// `INVALID_DATA` if there is none, `REQUEST_TOO_LARGE`, `TIMEOUT`.
    pub async fn file(self, field: &str, max: u64, patience: FormTimeouts) -> Result<ArrivingFile, ApiError> {
        if self.at_least() > max {
            return Err(too_large(usize::try_from(max).unwrap_or(usize::MAX)));
        }
        let wire = Wire { body: self.body, info: self.info, patience, read: 0, most: max + 2 * AROUND };
        let mut form = Rest {
            wire,
            splitter: Splitter::new(&self.boundary),
            field: field.to_owned(),
            texts: Texts::default(),
            texts_read: 0,
        };
        let head = form.next_file().await?.ok_or_else(|| ApiError::field(field, Text::Required))?;
        Ok(ArrivingFile { head, form, charset: self.charset, max, read: 0 })
    }
}

/// The bytes of a form as they arrive.
#[derive(Debug)]
struct Wire {
    body: Body,
    info: RequestInfo,
    patience: FormTimeouts,
    read: u64,
    most: u64,
}

impl Wire {
    /// The next bytes, or `None` at the end of the body.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let deadline: Instant = self.info.started + self.patience.until(self.read);
            let frame = timeout_at(deadline.into(), self.body.frame()).await;
            let frame = frame.map_err(|_| ApiError::new(ErrorCode::Timeout).because(Text::FormTimedOut))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| ApiError::new(ErrorCode::BadRequest).caused_by(error))?;
            let Ok(bytes) = frame.into_data() else { continue };
            self.read += bytes.len() as u64;
            if self.read > self.most {
                return Err(too_large(usize::try_from(self.most).unwrap_or(usize::MAX)));
            }
            self.info.note_progress();
            return Ok(Some(bytes));
        }
    }
}

/// The unread rest of a form.
#[derive(Debug)]
struct Rest {
    wire: Wire,
    splitter: Splitter,
    /// The file's field.
    field: String,
    texts: Texts,
    texts_read: u64,
}

impl Rest {
    async fn step(&mut self) -> Result<Step, ApiError> {
        loop {
            match self.splitter.step()? {
                Step::More => match self.wire.next().await? {
                    Some(bytes) => self.splitter.push(&bytes),
                    None => self.splitter.finish(),
                },
                step => return Ok(step),
            }
        }
    }

    /// Reads up to the next file of the field, and keeps the text fields before it. `None` at the end of the form.
    async fn next_file(&mut self) -> Result<Option<Head>, ApiError> {
        // Files of other fields, and the field without a file, are skipped.
        let mut text = None;
        loop {
            match self.step().await? {
                Step::Part(head) => {
                    head.sent_as_it_is()?;
                    let is_file = head.file_name(Charset::UTF_8).is_some();
                    match head.is_of(&self.field) {
                        true if head.has_file() => return Ok(Some(head)),
                        of_field => text = (!of_field && !is_file).then(|| (head, vec![])),
                    }
                }
                Step::Content(piece) => {
                    if let Some((head, text)) = &mut text {
                        self.texts_read += piece.len() as u64;
                        if self.texts_read > AROUND {
                            let max = usize::try_from(AROUND).unwrap_or(usize::MAX);
                            return Err(ApiError::field(head.field(Charset::UTF_8), Text::TooLarge { max }));
                        }
                        text.extend_from_slice(&piece);
                    }
                }
                Step::PartEnd => {
                    if let Some((head, text)) = text.take() {
                        self.texts.add_part(head, text)?;
                    }
                }
                Step::End | Step::More => return Ok(None),
            }
        }
    }
}

/// A file that is being received.
#[derive(Debug)]
pub struct ArrivingFile {
    head: Head,
    form: Rest,
    charset: Option<Charset>,
    max: u64,
    read: u64,
}

/// The file name and the text fields of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormFields {
    /// The file name that the client sent; never used as a path.
    pub file_name: String,
    /// The text fields, in their order.
    pub texts: Vec<(String, String)>,
}

impl ArrivingFile {
    /// Its next piece, or `None` at its end.
    ///
    /// # Errors
    /// `REQUEST_TOO_LARGE`, `TIMEOUT`, or `INVALID_DATA` if the form ends early.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, ApiError> {
        let Step::Content(piece) = self.form.step().await? else { return Ok(None) };
        self.read += piece.len() as u64;
        if self.read > self.max {
            return Err(too_large(usize::try_from(self.max).unwrap_or(usize::MAX)));
        }
        Ok(Some(piece))
    }

    /// Reads the rest of the form after the last piece, and returns its text fields.
    ///
    /// # Errors
    /// `INVALID_DATA` if the form ends early, if its text fields are too large, or if it has another file;
    /// `TIMEOUT`; `UNSUPPORTED_MEDIA_TYPE` for an unknown charset.
    pub async fn end(self) -> Result<FormFields, ApiError> {
        let Self { mut form, head, charset, .. } = self;
        if form.next_file().await?.is_some() {
            return Err(ApiError::field(&form.field, Text::TooMany { max: 1 }));
        }
        let file_name = head.file_name(form.texts.charset(charset)?).unwrap_or_default();
        Ok(FormFields { file_name, texts: form.texts.read(charset)? })
    }
}

#[cfg(test)]
mod tests;
