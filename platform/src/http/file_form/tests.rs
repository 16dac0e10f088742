//! Forms with a file: how their parts are named and written, and how long they may take.

use super::{ArrivingFile, FileForm, FormFields, FormTimeouts};
use crate::http::{ApiError, RequestInfo};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use std::{convert::Infallible, time::Duration};

const FOR_EVER: FormTimeouts =
    FormTimeouts { whole: Duration::from_secs(3_600), grace: Duration::from_secs(3_600), rate: 0 };

fn request(content_type: &str, body: Body) -> Request {
    let request = Request::builder().header("content-type", content_type);
    request.extension(RequestInfo::system()).body(body).unwrap()
}

async fn arriving(content_type: &str, body: Body, patience: FormTimeouts) -> Result<ArrivingFile, ApiError> {
    let form = FileForm::from_request(request(content_type, body), &()).await?;
    form.file("file", 1_000, patience).await
}

async fn read(content_type: &str, body: impl Into<Body>) -> Result<(Vec<u8>, FormFields), ApiError> {
    let mut file = arriving(content_type, body.into(), FOR_EVER).await?;
    let mut content = vec![];
    while let Some(piece) = file.piece().await? {
        content.extend(piece);
    }
    Ok((content, file.end().await?))
}

fn part(head: &[u8], content: &[u8]) -> Vec<u8> {
    [b"--b\r\nContent-Disposition: form-data; ", head, b"\r\n\r\n", content, b"\r\n"].concat()
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.concat()[..], b"--b--\r\n"].concat()
}

const MULTIPART: &str = "multipart/form-data; boundary=b";

#[tokio::test]
async fn a_file_is_called_as_its_sender_calls_it() {
    for (head, expected) in [
        ("name=\"file\"; filename*=UTF-8''%D0%9E.txt; filename=\"o.txt\"", "О.txt"),
        (
            "name=file; filename=\"=?utf-8?B?0J7RgtGH0ZHRgi50eHQ=?=\"; filename*=utf-8''%D0%9E%D1%82%D1%87%D1%91%D1%82.txt",
            "Отчёт.txt",
        ),
        ("name=\"file\"; filename=\"a %22b%22.txt\"", "a \"b\".txt"),
        ("NAME=\"file\"; FILENAME=\"x.txt\"", "x.txt"),
        ("name=\"file\"; note=\"x; filename=evil.exe \"; filename=\"safe.txt\"", "safe.txt"),
    ] {
        let (content, beside) = read(MULTIPART, form(&[part(head.as_bytes(), b"hello")])).await.unwrap();
        assert_eq!((&content[..], beside.file_name.as_str()), (&b"hello"[..], expected), "{head}");
    }
    let upper =
        "--b\r\ncontent-disposition: FORM-DATA; NAME=\"file\"; FILENAME=\"x.txt\"\r\n\r\nhello\r\n--b--\r\n";
    assert_eq!(read(MULTIPART, upper).await.unwrap().1.file_name, "x.txt");
}

#[tokio::test]
async fn texts_are_in_the_characters_that_the_form_says() {
    let hello = b"\xcf\xf0\xe8\xe2\xe5\xf2";
    let file = part(b"name=file; filename=\"\xce.txt\"", b"raw \xff");
    let own = [b"--b\r\nContent-Disposition: form-data; name=own\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n", &b"\xf0\xd2\xc9\xd7\xc5\xd4"[..], b"\r\n"].concat();
    let said = part(b"name=_charset_", b"windows-1251");
    let text = part(b"name=text", hello);
    let (content, beside) =
        read(MULTIPART, form(&[text.clone(), file.clone(), own.clone(), said])).await.unwrap();
    assert_eq!(content, b"raw \xff");
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let expected = FormFields {
        file_name: "О.txt".into(),
        texts: vec![pair("text", "Привет"), pair("own", "Привет")],
    };
    assert_eq!(beside, expected);
    let typed = format!("{MULTIPART}; charset=cp1251");
    assert_eq!(read(&typed, form(&[text.clone(), file.clone(), own])).await.unwrap().1, expected);

    let refused =
        |result: Result<(Vec<u8>, FormFields), ApiError>| result.unwrap_err().failure().code.status();
    assert_eq!(refused(read(MULTIPART, form(&[text.clone(), file.clone()])).await), 422, "no UTF-8");
    let klingon = part(b"name=_charset_", b"klingon");
    assert_eq!(refused(read(MULTIPART, form(&[text, file.clone(), klingon])).await), 415);
    assert_eq!(refused(read(&format!("{MULTIPART}; charset=klingon"), form(&[file])).await), 415);
    let base64 = "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--b--";
    assert_eq!(refused(read(MULTIPART, base64).await), 415);
}

/// A form whose bytes come one at a time, with a pause after each.
fn trickle(bytes: Vec<u8>, pause: Duration) -> Body {
    let pieces = stream::iter(bytes).then(move |byte| async move {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Ok::<_, Infallible>(Bytes::from(vec![byte]))
    });
    Body::from_stream(pieces)
}

/// How a form ends whose parts come at once but one, which comes slowly.
async fn slowly(parts: [&[u8]; 3], slow: usize) -> u16 {
    let grace = Duration::from_secs(if slow < parts.len() { 2 } else { 600 });
    let patience = FormTimeouts { whole: Duration::from_secs(600), grace, rate: 1_000_000 };
    let mut body = stream::empty::<Result<Bytes, axum::Error>>().boxed();
    for (number, part) in parts.into_iter().enumerate() {
        let pause = if number == slow { Duration::from_millis(200) } else { Duration::ZERO };
        body = body.chain(trickle(part.to_vec(), pause).into_data_stream()).boxed();
    }
    let ended = async {
        let mut file = arriving(MULTIPART, Body::from_stream(body), patience).await?;
        while file.piece().await?.is_some() {}
        file.end().await
    };
    ended.await.map_or_else(|error| error.failure().code.status(), |_| 200)
}

#[tokio::test]
async fn patience_is_for_all_of_the_form() {
    let before = part(b"name=text", &[b'x'; 40]);
    let file = part(b"name=file; filename=a", &[b'x'; 40]);
    let end = [&part(b"name=more", &[b'x'; 40])[..], b"--b--\r\n"].concat();
    let parts = [&before[..], &file, &end];
    assert_eq!(slowly(parts, 3).await, 200, "all at once");
    for slow in 0..3 {
        assert_eq!(slowly(parts, slow).await, 504, "part {slow} comes slowly");
    }
}

#[test]
fn who_sends_more_may_take_longer_up_to_the_end() {
    let patience = FormTimeouts { whole: Duration::from_secs(100), grace: Duration::from_secs(10), rate: 50 };
    for (read, until) in [(0, 10), (49, 10), (50, 11), (1_000, 30), (4_500, 100), (1 << 40, 100)] {
        assert_eq!(patience.until(read), Duration::from_secs(until), "{read} bytes");
    }
    assert_eq!(FormTimeouts { rate: 0, ..patience }.until(0), Duration::from_secs(100));
}
