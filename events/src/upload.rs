//! Events of a team's files: one stream per team, so that the quota is decided in one place and nothing else of the
//! team waits for it.

use crate::{BlobId, ContactId, GroupId, MessageId, Personal, TeamId, UploadId, value::UploadKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file was uploaded and stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Id of the file for clients.
    pub upload: UploadId,
    /// Team whose quota it counts against.
    pub team: TeamId,
    /// Contact that uploaded it.
    pub owner: ContactId,
    /// Blob with its bytes.
    pub blob: BlobId,
    /// File name as the client sent it: one line, without folders.
    pub name: Personal<String>,
    /// Size of the file in bytes, without previews.
    pub size: u64,
    /// Media type by content, never by the client's claim.
    pub content_type: String,
    /// Kind by which clients show it.
    pub kind: UploadKind,
    /// Whether it is an animated picture.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub animated: bool,
    /// Preview of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
}

/// Preview of a picture: a small version, and one of twice its size if the picture is large enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// Width of the small version in pixels.
    pub width: u32,
    /// Height of the small version in pixels.
    pub height: u32,
    /// Total bytes of both versions.
    pub size: u64,
}

impl Stored {
    /// Total bytes stored for the file.
    pub fn bytes(&self) -> u64 {
        self.size + self.preview.map_or(0, |preview| preview.size)
    }
}

/// Files were attached to a message: its readers may read them too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// Files that were not attached to it before.
    pub uploads: Vec<UploadId>,
    /// Message, which is posted after this event.
    pub message: MessageId,
}

/// Files were attached to a task: contacts that see the task may read them too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachedToTask {
    /// Files that were not attached to it before.
    pub uploads: Vec<UploadId>,
    /// Task, which names the files after this event.
    pub task: GroupId,
}

/// A file was removed by its owner; its bytes no longer count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// The file.
    pub upload: UploadId,
}
