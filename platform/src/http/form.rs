//! Reads forms, urlencoded or multipart: posted messages and uploaded pictures.

use super::{ApiError, body};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use futures::stream;
use http::header::CONTENT_TYPE;
use multer::{Constraints, Multipart};
use protocol::{error::ErrorCode, lang::Text};
use std::{collections::BTreeMap, convert::Infallible};

/// Most parts of one form.
const MOST_PARTS: usize = 64;

/// A form within the route's body limit.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Text fields by name; of a repeated name the last one counts.
    pub fields: BTreeMap<String, String>,
    /// Parts that carry a file name, in their order.
    pub files: Vec<FilePart>,
}

/// One file of a form.
#[derive(Clone, Debug)]
pub struct FilePart {
    /// The field's name.
    pub field: String,
    /// The file's name as the client calls it: never a path of ours.
    pub file_name: String,
    /// What the client says it is: a claim.
    pub content_type: Option<String>,
    /// Its content.
    pub bytes: Bytes,
}

impl Form {
    /// The file of a field.
    pub fn file(&self, field: &str) -> Option<&FilePart> {
        self.files.iter().find(|file| file.field == field)
    }

    /// The text of a field.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        if let Ok(boundary) = multer::parse_boundary(&content_type) {
            return multipart(body::read(request).await?, boundary).await;
        }
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return urlencoded(&body::read(request).await?);
        }
        Err(ApiError::new(ErrorCode::UnsupportedMediaType).because(Text::UnsupportedMediaType))
    }
}

fn urlencoded(bytes: &[u8]) -> Result<Form, ApiError> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes).map_err(bad_form)?;
    if pairs.len() > MOST_PARTS {
        return Err(ApiError::field("body", Text::TooMany { max: MOST_PARTS }));
    }
    Ok(Form { fields: pairs.into_iter().collect(), files: Vec::new() })
}

async fn multipart(bytes: Bytes, boundary: String) -> Result<Form, ApiError> {
    let whole = stream::iter([Ok::<_, Infallible>(bytes)]);
    let mut parts = Multipart::with_constraints(whole, boundary, Constraints::new());
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(bad_form)? {
        if form.fields.len() + form.files.len() == MOST_PARTS {
            return Err(ApiError::field("body", Text::TooMany { max: MOST_PARTS }));
        }
        let field = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file_name) => {
                let content_type = part.content_type().map(ToString::to_string);
                let bytes = part.bytes().await.map_err(bad_form)?;
                form.files.push(FilePart { field, file_name, content_type, bytes });
            }
            None => {
                let text = part.text().await.map_err(bad_form)?;
                form.fields.insert(field, text);
            }
        }
    }
    Ok(form)
}

pub(super) fn bad_form(error: impl std::error::Error + Send + Sync + 'static) -> ApiError {
    ApiError::field("body", Text::BadForm).because(Text::BadForm).caused_by(error)
}
