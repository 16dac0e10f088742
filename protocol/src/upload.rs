//! Uploaded files: what clients see, and the form without a base address that rows keep.

use crate::Timestamp;
use chrono::{DateTime, Utc};
use events::{TeamId, UploadId, value::UploadKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The media type of PDF: a kind of its own in messages.
pub const PDF: &str = "application/pdf";

/// An uploaded file. Its addresses open to its owner and to who may read a message or sees a task that brings it, with
/// their token or cookie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// A picture that moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub animated: Option<bool>,
    /// By its content.
    pub content_type: String,
    /// When it was uploaded.
    pub created: Timestamp,
    /// Its name.
    pub name: String,
    /// Of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preview: Option<UploadPreview>,
    /// Bytes.
    pub size: u64,
    /// `file`, `image`, `video`, `audio` or `imagefile`: a picture without a preview.
    #[serde(rename = "type")]
    pub kind: String,
    /// The file.
    pub uid: Uuid,
    /// Absolute address of its content.
    pub url: String,
}

/// A picture made small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadPreview {
    /// px
    pub height: u32,
    /// Absolute address.
    pub url: String,
    /// Absolute address of one with twice the pixels each way, where the picture has so many.
    pub url_2x: String,
    /// px
    pub width: u32,
}

/// An uploaded file as rows and the feed keep it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UploadRecord {
    /// The file.
    pub id: UploadId,
    /// When it was uploaded.
    pub created: DateTime<Utc>,
    /// Bytes.
    pub size: u64,
    /// Its name.
    pub name: String,
    /// By its content.
    pub content_type: String,
    /// What it is.
    pub kind: UploadKind,
    /// A picture that moves.
    pub animated: bool,
    /// Width and height of the preview, px.
    pub preview: Option<(u32, u32)>,
}

impl UploadRecord {
    /// The file with its addresses.
    pub fn shown(&self, team: TeamId, base_url: &str) -> Upload {
        let url = |what| format!("{base_url}/api/v4/teams/{team}/uploads/{}/{what}", self.id);
        Upload {
            animated: self.animated.then_some(true),
            content_type: self.content_type.clone(),
            created: self.created.into(),
            name: self.name.clone(),
            preview: self.preview.map(|(width, height)| UploadPreview {
                height,
                url: url("preview"),
                url_2x: url("preview_2x"),
                width,
            }),
            size: self.size,
            kind: self.kind.word().to_owned(),
            uid: self.id.0,
            url: url("file"),
        }
    }

    /// The type of a message that brings this file alone.
    pub fn message_type(&self) -> &'static str {
        match self.kind {
            UploadKind::Image => "image",
            UploadKind::Video => "video",
            UploadKind::Audio => "audiomsg",
            UploadKind::File if self.content_type == PDF => "pdf",
            UploadKind::File | UploadKind::ImageFile => "file",
        }
    }
}
