//! Uploaded files: the view for clients, and the stored form, which has no base address.

use crate::Timestamp;
use chrono::{DateTime, Utc};
use events::{TeamId, UploadId, value::UploadKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Media type of PDF files, a content type of its own in messages.
pub const PDF: &str = "application/pdf";

/// An uploaded file. Its addresses require a token or cookie of the file's owner, or of someone who may read a
/// message or task with the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// The image is animated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub animated: Option<bool>,
    /// Media type, detected from the content.
    pub content_type: String,
    /// Time of the upload.
    pub created: Timestamp,
    /// Name of the file.
    pub name: String,
    /// Preview; present on images only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preview: Option<UploadPreview>,
    /// Size in bytes.
    pub size: u64,
    /// Kind of the file: `file`, `image`, `video`, `audio`, or `imagefile` for an image without a preview.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id of the file.
    pub uid: Uuid,
    /// Absolute address of the content.
    pub url: String,
}

/// A reduced image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadPreview {
    /// Height in pixels.
    pub height: u32,
    /// Absolute address of the preview.
    pub url: String,
    /// Absolute address of a preview with twice the resolution, as far as the original has it.
    pub url_2x: String,
    /// Width in pixels.
    pub width: u32,
}

/// An uploaded file as the read model and the feed store it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UploadRecord {
    /// Id of the file.
    pub id: UploadId,
    /// Time of the upload.
    pub created: DateTime<Utc>,
    /// Size in bytes.
    pub size: u64,
    /// Name of the file.
    pub name: String,
    /// Media type, detected from the content.
    pub content_type: String,
    /// Kind of the file.
    pub kind: UploadKind,
    /// The image is animated.
    pub animated: bool,
    /// Width and height of the preview in pixels.
    pub preview: Option<(u32, u32)>,
}

impl UploadRecord {
    /// The file as clients see it, with absolute addresses.
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

    /// The content type of a message with this file alone.
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
