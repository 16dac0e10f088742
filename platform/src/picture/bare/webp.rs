//! WebP (RFC 9649): chunks of a RIFF file, each of an even length.

use super::upright;

const HEADER: usize = 12;
/// In the first chunk of an extended file: there is a chunk `EXIF`, and one `XMP `.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

/// See [`super::bare`].
pub(super) fn bare(picture: &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(u32::from_le_bytes(picture.get(4..8)?.try_into().ok()?)).ok()?;
    let picture = picture.get(..length.checked_add(8)?)?;
    let mut bare = picture.get(..HEADER)?.to_vec();
    let (mut flags, mut has_exif) = (None, false);
    let mut at = HEADER;
    while at < picture.len() {
        let size = usize::try_from(u32::from_le_bytes(picture.get(at + 4..at + 8)?.try_into().ok()?)).ok()?;
        let content = picture.get(at + 8..at.checked_add(8)?.checked_add(size)?)?;
        let name = &picture[at..at + 4];
        at = (at + 8 + size).next_multiple_of(2);
        match name {
            b"XMP " => {}
            b"EXIF" => {
                // Some write the prefix that JPEG has.
                let exif = content.strip_prefix(b"Exif\0\0").unwrap_or(content);
                if let Some(upright) = upright(exif) {
                    has_exif = true;
                    put(&mut bare, name, &upright)?;
                }
            }
            b"VP8X" => {
                flags = Some(bare.len() + 8);
                put(&mut bare, name, content)?;
            }
            _ => put(&mut bare, name, content)?,
        }
    }
    if let Some(flags) = flags.and_then(|at| bare.get_mut(at)) {
        *flags &= !(HAS_EXIF | HAS_XMP);
        *flags |= if has_exif { HAS_EXIF } else { 0 };
    }
    let length = u32::try_from(bare.len() - 8).ok()?;
    bare[4..8].copy_from_slice(&length.to_le_bytes());
    Some(bare)
}

fn put(bare: &mut Vec<u8>, name: &[u8], content: &[u8]) -> Option<()> {
    bare.extend(name);
    bare.extend(u32::try_from(content.len()).ok()?.to_le_bytes());
    bare.extend(content);
    bare.resize(bare.len().next_multiple_of(2), 0);
    Some(())
}
