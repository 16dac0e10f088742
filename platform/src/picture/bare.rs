//! Pictures without what cameras and programs write into them about their owners: where and when they were taken, with
//! what, by whom. The pixels, their colours and which side is up stay.
//!
//! Known are JPEG, PNG and WebP. A picture that is not what it seems comes back as it is: nothing shows it.

mod jpeg;
mod png;
mod webp;

/// The picture without that; nothing if there is nothing to be left out.
pub fn bare(picture: &[u8]) -> Option<Vec<u8>> {
    let bare = match picture {
        [0xff, 0xd8, ..] => jpeg::bare(picture),
        [0x89, b'P', b'N', b'G', ..] => png::bare(picture),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp::bare(picture),
        _ => None,
    };
    bare.filter(|bare| bare != picture)
}

/// An EXIF block that says nothing but which side is up; nothing if that is as usual.
fn upright(exif: &[u8]) -> Option<Vec<u8>> {
    let orientation = orientation(exif).filter(|orientation| (2..=8).contains(orientation))?;
    let mut block = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    block.extend(orientation.to_be_bytes());
    block.extend([0; 6]);
    Some(block)
}

/// The tag 0x0112 of the first directory (TIFF 6.0, 2).
fn orientation(exif: &[u8]) -> Option<u16> {
    let big = match exif.get(..2)? {
        b"MM" => true,
        b"II" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<u16> {
        let bytes: [u8; 2] = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| -> Option<usize> {
        let bytes: [u8; 4] = exif.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }).ok()
    };
    let directory = long(4)?;
    let entries = usize::from(short(directory)?);
    let mut places = (0..entries).map(|entry| directory + 2 + 12 * entry);
    short(places.find(|at| short(*at) == Some(0x0112))? + 8)
}

#[cfg(test)]
mod tests;
