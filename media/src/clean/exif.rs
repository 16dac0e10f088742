//! The orientation: the only EXIF value that is kept.

/// Number of bytes of a block to read: the orientation is in its first directory.
pub(super) const READ: u64 = 64 * 1024;

/// Builds an EXIF block with the orientation only; `None` if the orientation is normal.
pub(super) fn upright(exif: &[u8]) -> Option<Vec<u8>> {
    let orientation = orientation(exif).filter(|orientation| (2..=8).contains(orientation))?;
    let mut block = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    block.extend(orientation.to_be_bytes());
    block.extend([0; 6]);
    Some(block)
}

/// The tag 0x0112 of the first directory (TIFF 6.0, 2).
pub(super) fn orientation(exif: &[u8]) -> Option<u16> {
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
