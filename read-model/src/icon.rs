//! Addresses of pictures: drawn placeholders and stored ones (`docs/acceptance.md`, items 68 to 72).

use crate::ReadModel;
use domain::icon::{colour, letters};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::icon::{IconData, SingleIcon};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// Side of the small size in pixels.
pub const SMALL: u32 = 256;

/// File name of the full size of a picture.
pub const LARGE_FILE: &str = "1x.jpg";
/// File name of the small size of a picture.
pub const SMALL_FILE: &str = "256.jpg";

/// A stored picture.
#[derive(Clone, Copy, Debug)]
pub struct StoredIcon {
    /// The blob with the files.
    pub blob: Uuid,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl StoredIcon {
    /// The picture of a row, given its columns for the blob, the width and the height.
    pub(crate) fn of(row: &PgRow, [blob, width, height]: [&str; 3]) -> Option<Self> {
        let side = |name| row.get::<Option<i32>, _>(name).unwrap_or(0).unsigned_abs();
        let blob = row.get::<Option<Uuid>, _>(blob)?;
        Some(Self { blob, width: side(width), height: side(height) })
    }
}

/// Addresses of pictures.
#[derive(Clone, Copy, Debug)]
pub struct Icons<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Addresses of pictures.
    pub fn icons(&self) -> Icons<'_> {
        Icons(self)
    }
}

impl Icons<'_> {
    /// A stored picture, or else a placeholder.
    pub(crate) fn icon(self, stored: Option<StoredIcon>, created: i16, display_name: &str) -> IconData {
        match stored {
            Some(icon) => self.picture(icon),
            None => self.stub(created, display_name),
        }
    }

    /// `{base}/u/{colour}/{letters}/256.png`
    pub fn stub(self, created: i16, display_name: &str) -> IconData {
        let letters = letters(display_name);
        let letters = utf8_percent_encode(&letters, NON_ALPHANUMERIC);
        let colour = colour(created.unsigned_abs().into());
        IconData {
            stub: Some(format!("{}/u/{colour}/{letters}/256.png", self.0.base_url)),
            lg: None,
            sm: None,
        }
    }

    /// `{base}/u/{32 hex digits}/p/{file}`
    pub fn picture(self, icon: StoredIcon) -> IconData {
        let url = |file| format!("{}/u/{}/p/{file}", self.0.base_url, icon.blob.simple());
        IconData {
            stub: None,
            lg: Some(SingleIcon { url: url(LARGE_FILE), width: icon.width, height: icon.height }),
            sm: Some(SingleIcon { url: url(SMALL_FILE), width: SMALL, height: SMALL }),
        }
    }
}
