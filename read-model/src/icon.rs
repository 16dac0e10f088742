//! Addresses of pictures: drawn stubs and stored ones (`protocol.md` 6, items 68 to 72).

use crate::ReadModel;
use domain::icon::{colour, letters};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::icon::{IconData, SingleIcon};
use uuid::Uuid;

/// Side of the small size, px.
pub const SMALL: u32 = 256;

/// A stored picture.
#[derive(Clone, Copy, Debug)]
pub struct StoredIcon {
    /// Names the files.
    pub blob: Uuid,
    /// px
    pub width: u32,
    /// px
    pub height: u32,
}

impl ReadModel {
    /// `{base}/u/{colour}/{letters}/256.png`
    pub fn stub(&self, created: i16, display_name: &str) -> IconData {
        let letters = letters(display_name);
        let letters = utf8_percent_encode(&letters, NON_ALPHANUMERIC);
        let colour = colour(created.unsigned_abs().into());
        IconData { stub: Some(format!("{}/u/{colour}/{letters}/256.png", self.base_url)), lg: None, sm: None }
    }

    /// `{base}/u/{32 hex digits}/p/{1x,256}.jpg`
    pub fn picture(&self, icon: StoredIcon) -> IconData {
        let url = |file| format!("{}/u/{}/p/{file}.jpg", self.base_url, icon.blob.simple());
        IconData {
            stub: None,
            lg: Some(SingleIcon { url: url("1x"), width: icon.width, height: icon.height }),
            sm: Some(SingleIcon { url: url("256"), width: SMALL, height: SMALL }),
        }
    }
}
