//! Formats with absolute offsets: removed metadata is zeroed, and everything else stays at its offset.

use super::{BEGINNING, CleanError, Format, Outcome, cleaned, contains, made::SECRET};
use proptest::prelude::*;

const PIXELS: &[u8] = b"coded pixels of the picture";

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len() + 8).unwrap().to_be_bytes(), &name[..], content].concat()
}

/// A box with a version and flags.
fn full(name: &[u8; 4], version: u8, content: &[u8]) -> Vec<u8> {
    boxed(name, &[&[version, 0, 0, 0], content].concat())
}

fn entry(id: u16, kind: &[u8; 4], rest: &[u8]) -> Vec<u8> {
    full(b"infe", 2, &[&id.to_be_bytes(), &[0, 0][..], kind, rest].concat())
}

/// The location of an item: id, offset, length.
fn place(id: u16, at: usize, length: usize) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    [&id.to_be_bytes()[..], &[0, 0, 0, 0, 0, 1], &number(at), &number(length)].concat()
}

fn exif_item() -> Vec<u8> {
    [b"\0\0\0\x06Exif\0\0MM\0\x2a\0\0\0\x08\0\0", SECRET].concat()
}

/// A picture as a phone writes it, with EXIF, XMP and unreferenced bytes among its contents.
fn heic() -> Vec<u8> {
    let (exif, leftover) = (exif_item(), [SECRET, SECRET].concat());
    let meta = |at: usize| {
        let kinds = [
            entry(1, b"hvc1", b"\0"),
            entry(2, b"Exif", b"\0"),
            entry(3, b"mime", b"\0application/rdf+xml\0"),
        ];
        let (at_exif, at_xmp) =
            (at + PIXELS.len() + leftover.len(), at + PIXELS.len() + leftover.len() + exif.len());
        let places =
            [place(1, at, PIXELS.len()), place(2, at_exif, exif.len()), place(3, at_xmp, SECRET.len())];
        let properties = boxed(
            b"ipco",
            &[boxed(b"irot", &[1]), full(b"udes", 0, SECRET), boxed(b"hvcC", b"how")].concat(),
        );
        full(
            b"meta",
            0,
            &[
                full(b"hdlr", 0, b"\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                full(b"pitm", 0, &[0, 1]),
                full(b"iloc", 1, &[&[0x44, 0, 0, 3][..], &places.concat()].concat()),
                full(b"iinf", 0, &[&[0, 3][..], &kinds.concat()].concat()),
                boxed(b"iprp", &properties),
                boxed(b"uuid", SECRET),
            ]
            .concat(),
        )
    };
    let kind = boxed(b"ftyp", b"heic\0\0\0\0mif1heic");
    let at = kind.len() + meta(0).len() + 8;
    [
        kind,
        meta(at),
        boxed(b"mdat", &[PIXELS, &leftover, &exif, SECRET].concat()),
        boxed(b"free", SECRET),
        SECRET.to_vec(),
    ]
    .concat()
}

/// A film with its location in the user data and in a track of its own.
fn film() -> Vec<u8> {
    let track = |handler: &[u8; 4], at: usize, length: usize| {
        let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
        let table = [
            full(b"stsc", 0, &[number(1), number(1), number(1), number(1)].concat()),
            full(b"stsz", 0, &[number(0), number(1), number(length)].concat()),
            full(b"stco", 0, &[number(1), number(at)].concat()),
        ];
        let times = [&[0x77; 8][..], &[0; 12]].concat();
        let media = [
            full(b"mdhd", 0, &times),
            full(b"hdlr", 0, &[&[0, 0, 0, 0][..], handler, &[0; 13]].concat()),
            boxed(b"minf", &boxed(b"stbl", &table.concat())),
        ];
        boxed(
            b"trak",
            &[full(b"tkhd", 0, &times), boxed(b"mdia", &media.concat()), boxed(b"udta", SECRET)].concat(),
        )
    };
    let moov = |at: usize| {
        let said = boxed(b"udta", &boxed(b"\xa9xyz", SECRET));
        let times = [&[0x77; 8][..], &[0; 80]].concat();
        let tracks =
            [track(b"vide", at, PIXELS.len()), track(b"meta", at + PIXELS.len(), SECRET.len())].concat();
        boxed(b"moov", &[full(b"mvhd", 0, &times), tracks, said, full(b"meta", 0, SECRET)].concat())
    };
    let kind = boxed(b"ftyp", b"qt  \0\0\0\0qt  ");
    let at = kind.len() + moov(0).len() + 8;
    [kind, moov(at), boxed(b"mdat", &[PIXELS, SECRET].concat()), boxed(b"uuid", SECRET)].concat()
}

/// A picture in one strip, with a description, EXIF and a location.
fn tiff(big: bool) -> Vec<u8> {
    let short = |number: u16| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let long = |number: usize| {
        let number = u32::try_from(number).unwrap();
        if big { number.to_be_bytes() } else { number.to_le_bytes() }
    };
    let field = |tag: u16, kind: u16, count: usize, value: usize| {
        [&short(tag)[..], &short(kind), &long(count), &long(value)].concat()
    };
    let (pixels, text) = (8, 8 + PIXELS.len() + 1);
    let inner = text + SECRET.len() + 1;
    let directory = inner + 2 + 12 + 4;
    let fields = [
        field(256, 4, 1, 1),
        field(270, 2, SECRET.len(), text),
        field(273, 4, 1, pixels),
        field(274, 4, 1, 6),
        field(279, 4, 1, PIXELS.len()),
        field(34_665, 4, 1, inner),
        field(34_853, 4, 1, inner),
    ];
    let told = [&short(1)[..], &field(42_033, 2, SECRET.len(), text), &[0; 4]].concat();
    [
        if big { b"MM\0\x2a" } else { b"II\x2a\0" },
        &long(directory)[..],
        PIXELS,
        b"\0",
        SECRET,
        b"\0",
        &told,
        &short(7),
        &fields.concat(),
        &[0; 4],
    ]
    .concat()
}

fn all() -> [(Format, Vec<u8>); 4] {
    [(Format::Heif, heic()), (Format::Film, film()), (Format::Tiff, tiff(true)), (Format::Tiff, tiff(false))]
}

#[test]
fn metadata_is_zeroed_and_the_rest_stays_at_its_offset() {
    for (format, with) in all() {
        let (outcome, bare) = cleaned(format, &with).unwrap();
        assert_eq!((outcome, bare.len()), (Outcome::Cleaned, with.len()), "{format:?}");
        assert!(!contains(&bare, BEGINNING), "{format:?}");
        let at = |bytes: &[u8]| memchr::memmem::find(bytes, PIXELS);
        assert!(at(&bare).is_some() && at(&bare) == at(&with), "{format:?}: the pixels are where they were");
        assert_eq!(cleaned(format, &bare).unwrap(), (Outcome::NothingToClean, bare), "{format:?}: once");
    }
}

#[test]
fn data_needed_for_display_stays() {
    let bare = cleaned(Format::Heif, &heic()).unwrap().1;
    for kept in [&b"irot"[..], b"hvcC", b"iloc", b"iinf", b"mdat"] {
        assert!(contains(&bare, kept), "{kept:?}");
    }
    assert!(contains(&bare, b"\0\0\0\0MM\0\x2a\0\0\0\x08\0\0\0\0\0\0"), "readers of EXIF find an empty one");
    let bare = cleaned(Format::Film, &film()).unwrap().1;
    assert!(!contains(&bare, &[0x77; 8]), "nor when it was made");
    assert_eq!(memchr::memmem::find_iter(&bare, b"trak").count(), 1);
    for big in [true, false] {
        let bare = cleaned(Format::Tiff, &tiff(big)).unwrap().1;
        let side: &[u8] =
            if big { b"\x01\x12\0\x04\0\0\0\x01\0\0\0\x06" } else { b"\x12\x01\x04\0\x01\0\0\0\x06\0\0\0" };
        assert!(contains(&bare, side), "which side is up");
    }
}

#[test]
fn film_without_metadata_is_unchanged() {
    let plain = [
        boxed(b"ftyp", b"isom\0\0\0\0isom"),
        boxed(b"moov", &full(b"mvhd", 0, &[0; 96])),
        boxed(b"mdat", PIXELS),
    ]
    .concat();
    assert_eq!(cleaned(Format::Film, &plain).unwrap(), (Outcome::NothingToClean, plain.clone()));
    let open = [&plain[..20], &boxed(b"mdat", PIXELS)].concat();
    assert_eq!(
        cleaned(Format::Film, &open).unwrap().0,
        Outcome::NotReadableAsClaimed,
        "nothing says how to show it"
    );
}

#[test]
fn picture_with_malformed_items_is_refused() {
    let whole = heic();
    for name in [b"iloc", b"meta", b"pict"] {
        let at = memchr::memmem::find(&whole, name).unwrap();
        let broken = [&whole[..at], b"????", &whole[at + 4..]].concat();
        assert!(matches!(cleaned(Format::Heif, &broken), Err(CleanError::Hidden)), "without {name:?}");
    }
}

#[test]
fn truncated_file_contains_no_metadata() {
    for (format, with) in all() {
        for length in 12..with.len() {
            let told = cleaned(format, &with[..length]).is_ok_and(|(_, bare)| contains(&bare, BEGINNING));
            assert!(!told, "{format:?} cut at {length}");
        }
    }
}

proptest! {
    #[test]
    fn damaged_file_does_not_panic(number in 0usize..4, damage in prop::collection::vec((0usize..2_000, any::<u8>()), 0..6), cut in 0usize..4_000) {
        let (format, mut file) = all()[number].clone();
        file.truncate(cut.max(12));
        for (at, byte) in damage {
            let at = at % file.len();
            file[at] = byte;
        }
        if let Ok((_, bare)) = cleaned(format, &file) {
            prop_assert_eq!(bare.len(), file.len(), "nothing moves");
        }
    }
}

/// Files written by libheif and libavif, with a location in EXIF and XMP.
#[test]
fn files_of_known_encoders_are_cleaned() {
    for (what, with) in
        [("heic", &include_bytes!("libheif.heic")[..]), ("avif", include_bytes!("libavif.avif"))]
    {
        assert!(contains(with, BEGINNING), "{what}");
        let (outcome, bare) = cleaned(Format::Heif, with).unwrap();
        assert_eq!((outcome, bare.len()), (Outcome::Cleaned, with.len()), "{what}");
        assert!(!contains(&bare, BEGINNING) && !contains(&bare, b"SECRETMAKER"), "{what}");
        assert_eq!(cleaned(Format::Heif, &bare).unwrap(), (Outcome::NothingToClean, bare), "{what}");
    }
}
