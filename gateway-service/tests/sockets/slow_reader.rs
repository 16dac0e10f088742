//! A reader that reads nothing while many rows are published.

use crate::{
    client::Client,
    fixture::{Fixture, Person},
};
use events::chat::ChatRef;
use protocol::live::Live;
use serde_json::{Value, json};

/// Enough messages to exceed the system's buffers and the subscriber's queue.
const MESSAGES: i64 = 1_500;
const PADDING: usize = 6_000;
/// Typing notices per message.
const TYPING_EACH: i64 = 5;
/// Maximum number of items that may wait for one socket: the subscriber's queue and its outbox.
const MOST_WAITING: usize = 256 + 4 * 32;

async fn ready(mut client: Client) -> Client {
    client.send(&json!({"event": "client.ping", "confirm_id": "live"})).await;
    client.expect("server.confirm").await;
    client
}

/// Reads until all messages have arrived; returns their numbers and the number of typing notices.
async fn read(client: &mut Client) -> (Vec<i64>, usize) {
    let (mut numbers, mut typing) = (Vec::new(), 0);
    while numbers.len() < usize::try_from(MESSAGES).unwrap() {
        let frame = client.any().await;
        match frame["event"].as_str() {
            Some("server.message.updated") => numbers.push(number(&frame)),
            Some("server.chat.composing") => typing += 1,
            _ => {}
        }
    }
    (numbers, typing)
}

fn number(frame: &Value) -> i64 {
    let text = frame["params"]["messages"][0]["content"]["text"].as_str().unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn types(fixture: &Fixture, chat: ChatRef, author: &Person) {
    let live = Live::Composing { chat, actor: author.contact, composing: true, is_audio: false };
    fixture.bus.publish(&Live::subject(fixture.team), serde_json::to_vec(&live).unwrap().into()).unwrap();
}

#[tokio::test]
async fn stalled_reader_delays_nobody_and_later_gets_every_row_without_typing() {
    let fixture = Fixture::build(|_| {}).await;
    let (author, stalled, other) = (fixture.person().await, fixture.person().await, fixture.person().await);
    let mut narrow = ready(Client::narrow(&fixture, &stalled).await).await;
    let mut quick = ready(Client::connect(&fixture, &stalled).await).await;
    let mut elsewhere = ready(Client::connect(&fixture, &other).await).await;
    let chat = ChatRef::direct(author.contact, stalled.contact);
    let padding = "x".repeat(PADDING);
    let text = |num: i64| format!("{num} {padding}");
    let rows: Vec<_> =
        (1..=MESSAGES).map(|num| fixture.message(chat, author.contact, num, &text(num))).collect();
    fixture.store(&rows).await;
    let (sender, mut all) = tokio::sync::mpsc::channel(1);
    let reading = tokio::spawn(async move {
        let heard = read(&mut quick).await;
        sender.send(()).await.unwrap();
        (quick, heard)
    });
    for batch in rows.chunks(20) {
        fixture.announce(batch);
        for _ in 0..20 * TYPING_EACH {
            types(&fixture, chat, &author);
        }
        tokio::task::yield_now().await;
    }
    // The same person's other device gets everything while the stalled one has not read a byte.
    all.recv().await.unwrap();
    let (_quick, (heard, _)) = reading.await.unwrap();
    let expected: Vec<i64> = (1..=MESSAGES).collect();
    assert_eq!(heard, expected);
    let to_other =
        fixture.message(ChatRef::direct(author.contact, other.contact), author.contact, 1, "0 other");
    fixture.publish(&[to_other]).await;
    assert_eq!(number(&elsewhere.expect("server.message.updated").await), 0);

    let (numbers, typing) = read(&mut narrow).await;
    assert_eq!(numbers, expected, "every message once, in order");
    // The system's own buffers cannot be emptied: at most this many frames fit into them.
    let taken = 8 * 1024 * 1024 / PADDING;
    assert!(typing <= MOST_WAITING + taken, "{typing} times somebody typed was kept for it");
    assert!(
        typing < usize::try_from(MESSAGES * TYPING_EACH).unwrap() / 2,
        "{typing}: who typed is dropped first"
    );
    fixture.publish(&[fixture.message(chat, author.contact, MESSAGES + 1, "1501 live again")]).await;
    assert_eq!(number(&narrow.expect("server.message.updated").await), MESSAGES + 1);
    fixture.shut_down().await;
}
