//! A form parses equally in chunks of any size, and malformed input is refused.

use super::{Charset, Parameters, Splitter, Step, boundary};
use proptest::prelude::*;

/// The parts of a form: the field, the file's name, the content.
type Parts = Vec<(String, Option<String>, Vec<u8>)>;

/// Takes a form apart whose bytes come in these pieces; nothing if it is broken.
fn taken_apart(boundary: &[u8], pieces: &[&[u8]]) -> Option<Parts> {
    let mut splitter = Splitter::new(boundary);
    let (mut pieces, mut parts) = (pieces.iter(), Parts::new());
    let mut whole = true;
    loop {
        match splitter.step().ok()? {
            Step::More => match pieces.next() {
                Some(piece) => splitter.push(piece),
                None => splitter.finish(),
            },
            Step::Part(head) => {
                assert!(whole, "parts end before others begin");
                whole = false;
                parts.push((head.field(Charset::UTF_8), head.file_name(Charset::UTF_8), vec![]));
            }
            Step::Content(bytes) => {
                assert!(!bytes.is_empty(), "no empty pieces");
                parts.last_mut()?.2.extend(bytes);
            }
            Step::PartEnd => whole = true,
            Step::End => return Some(parts),
        }
    }
}

const FORM: &[u8] = b"preamble\r\n--b \t\r\nContent-Disposition: form-data; name=\"file\";\r\n filename=\"a.txt\"\r\n\
    X-Other: y\r\n\r\nhello\r\n--not\r\n-\r\n\r\n--b\r\nCONTENT-DISPOSITION: form-data; name=text\r\n\r\n\r\n--b\r\n\r\nheadless\r\n--b--\r\nepilogue";

fn expected() -> Parts {
    let file = ("file".to_owned(), Some("a.txt".to_owned()), b"hello\r\n--not\r\n-\r\n".to_vec());
    vec![file, ("text".to_owned(), None, vec![]), (String::new(), None, b"headless".to_vec())]
}

#[test]
fn a_form_is_taken_apart_wherever_it_is_cut() {
    assert_eq!(taken_apart(b"b", &[FORM]), Some(expected()));
    let bytes: Vec<&[u8]> = FORM.chunks(1).collect();
    assert_eq!(taken_apart(b"b", &bytes), Some(expected()), "byte by byte");
    for at in 0..FORM.len() {
        assert_eq!(taken_apart(b"b", &[&FORM[..at], &FORM[at..]]), Some(expected()), "cut at {at}");
    }
}

#[test]
fn a_form_that_breaks_off_is_refused() {
    let whole = FORM.len() - b"\r\nepilogue".len();
    for length in 0..whole {
        assert_eq!(taken_apart(b"b", &[&FORM[..length]]), None, "{length} bytes of it");
    }
    assert_eq!(taken_apart(b"b", &[&FORM[..whole]]), Some(expected()));
}

#[test]
fn heads_and_paddings_without_an_end_are_refused_before_they_fill_memory() {
    let mut splitter = Splitter::new(b"b");
    splitter.push(b"--b\r\n");
    let mut held = 0;
    let refused = (0..1_000).any(|_| {
        splitter.push(&[b'x'; 1_024]);
        held = held.max(splitter.buffer.len());
        splitter.step().is_err()
    });
    assert!(refused && held <= 18 * 1_024, "{held} bytes were held");
    let spaces = [b"--b".to_vec(), vec![b' '; 2_000], b"\r\n\r\n\r\n--b--".to_vec()].concat();
    assert_eq!(taken_apart(b"b", &[&spaces]), None);
    assert_eq!(taken_apart(b"b", &[b"--bc\r\n\r\nx\r\n--b--"]), None, "another boundary");
}

#[test]
fn what_lies_before_the_first_part_is_not_held() {
    let mut splitter = Splitter::new(b"b");
    for _ in 0..100 {
        splitter.push(&[b'-'; 4_096]);
        assert!(matches!(splitter.step(), Ok(Step::More)));
        assert!(splitter.buffer.len() <= 5);
    }
}

#[test]
fn boundaries_are_read_in_every_spelling() {
    for (content_type, expected) in [
        ("multipart/form-data; boundary=b", Some("b")),
        ("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b\"", Some("a b")),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data", None),
        ("multipart/mixed; boundary=b", None),
        ("text/plain; boundary=b", None),
    ] {
        let read = Parameters::read(content_type.as_bytes());
        assert_eq!(boundary(&read).map(|found| str::from_utf8(found).unwrap()), expected, "{content_type}");
    }
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    assert_eq!(boundary(&Parameters::read(long.as_bytes())), None);
}

/// Pieces of forms that fit together badly.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        &b"\r\n--b"[..],
        b"--b",
        b"\r\n",
        b"\r",
        b"\n",
        b"--",
        b"Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''%D0%9E",
        b"\r\n\r\n",
        b" ",
        b"x",
        b"\xff\x00",
    ]);
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_the_pieces_the_parts_are_the_same(form in soup(), cuts in prop::collection::vec(0usize..200, 0..6)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(form.len())).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([form.len()]);
        let pieces: Vec<&[u8]> = std::iter::once(0).chain(cuts.iter().copied()).zip(ends).map(|(from, to)| &form[from..to]).collect();
        prop_assert_eq!(taken_apart(b"b", &pieces), taken_apart(b"b", &[&form]));
    }

    #[test]
    fn any_content_comes_through(content in prop::collection::vec(any::<u8>(), 0..200)) {
        let form = [b"--7f3b9c\r\nContent-Disposition: form-data; name=a\r\n\r\n", &content[..], b"\r\n--7f3b9c--"].concat();
        prop_assume!(memchr::memmem::find(&content, b"7f3b9c").is_none());
        prop_assert_eq!(taken_apart(b"7f3b9c", &[&form]), Some(vec![("a".to_owned(), None, content)]));
    }
}
