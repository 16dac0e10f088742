//! What clients are told: from rows of the feed to frames.

use crate::{
    client::Client,
    house::{House, Person},
};
use events::{ContactId, GroupId, TeamId, chat::ChatRef};
use protocol::notice::{Audience, Notice, ReadReceipt, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

/// A socket that hears the feed from now on.
async fn live(house: &House, person: &Person) -> Client {
    ready(Client::connect(house, person).await).await
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
async fn a_message_is_told_to_both_sides_as_each_sees_it() {
    let house = House::build(|_| {}).await;
    let (author, reader) = (house.person().await, house.person().await);
    let (mut mine, mut yours) = (live(&house, &author).await, live(&house, &reader).await);
    let chat = ChatRef::direct(author.contact, reader.contact);
    house.publish(&[house.message(chat, author.contact, 1, "пыщ!")]).await;
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
    house.pull_down().await;
}

#[tokio::test]
async fn a_gap_on_the_bus_is_filled_from_the_table() {
    let house = House::build(|_| {}).await;
    let (author, reader) = (house.person().await, house.person().await);
    let mut client = live(&house, &reader).await;
    let chat = ChatRef::direct(author.contact, reader.contact);
    let rows: Vec<_> =
        (1..=5).map(|num| house.message(chat, author.contact, num, &num.to_string())).collect();
    house.store(&rows).await;
    house.announce(&rows[0..1]);
    house.announce(&rows[3..4]);
    house.announce(&rows[2..4]);
    house.announce(&rows[4..5]);
    assert_eq!(texts(&mut client, 5).await, ["1", "2", "3", "4", "5"]);
    house.pull_down().await;
}

#[tokio::test]
async fn what_the_bus_never_told_comes_all_the_same() {
    let house = House::build(|_| {}).await;
    let (author, reader) = (house.person().await, house.person().await);
    let mut client = live(&house, &reader).await;
    let chat = ChatRef::direct(author.contact, reader.contact);
    house.store(&[house.message(chat, author.contact, 1, "silent")]).await;
    assert_eq!(texts(&mut client, 1).await, ["silent"]);
    house.pull_down().await;
}

#[tokio::test]
async fn what_was_told_before_a_socket_came_is_not_told_again() {
    let house = House::build(|_| {}).await;
    let (author, reader) = (house.person().await, house.person().await);
    let chat = ChatRef::direct(author.contact, reader.contact);
    house.publish(&[house.message(chat, author.contact, 1, "before")]).await;
    let mut client = live(&house, &reader).await;
    house.publish(&[house.message(chat, author.contact, 2, "after")]).await;
    assert_eq!(texts(&mut client, 1).await, ["after"]);
    house.pull_down().await;
}

#[tokio::test]
async fn a_slow_reader_misses_nothing_and_nobody_waits_for_it() {
    const COUNT: i64 = 1_200;
    let house = House::build(|_| {}).await;
    let (author, reader) = (house.person().await, house.person().await);
    let mut slow = ready(Client::narrow(&house, &reader).await).await;
    let mut quick = live(&house, &author).await;
    let chat = ChatRef::direct(author.contact, reader.contact);
    // More than the system's buffers and the socket's queue hold between the two.
    let padding = "x".repeat(6_000);
    let rows: Vec<_> = (1..=COUNT)
        .map(|num| house.message(chat, author.contact, num, &format!("{num} {padding}")))
        .collect();
    house.store(&rows).await;
    let listening = tokio::spawn(async move {
        let heard = texts(&mut quick, rows_count(COUNT)).await;
        (quick, heard)
    });
    for batch in rows.chunks(100) {
        house.announce(batch);
        tokio::task::yield_now().await;
    }
    let (_quick, heard) = listening.await.unwrap();
    let numbers = |texts: Vec<String>| -> Vec<i64> {
        texts.iter().map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect()
    };
    assert_eq!(numbers(heard), (1..=COUNT).collect::<Vec<_>>());
    assert_eq!(numbers(texts(&mut slow, rows_count(COUNT)).await), (1..=COUNT).collect::<Vec<_>>());
    house.publish(&[house.message(chat, author.contact, COUNT + 1, "live again")]).await;
    assert_eq!(texts(&mut slow, 1).await, ["live again"]);
    house.pull_down().await;
}

fn rows_count(count: i64) -> usize {
    usize::try_from(count).unwrap()
}

#[tokio::test]
async fn groups_are_heard_from_joining_to_leaving() {
    let house = House::build(|_| {}).await;
    let (author, reader) = (house.person().await, house.person().await);
    let mut client = live(&house, &reader).await;
    let group = GroupId(Uuid::new_v4());
    let chat = ChatRef::Group(group);
    let team = Scope::Team(house.team);
    house.publish(&[house.message(chat, author.contact, 1, "not in")]).await;
    let joined = Notice::GroupUpdated { group, joined: vec![reader.contact] };
    house.publish(&[house.row(team, Audience::Group(group), joined)]).await;
    house.publish(&[house.message(chat, author.contact, 2, "in")]).await;
    let frame = client.next().await;
    assert_eq!((text(&frame), &frame["params"]["chat_counters"][0]["num_unread"]), ("in", &json!(1)));
    let left = Notice::GroupDeleted { group, left: vec![reader.contact], gentime: 5 };
    house.publish(&[house.row(team, Audience::Contacts(vec![reader.contact]), left)]).await;
    house.publish(&[house.message(chat, author.contact, 3, "out")]).await;
    let gone = client.next().await;
    let chats =
        json!([{"jid": format!("g-{group}"), "chat_type": "group", "gentime": 5, "is_archive": true}]);
    assert_eq!((&gone["event"], &gone["params"]["chats"]), (&json!("server.chat.deleted"), &chats));
    assert_eq!(gone["params"]["badge"], 0);
    let chat = ChatRef::direct(author.contact, reader.contact);
    house.publish(&[house.message(chat, author.contact, 1, "end")]).await;
    assert_eq!(text(&client.next().await), "end");
    house.pull_down().await;
}

#[tokio::test]
async fn reading_is_told_to_the_reader_and_to_the_author() {
    let house = House::build(|_| {}).await;
    let (author, reader) = (house.person().await, house.person().await);
    let (mut mine, mut yours) = (live(&house, &author).await, live(&house, &reader).await);
    let chat = ChatRef::direct(author.contact, reader.contact);
    let message = house.message(chat, author.contact, 1, "read me");
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
    // Of others' messages the row tells others.
    let messages = vec![receipt(reader.contact), receipt(author.contact)];
    let seen = Notice::MessagesReceived { chat, messages };
    let team = Scope::Team(house.team);
    let rows =
        [message, house.row(team, to(reader.contact), mark), house.row(team, to(author.contact), seen)];
    house.publish(&rows).await;
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
    house.pull_down().await;
}

#[tokio::test]
async fn what_changes_in_the_team_is_told_as_the_hearer_sees_it() {
    let house = House::build(|_| {}).await;
    let (first, second) = (house.person().await, house.person().await);
    let mut client = live(&house, &first).await;
    house.publish(&[house.news(Notice::TeamUpdated { team: house.team })]).await;
    let frame = client.next().await;
    assert_eq!(frame["event"], "server.team.updated");
    assert_eq!(frame["params"]["teams"][0]["me"]["jid"], json!(format!("d-{}", first.contact)));
    let contacts = vec![second.contact];
    house.publish(&[house.news(Notice::ContactsUpdated { team: house.team, contacts })]).await;
    let frame = client.next().await;
    assert_eq!(frame["event"], "server.contact.updated");
    assert_eq!(frame["params"]["contacts"][0]["can_send_message"], true);
    let settings = Notice::UiSettings { settings: r#"{"theme": "dark"}"#.into() };
    house.publish(&[house.row(Scope::Account(first.account), Audience::All, settings)]).await;
    assert_eq!(client.next().await, json!({"event": "server.uisettings", "params": {"theme": "dark"}}));
    house.pull_down().await;
}

#[tokio::test]
async fn a_new_team_of_the_account_is_heard_from_the_moment_it_is_told() {
    let house = House::build(|_| {}).await;
    let person = house.person().await;
    let mut client = live(&house, &person).await;
    let other = TeamId(Uuid::new_v4());
    house.add_team(other).await;
    house.seat(person.account, other).await;
    let told = Notice::TeamUpdated { team: other };
    house.publish(&[house.row(Scope::Account(person.account), Audience::All, told.clone())]).await;
    assert_eq!(client.next().await["params"]["teams"][0]["uid"], json!(other.0));
    // Whatever else happens there is not for this socket.
    let contacts = Notice::ContactsUpdated { team: other, contacts: vec![] };
    client.send(&json!({"event": "client.ping", "confirm_id": "p"})).await;
    client.expect("server.confirm").await;
    house.publish(&[house.row(Scope::Team(other), Audience::All, contacts)]).await;
    house.publish(&[house.row(Scope::Team(other), Audience::All, told)]).await;
    let frame = client.next().await;
    assert_eq!(
        (&frame["event"], &frame["params"]["teams"][0]["uid"]),
        (&json!("server.team.updated"), &json!(other.0))
    );
    let gone = Notice::TeamDeleted { team: other, gentime: 3 };
    house.publish(&[house.row(Scope::Team(other), Audience::All, gone)]).await;
    let expected = json!([{"uid": other.0, "is_archive": true, "gentime": 3}]);
    let frame = client.next().await;
    assert_eq!((&frame["event"], &frame["params"]["teams"]), (&json!("server.team.deleted"), &expected));
    house.pull_down().await;
}
