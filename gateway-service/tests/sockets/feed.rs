//! Delivery of feed rows as frames.

use crate::{
    client::Client,
    fixture::{Fixture, Person},
};
use events::{ContactId, GroupId, TeamId, chat::ChatRef};
use protocol::notice::{Audience, Notice, ReadReceipt, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

/// A socket that is live.
async fn live(fixture: &Fixture, person: &Person) -> Client {
    ready(Client::connect(fixture, person).await).await
}

async fn ready(mut client: Client) -> Client {
    client.send(&json!({"event": "client.ping", "confirm_id": "live"})).await;
    client.expect("server.confirm").await;
    client
}

fn text(frame: &Value) -> &str {
    frame["params"]["messages"][0]["content"]["text"].as_str().unwrap_or_default()
}

async fn texts(client: &mut Client, count: usize) -> Vec<String> {
    let mut texts = Vec::with_capacity(count);
    for _ in 0..count {
        texts.push(text(&client.expect("server.message.updated").await).to_owned());
    }
    texts
}

#[tokio::test]
async fn message_is_rendered_for_each_side() {
    let fixture = Fixture::build(|_| {}).await;
    let (author, reader) = (fixture.person().await, fixture.person().await);
    let (mut mine, mut yours) = (live(&fixture, &author).await, live(&fixture, &reader).await);
    let chat = ChatRef::direct(author.contact, reader.contact);
    fixture.publish(&[fixture.message(chat, author.contact, 1, "пыщ!")]).await;
    let (mine, yours) = (mine.next().await, yours.next().await);
    let jid = |contact: ContactId| json!(format!("d-{contact}"));
    for (frame, chat, unread) in [(&mine, reader.contact, 0), (&yours, author.contact, 1)] {
        assert_eq!(frame["event"], "server.message.updated");
        assert_eq!(frame["confirm_id"].as_str().unwrap().len(), 12);
        let params = &frame["params"];
        assert_eq!((&params["messages"][0]["chat"], &params["delayed"]), (&jid(chat), &json!(false)));
        assert_eq!(params["messages"][0]["is_first"], true);
        assert_eq!(
            (&params["chat_counters"][0]["jid"], &params["chat_counters"][0]["num_unread"]),
            (&jid(chat), &json!(unread))
        );
        assert_eq!(
            (&params["team_unread"]["direct"]["messages"], &params["badge"]),
            (&json!(unread), &json!(unread))
        );
    }
    fixture.shut_down().await;
}

#[tokio::test]
async fn gap_on_the_bus_is_filled_from_the_table() {
    let fixture = Fixture::build(|_| {}).await;
    let (author, reader) = (fixture.person().await, fixture.person().await);
    let mut client = live(&fixture, &reader).await;
    let chat = ChatRef::direct(author.contact, reader.contact);
    let rows: Vec<_> =
        (1..=5).map(|num| fixture.message(chat, author.contact, num, &num.to_string())).collect();
    fixture.store(&rows).await;
    fixture.announce(&rows[0..1]);
    fixture.announce(&rows[3..4]);
    fixture.announce(&rows[2..4]);
    fixture.announce(&rows[4..5]);
    assert_eq!(texts(&mut client, 5).await, ["1", "2", "3", "4", "5"]);
    fixture.shut_down().await;
}

#[tokio::test]
async fn rows_without_a_bus_message_are_delivered_from_the_table() {
    let fixture = Fixture::build(|_| {}).await;
    let (author, reader) = (fixture.person().await, fixture.person().await);
    let mut client = live(&fixture, &reader).await;
    let chat = ChatRef::direct(author.contact, reader.contact);
    fixture.store(&[fixture.message(chat, author.contact, 1, "silent")]).await;
    assert_eq!(texts(&mut client, 1).await, ["silent"]);
    fixture.shut_down().await;
}

#[tokio::test]
async fn rows_before_connecting_are_not_delivered() {
    let fixture = Fixture::build(|_| {}).await;
    let (author, reader) = (fixture.person().await, fixture.person().await);
    let chat = ChatRef::direct(author.contact, reader.contact);
    fixture.publish(&[fixture.message(chat, author.contact, 1, "before")]).await;
    let mut client = live(&fixture, &reader).await;
    fixture.publish(&[fixture.message(chat, author.contact, 2, "after")]).await;
    assert_eq!(texts(&mut client, 1).await, ["after"]);
    fixture.shut_down().await;
}

#[tokio::test]
async fn slow_reader_gets_every_row_and_delays_nobody() {
    const COUNT: i64 = 1_200;
    let fixture = Fixture::build(|_| {}).await;
    let (author, reader) = (fixture.person().await, fixture.person().await);
    let mut slow = ready(Client::narrow(&fixture, &reader).await).await;
    let mut quick = live(&fixture, &author).await;
    let chat = ChatRef::direct(author.contact, reader.contact);
    // Enough to exceed the system's buffers and the subscriber's queue.
    let padding = "x".repeat(6_000);
    let rows: Vec<_> = (1..=COUNT)
        .map(|num| fixture.message(chat, author.contact, num, &format!("{num} {padding}")))
        .collect();
    fixture.store(&rows).await;
    let listening = tokio::spawn(async move {
        let heard = texts(&mut quick, rows_count(COUNT)).await;
        (quick, heard)
    });
    for batch in rows.chunks(100) {
        fixture.announce(batch);
        tokio::task::yield_now().await;
    }
    let (_quick, heard) = listening.await.unwrap();
    let numbers = |texts: Vec<String>| -> Vec<i64> {
        texts.iter().map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect()
    };
    assert_eq!(numbers(heard), (1..=COUNT).collect::<Vec<_>>());
    assert_eq!(numbers(texts(&mut slow, rows_count(COUNT)).await), (1..=COUNT).collect::<Vec<_>>());
    fixture.publish(&[fixture.message(chat, author.contact, COUNT + 1, "live again")]).await;
    assert_eq!(texts(&mut slow, 1).await, ["live again"]);
    fixture.shut_down().await;
}

fn rows_count(count: i64) -> usize {
    usize::try_from(count).unwrap()
}

#[tokio::test]
async fn group_rows_are_delivered_from_joining_to_leaving() {
    let fixture = Fixture::build(|_| {}).await;
    let (author, reader) = (fixture.person().await, fixture.person().await);
    let mut client = live(&fixture, &reader).await;
    let group = GroupId(Uuid::new_v4());
    let chat = ChatRef::Group(group);
    let team = Scope::Team(fixture.team);
    fixture.publish(&[fixture.message(chat, author.contact, 1, "not in")]).await;
    let joined = Notice::GroupUpdated { group, joined: vec![reader.contact] };
    fixture.publish(&[fixture.row(team, Audience::Group(group), joined)]).await;
    fixture.publish(&[fixture.message(chat, author.contact, 2, "in")]).await;
    let frame = client.next().await;
    assert_eq!((text(&frame), &frame["params"]["chat_counters"][0]["num_unread"]), ("in", &json!(1)));
    let left = Notice::GroupDeleted { group, left: vec![reader.contact], gentime: 5 };
    fixture.publish(&[fixture.row(team, Audience::Contacts(vec![reader.contact]), left)]).await;
    fixture.publish(&[fixture.message(chat, author.contact, 3, "out")]).await;
    let gone = client.next().await;
    let chats =
        json!([{"jid": format!("g-{group}"), "chat_type": "group", "gentime": 5, "is_archive": true}]);
    assert_eq!((&gone["event"], &gone["params"]["chats"]), (&json!("server.chat.deleted"), &chats));
    assert_eq!(gone["params"]["badge"], 0);
    let chat = ChatRef::direct(author.contact, reader.contact);
    fixture.publish(&[fixture.message(chat, author.contact, 1, "end")]).await;
    assert_eq!(text(&client.next().await), "end");
    fixture.shut_down().await;
}

#[tokio::test]
async fn read_mark_is_sent_to_the_reader_and_receipt_to_the_author() {
    let fixture = Fixture::build(|_| {}).await;
    let (author, reader) = (fixture.person().await, fixture.person().await);
    let (mut mine, mut yours) = (live(&fixture, &author).await, live(&fixture, &reader).await);
    let chat = ChatRef::direct(author.contact, reader.contact);
    let message = fixture.message(chat, author.contact, 1, "read me");
    let Notice::MessageUpdated { message: told, .. } = &message.notice else { panic!("not a message") };
    let id = told.id;
    let to = |contact: ContactId| Audience::Contacts(vec![contact]);
    let mark = Notice::ReadMarked {
        contact: reader.contact,
        chat,
        message: id,
        base: 1,
        num_unread: 0,
        mentions: vec![],
        gentime: 9,
    };
    let receipt = |author| ReadReceipt { author, message: id, readers: 1 };
    // Receipts of other authors' messages must not reach this author.
    let messages = vec![receipt(reader.contact), receipt(author.contact)];
    let seen = Notice::MessagesReceived { chat, messages };
    let team = Scope::Team(fixture.team);
    let rows =
        [message, fixture.row(team, to(reader.contact), mark), fixture.row(team, to(author.contact), seen)];
    fixture.publish(&rows).await;
    let read = yours.expect("server.chat.lastread").await;
    assert_eq!(read["params"]["chats"][0]["num_unread"], 0);
    assert_eq!(read["params"]["chats"][0]["last_read_message_id"], json!(id.0));
    assert_eq!(
        (&read["params"]["badge"], &read["params"]["team_unread"]["direct"]["chats"]),
        (&json!(0), &json!(0))
    );
    let received = mine.expect("server.message.received").await;
    let expected = json!([{"chat": format!("d-{}", reader.contact), "message_id": id.0, "received": true, "num_received": 1}]);
    assert_eq!(received["params"]["messages"], expected);
    assert!(received["confirm_id"].is_string());
    fixture.shut_down().await;
}

#[tokio::test]
async fn team_changes_are_rendered_for_the_viewer() {
    let fixture = Fixture::build(|_| {}).await;
    let (first, second) = (fixture.person().await, fixture.person().await);
    let mut client = live(&fixture, &first).await;
    fixture.publish(&[fixture.news(Notice::TeamUpdated { team: fixture.team })]).await;
    let frame = client.next().await;
    assert_eq!(frame["event"], "server.team.updated");
    assert_eq!(frame["params"]["teams"][0]["me"]["jid"], json!(format!("d-{}", first.contact)));
    let contacts = vec![second.contact];
    fixture.publish(&[fixture.news(Notice::ContactsUpdated { team: fixture.team, contacts })]).await;
    let frame = client.next().await;
    assert_eq!(frame["event"], "server.contact.updated");
    assert_eq!(frame["params"]["contacts"][0]["can_send_message"], true);
    let settings = Notice::UiSettings { settings: r#"{"theme": "dark"}"#.into() };
    fixture.publish(&[fixture.row(Scope::Account(first.account), Audience::All, settings)]).await;
    assert_eq!(client.next().await, json!({"event": "server.uisettings", "params": {"theme": "dark"}}));
    fixture.shut_down().await;
}

#[tokio::test]
async fn new_team_is_subscribed_from_its_first_notice() {
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    let mut client = live(&fixture, &person).await;
    let other = TeamId(Uuid::new_v4());
    fixture.add_team(other).await;
    fixture.seat(person.account, other).await;
    let told = Notice::TeamUpdated { team: other };
    fixture.publish(&[fixture.row(Scope::Account(person.account), Audience::All, told.clone())]).await;
    assert_eq!(client.next().await["params"]["teams"][0]["uid"], json!(other.0));
    // Other rows of that team are not delivered to this socket.
    let contacts = Notice::ContactsUpdated { team: other, contacts: vec![] };
    client.send(&json!({"event": "client.ping", "confirm_id": "p"})).await;
    client.expect("server.confirm").await;
    fixture.publish(&[fixture.row(Scope::Team(other), Audience::All, contacts)]).await;
    fixture.publish(&[fixture.row(Scope::Team(other), Audience::All, told)]).await;
    let frame = client.next().await;
    assert_eq!(
        (&frame["event"], &frame["params"]["teams"][0]["uid"]),
        (&json!("server.team.updated"), &json!(other.0))
    );
    let gone = Notice::TeamDeleted { team: other, gentime: 3 };
    fixture.publish(&[fixture.row(Scope::Team(other), Audience::All, gone)]).await;
    let expected = json!([{"uid": other.0, "is_archive": true, "gentime": 3}]);
    let frame = client.next().await;
    assert_eq!((&frame["event"], &frame["params"]["teams"]), (&json!("server.team.deleted"), &expected));
    fixture.shut_down().await;
}
