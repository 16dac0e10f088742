//! PNG (ISO/IEC 15948): chunks up to the last one.

use super::upright;

const SIGNATURE: usize = 8;
/// Length, name and checksum of a chunk.
const AROUND: usize = 12;

/// See [`super::bare`].
pub(super) fn bare(picture: &[u8]) -> Option<Vec<u8>> {
    let mut bare = picture.get(..SIGNATURE)?.to_vec();
    let mut at = SIGNATURE;
    loop {
        let length = usize::try_from(u32::from_be_bytes(picture.get(at..at + 4)?.try_into().ok()?)).ok()?;
        let chunk = picture.get(at..at.checked_add(length)?.checked_add(AROUND)?)?;
        at += chunk.len();
        match &chunk[4..8] {
            b"tEXt" | b"zTXt" | b"iTXt" | b"tIME" => {}
            b"eXIf" => put_upright(&mut bare, &chunk[8..8 + length])?,
            b"IEND" => {
                bare.extend(chunk);
                return Some(bare);
            }
            _ => bare.extend(chunk),
        }
    }
}

fn put_upright(bare: &mut Vec<u8>, exif: &[u8]) -> Option<()> {
    if let Some(upright) = upright(exif) {
        bare.extend(u32::try_from(upright.len()).ok()?.to_be_bytes());
        let named = [b"eXIf", &upright[..]].concat();
        bare.extend(&named);
        bare.extend(checksum(&named).to_be_bytes());
    }
    Some(())
}

/// CRC-32.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}
