//! `GET /api/v4/teams/{team_uid}/uploads/{upload_uid}`, `…/file`, `…/preview`, `…/preview_2x`
//!
//! A file is shown to its uploader, and to contacts who may read a message or see a task with this file. Browsers run no script
//! of it: everything but pictures, videos and sounds is an attachment, and all content is sandboxed.

use crate::Queries;
use access::{Fresh, TeamView, not_found};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use events::{BlobId, UploadId, value::UploadKind};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, VARY,
    },
};
use media::blobs::Content;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use platform::http::{ApiError, Bare, Params, RangeRequest, Reply, not_modified, requested_range};
use protocol::{
    envelope::Success,
    upload::{Upload, UploadRecord},
};
use read_model::upload::{FILE, PREVIEW, PREVIEW_2X};
use serde::Deserialize;
use uuid::Uuid;

const JPEG: &str = "image/jpeg";
/// Access may be revoked, so a cached copy is revalidated on each use.
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
const BY_CREDENTIALS: HeaderValue = HeaderValue::from_static("Token, Cookie");
/// Characters that RFC 8187 leaves unencoded.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    upload_uid: Uuid,
}

#[derive(Debug, Deserialize)]
pub(super) struct ContentPath {
    upload_uid: Uuid,
    rendition: String,
}

/// Show an uploaded file
///
/// Name, type and size; for files that the caller may read.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/uploads/{upload_uid}", tag = "uploads",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("upload_uid" = String, Path, description = "Uid of the file")),
    responses((status = 200, body = Success<Upload>)))]
pub(super) async fn show_upload(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Upload>, ApiError> {
    let (upload, _) = found(&scope, path.upload_uid).await?;
    Ok(Reply::new(upload.shown(scope.team, scope.read.base_url())).at(scope.position(fresh)))
}

/// Download an uploaded file or its preview
///
/// The whole content or one range of it; previews are JPEG.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/uploads/{upload_uid}/{rendition}", tag = "uploads",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("upload_uid" = String, Path, description = "Uid of the file"),
        ("rendition" = String, Path, description = "`file`, `preview` or `preview_2x`")),
    responses((status = 200, body = Vec<u8>, content_type = "*/*"), (status = 206, body = Vec<u8>, content_type = "*/*"),
        (status = 304, description = "The client's copy is current"), (status = 416, description = "The range is outside the content")))]
pub(super) async fn download_upload(
    State(queries): State<Queries>,
    _fresh: Fresh,
    scope: TeamView,
    Params(path): Params<ContentPath>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (upload, blob) = found(&scope, path.upload_uid).await?;
    let name = match path.rendition.as_str() {
        "file" => FILE,
        "preview" if upload.preview.is_some() => PREVIEW,
        "preview_2x" if upload.preview.is_some() => PREVIEW_2X,
        _ => return Err(not_found()),
    };
    let etag = format!("\"{}-{}\"", blob.0.simple(), path.rendition);
    if not_modified(&headers, &etag) {
        let headers = described(&upload, name, &etag)?;
        return Ok(Bare((StatusCode::NOT_MODIFIED, headers)).into_response());
    }
    let content = queries.blobs.open(blob, name).await.map_err(ApiError::unavailable)?;
    // The file is in the log, so a missing content is a fault of the store, except in the past: the file may have been removed since.
    let content = content.ok_or_else(|| match scope.is_past() {
        true => not_found(),
        false => ApiError::unavailable("a file of the log is missing in the blob store"),
    })?;
    let wanted = requested_range(&method, &headers, &etag, content.size());
    Ok(Bare(respond(content, wanted, described(&upload, name, &etag)?)).into_response())
}

async fn found(scope: &TeamView, upload: Uuid) -> Result<(UploadRecord, BlobId), ApiError> {
    let found = scope.read.uploads().find(scope, UploadId(upload)).await;
    found?.ok_or_else(not_found)
}

fn respond(content: Content, wanted: RangeRequest, mut headers: HeaderMap) -> Response {
    let size = content.size();
    let (status, range) = match wanted {
        RangeRequest::Whole => (StatusCode::OK, 0..size),
        RangeRequest::Part(range) => {
            let value = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            headers.extend(HeaderValue::try_from(value).map(|value| (CONTENT_RANGE, value)));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        RangeRequest::Unsatisfiable => {
            headers
                .extend(HeaderValue::try_from(format!("bytes */{size}")).map(|value| (CONTENT_RANGE, value)));
            headers.remove(CONTENT_TYPE);
            return (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response();
        }
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    (status, headers, Body::from_stream(content.pieces(range))).into_response()
}

/// The headers of a content without its length.
fn described(upload: &UploadRecord, name: &str, etag: &str) -> Result<HeaderMap, ApiError> {
    let (content_type, disposition) = match name {
        FILE => (upload.content_type.as_str(), disposition(upload)),
        _ => (JPEG, "inline".to_owned()),
    };
    let value = |text: &str| HeaderValue::try_from(text).map_err(ApiError::internal);
    let all: [(HeaderName, HeaderValue); 7] = [
        (CONTENT_TYPE, value(content_type)?),
        (CONTENT_DISPOSITION, value(&disposition)?),
        (ETAG, value(etag)?),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (CACHE_CONTROL, REVALIDATE),
        (CONTENT_SECURITY_POLICY, SANDBOX),
        (VARY, BY_CREDENTIALS),
    ];
    Ok(HeaderMap::from_iter(all))
}

/// `Content-Disposition` (RFC 6266) with the name in ASCII for old browsers, and encoded for the others.
fn disposition(upload: &UploadRecord) -> String {
    let inline = match upload.kind {
        UploadKind::Image | UploadKind::Video | UploadKind::Audio => "inline",
        UploadKind::File | UploadKind::ImageFile => "attachment",
    };
    let plain = |c: char| if c.is_ascii_graphic() && !"\"\\%;".contains(c) || c == ' ' { c } else { '_' };
    let ascii: String = upload.name.chars().map(plain).collect();
    let whole = utf8_percent_encode(&upload.name, PLAIN);
    format!("{inline}; filename=\"{ascii}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn disposition_of_a_hostile_name_stays_one_header() {
        let mut upload = UploadRecord {
            id: UploadId(Uuid::nil()),
            created: Default::default(),
            size: 1,
            name: "Отчёт \"1\"; x=y%0a.html".into(),
            content_type: "text/plain; charset=utf-8".into(),
            kind: UploadKind::File,
            animated: false,
            preview: None,
        };
        let value = disposition(&upload);
        assert!(
            value.starts_with("attachment; filename=\"_____ _1__ x=y_0a.html\"; filename*=UTF-8''%D0%9E")
        );
        assert!(value.ends_with("%20%221%22%3B%20x%3Dy%250a.html"), "{value}");
        assert!(HeaderValue::try_from(value).is_ok());
        upload.kind = UploadKind::Image;
        assert!(disposition(&upload).starts_with("inline; "));
    }
}
