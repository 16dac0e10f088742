//! Detects the type of a file from its content; its name and declared type are ignored.
//!
//! Text is `text/plain` whatever it contains: no file gets a type that a browser would execute.

use events::value::UploadKind::{self, Audio, File, Image, ImageFile, Video};
use memchr::memmem;

/// Number of bytes at the start of a file that determine its type.
pub const HEAD: usize = 8 * 1024;

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    /// The media type.
    pub content_type: &'static str,
    /// The kind of file. [`UploadKind::Image`] means that previews may be attempted.
    pub kind: UploadKind,
}

impl Media {
    /// An unknown type: offered for download, never displayed.
    pub const OPAQUE: Self = media("application/octet-stream", File);
}

/// Whether a file name has the extension of a known picture format.
pub fn is_called_picture(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| {
        ["jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "tif", "tiff", "heic", "heif", "avif"]
            .contains(&ending.as_str())
    })
}

const fn media(content_type: &'static str, kind: UploadKind) -> Media {
    Media { content_type, kind }
}

/// Signatures that determine the type alone.
const BEGINNINGS: [(&[u8], Media); 22] = [
    (b"\xff\xd8\xff", media("image/jpeg", Image)),
    (b"\x89PNG\r\n\x1a\n", media("image/png", Image)),
    (b"GIF87a", media("image/gif", Image)),
    (b"GIF89a", media("image/gif", Image)),
    (b"II*\0", media("image/tiff", ImageFile)),
    (b"MM\0*", media("image/tiff", ImageFile)),
    (b"%PDF-", media("application/pdf", File)),
    (b"fLaC", media("audio/flac", Audio)),
    (b"ID3", media("audio/mpeg", Audio)),
    (b"\xff\xfb", media("audio/mpeg", Audio)),
    (b"\xff\xf3", media("audio/mpeg", Audio)),
    (b"\xff\xf2", media("audio/mpeg", Audio)),
    (b"\xff\xf1", media("audio/aac", Audio)),
    (b"\xff\xf9", media("audio/aac", Audio)),
    (b"#!AMR", media("audio/amr", Audio)),
    (b"\x1f\x8b", media("application/gzip", File)),
    (b"7z\xbc\xaf\x27\x1c", media("application/x-7z-compressed", File)),
    (b"Rar!\x1a\x07", media("application/vnd.rar", File)),
    (b"BZh", media("application/x-bzip2", File)),
    (b"\xfd7zXZ\0", media("application/x-xz", File)),
    (b"\x28\xb5\x2f\xfd", media("application/zstd", File)),
    (b"\x00\x00\x01\xba", media("video/mpeg", Video)),
];

/// Detects the type from the first bytes, at most [`HEAD`].
pub fn sniff(head: &[u8]) -> Media {
    let contains = |piece: &[u8]| memmem::find(head, piece).is_some();
    match (head.get(..4), head.get(4..8), head.get(8..12)) {
        (Some(b"RIFF"), _, Some(b"WEBP")) => return media("image/webp", Image),
        (Some(b"RIFF"), _, Some(b"WAVE")) => return media("audio/wav", Audio),
        (Some(b"RIFF"), _, Some(b"AVI ")) => return media("video/x-msvideo", Video),
        (_, Some(b"ftyp"), Some(brand)) => return of_brand(brand),
        (Some(b"OggS"), ..) if contains(b"\x80theora") => return media("video/ogg", Video),
        (Some(b"OggS"), ..) => return media("audio/ogg", Audio),
        (Some(b"\x1a\x45\xdf\xa3"), ..) => {
            // Browsers record voice messages in the same container as films.
            return match (contains(b"V_"), contains(b"A_OPUS") || contains(b"A_VORBIS"), contains(b"webm")) {
                (false, true, _) => media("audio/webm", Audio),
                (_, _, true) => media("video/webm", Video),
                _ => media("video/x-matroska", Video),
            };
        }
        (Some(b"PK\x03\x04"), ..) => return of_archive(&contains),
        _ => {}
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| head.starts_with(beginning));
    match known {
        Some((_, media)) => *media,
        None if is_text(head) => media("text/plain; charset=utf-8", File),
        None => Media::OPAQUE,
    }
}

fn of_brand(brand: &[u8]) -> Media {
    match brand {
        b"heic" | b"heix" | b"mif1" | b"msf1" | b"heim" | b"heis" => media("image/heic", ImageFile),
        b"avif" | b"avis" => media("image/avif", ImageFile),
        b"M4A " | b"M4B " => media("audio/mp4", Audio),
        b"qt  " => media("video/quicktime", Video),
        [b'3', b'g', ..] => media("video/3gpp", Video),
        _ => media("video/mp4", Video),
    }
}

/// Office documents are archives, recognised by the names inside.
fn of_archive(contains: &dyn Fn(&[u8]) -> bool) -> Media {
    let document = OFFICE.iter().find(|(folder, _)| contains(b"[Content_Types].xml") && contains(folder));
    media(document.map_or("application/zip", |(_, content_type)| content_type), File)
}

