//! Facts about the files of a team: kept in one stream a team, so that its quota is decided on in one place and nothing
//! else of the team waits for it.

use crate::{BlobId, ContactId, GroupId, MessageId, Personal, TeamId, UploadId, value::UploadKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file was uploaded, and is stored whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// The file as clients know it.
    pub upload: UploadId,
    /// Whose quota it counts against.
    pub team: TeamId,
    /// Who uploaded it.
    pub owner: ContactId,
    /// Where it is stored.
    pub blob: BlobId,
    /// Its name as the client calls it, one line without folders.
    pub name: Personal<String>,
    /// Bytes of the file itself.
    pub size: u64,
    /// What it is by its content, never by what the client says.
    pub content_type: String,
    /// The sort of thing it is.
    pub kind: UploadKind,
    /// A picture that moves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub animated: bool,
    /// What was made of a picture to be shown small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
}

/// A picture made small, and once more at twice that size where the picture has so many pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// Width of the small one, px.
    pub width: u32,
    /// Height of the small one, px.
    pub height: u32,
    /// Bytes of both.
    pub size: u64,
}

impl Stored {
    /// All bytes that are stored for it.
    pub fn bytes(&self) -> u64 {
        self.size + self.preview.map_or(0, |preview| preview.size)
    }
}

/// Files are used by a message: its readers may read them too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// The files that were not used by it before.
    pub uploads: Vec<UploadId>,
    /// The message, which is posted after this.
    pub message: MessageId,
}

/// Files are used by a task: whoever sees the task may read them too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachedToTask {
    /// The files that were not used by it before.
    pub uploads: Vec<UploadId>,
    /// The task, which names them after this.
    pub task: GroupId,
}

/// A file was removed by its owner; its bytes are free again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// The file.
    pub upload: UploadId,
}