const OFFICE: [(&[u8], &str); 3] = [
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
];

/// Whether the bytes are UTF-8 text, possibly cut within its last character, without control characters.
fn is_text(head: &[u8]) -> bool {
    let text = match str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && head.len() >= HEAD => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c'))
}

/// Whether a picture is animated: a GIF with several frames, or a WebP or PNG that says so.
pub fn is_animated(picture: &[u8]) -> bool {
    match sniff(&picture[..picture.len().min(HEAD)]).content_type {
        "image/gif" => gif_frames(picture).is_some_and(|frames| frames > 1),
        "image/webp" => {
            picture.get(12..16) == Some(b"VP8X") && picture.get(20).is_some_and(|flags| flags & 2 != 0)
        }
        "image/png" => has_animation_chunk(picture),
        _ => false,
    }
}

/// Counts up to two frames; walks the blocks without looking into the frames.
fn gif_frames(gif: &[u8]) -> Option<usize> {
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + colours(*gif.get(10)?);
    let mut frames = 0;
    while frames < 2 {
        match gif.get(at)? {
            0x21 => at = behind_blocks(gif, at + 2)?,
            0x2c => {
                frames += 1;
                at = behind_blocks(gif, at + 11 + colours(*gif.get(at + 9)?))?;
            }
            _ => break,
        }
    }
    Some(frames)
}

fn behind_blocks(gif: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *gif.get(at)? {
            0 => return Some(at + 1),
            length => at += 1 + usize::from(length),
        }
    }
}

fn has_animation_chunk(png: &[u8]) -> bool {
    let mut at = 8;
    while let (Some(length), Some(name)) = (png.get(at..at + 4), png.get(at + 4..at + 8)) {
        match name {
            b"acTL" => return true,
            b"IDAT" | b"IEND" => return false,
            _ => {}
        }
        let length = length.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
        at = at.saturating_add(length).saturating_add(12);
        if at >= png.len() {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_is_detected_from_content() {
        for (head, content_type, kind) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], "image/png", Image),
            (b"\xff\xd8\xff\xe0", "image/jpeg", Image),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", Image),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav", Audio),
            (b"\0\0\0\x18ftypM4A \0\0\0\0", "audio/mp4", Audio),
            (b"\0\0\0\x18ftypisom\0\0\0\0", "video/mp4", Video),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic", ImageFile),
            (b"\x1a\x45\xdf\xa3 webm A_OPUS", "audio/webm", Audio),
            (b"\x1a\x45\xdf\xa3 webm V_VP8 A_OPUS", "video/webm", Video),
            (b"OggS\0\0OpusHead", "audio/ogg", Audio),
            (b"%PDF-1.7\n", "application/pdf", File),
            (b"PK\x03\x04....a.txt", "application/zip", File),
            (b"<svg onload=alert(1)>", "text/plain; charset=utf-8", File),
            (b"<!doctype html><script>", "text/plain; charset=utf-8", File),
            ("текст\r\n".as_bytes(), "text/plain; charset=utf-8", File),
            (b"\0\x01\x02", "application/octet-stream", File),
            (b"a\0b", "application/octet-stream", File),
            (b"", "application/octet-stream", File),
        ] {
            assert_eq!(sniff(head), media(content_type, kind), "{:?}", String::from_utf8_lossy(head));
        }
        let docx = b"PK\x03\x04....[Content_Types].xml....word/document.xml";
        assert!(sniff(docx).content_type.ends_with("wordprocessingml.document"));
    }

    #[test]
    fn text_cut_within_a_character_is_text() {
        let text = "ж".repeat(HEAD);
        assert_eq!(sniff(&text.as_bytes()[..HEAD]).kind, File);
        assert!(is_text(&[b"a", &text.as_bytes()[..HEAD - 1]].concat()));
        assert!(!is_text(b"\xd0"));
    }

    fn gif(frames: usize) -> Vec<u8> {
        let mut gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
        for _ in 0..frames {
            gif.extend(b"\x21\xf9\x04\0\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
        }
        gif.push(0x3b);
        gif
    }

    #[test]
    fn animated_pictures_are_detected() {
        assert!(!is_animated(&gif(1)));
        assert!(is_animated(&gif(2)));
        assert!(!is_animated(b"GIF89a"), "cut off");
        let chunk = |name: &[u8]| [&[0, 0, 0, 1][..], name, b"x", b"crc."].concat();
        let png = |chunks: &[&[u8]]| {
            let chunks: Vec<u8> = chunks.iter().flat_map(|name| chunk(name)).collect();
            [b"\x89PNG\r\n\x1a\n", &chunks[..]].concat()
        };
        assert!(is_animated(&png(&[b"IHDR", b"acTL", b"IDAT"])));
        assert!(!is_animated(&png(&[b"IHDR", b"IDAT", b"acTL"])));
        assert!(!is_animated(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR"));
        assert!(is_animated(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0"));
    }
}
