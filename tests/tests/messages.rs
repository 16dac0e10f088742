//! Messages as they are received and read: group changes, reactions, deletions, pages of a history.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;
use veche_tests::{
    person::{Person, text},
    two_users::TwoUsersInGroup,
    world::World,
};

const ANNA: &str = "+79012000001";
const BORIS: &str = "+79012000002";
const CLARA: &str = "+79012000003";

async fn in_group() -> TwoUsersInGroup {
    TwoUsersInGroup::start(World::all_in_one().await, &[ANNA, BORIS, CLARA]).await
}

fn first(params: &Value) -> &Value {
    &params["messages"][0]
}

fn ids(page: &Value) -> Vec<String> {
    page["messages"].as_array().map_or(vec![], |all| all.iter().map(|one| text(&one["message_id"])).collect())
}

/// One index covers both languages: a word's letters tell which one it belongs to.
#[tokio::test]
async fn search_finds_other_forms_of_a_word_and_common_words() {
    let fixture = in_group().await;
    let TwoUsersInGroup { anna, boris, team, group, .. } = &fixture;
    let reports =
        anna.post(&team.uid, group, "Отчёты готовы, и релиз deployed: https://veche.example/a-b").await;
    let nothing = anna.post(&team.uid, group, "не было бы the счастья").await;
    let found = async |words: &str| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish();
        let page = boris.client.get(format!("/api/v4/teams/{}/messages?{query}", team.uid)).await.ok();
        ids(&page)
    };
    let (reports, nothing) = (text(&reports["message_id"]), text(&nothing["message_id"]));
    for words in ["отчёт", "ОТЧЁТАМИ", "отчёты и deploys", "deploying релиза", "veche.example"]
    {
        assert_eq!(found(words).await, [reports.as_str()], "{words}");
    }
    for words in ["счастье", "бы", "the", "не the счастью"] {
        assert_eq!(found(words).await, [nothing.as_str()], "{words}");
    }
    assert_eq!(found("и").await, [reports.as_str()], "only one of them has it");
    for words in ["отчёт счастье", "отч", "— …", "d-"] {
        assert!(found(words).await.is_empty(), "{words}");
    }
}

#[tokio::test]
async fn group_changes_arrive_as_messages_without_unread() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world, anna, boris, team, group } = &fixture;
    let clara = Person::login(world.client(), CLARA).await;
    let mut his = boris.socket(&team.uid).await;
    his.ask("client.ping", Value::Null).await;
    let members = format!("/api/v4/teams/{}/groups/{group}/members", team.uid);
    let jid = team.jid_of(CLARA);
    anna.client.post(members.clone(), json!({"jid": jid, "status": "member"})).await.ok();
    let is_change = |params: &Value| first(params)["content"]["type"] == "change";
    let received = his.event_where("server.message.updated", is_change).await;
    let change = first(&received);
    assert_eq!(change["content"]["title"], "Добавлен участник", "{change}");
    assert_eq!((&change["content"]["actor"], &change["from"]), (&json!(team.me), &json!(team.me)));
    assert_eq!(change["content"]["text"], format!("Добавлен участник: {}", text(&change["content"]["new"])));
    assert_eq!(
        (&received["delayed"], &received["chat_counters"][0]["num_unread"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(
        (&change["num"], change["prev"].is_string()),
        (&json!(1), true),
        "behind the group's beginning"
    );

    clara.client.delete(format!("{members}/{jid}")).await.ok();
    let left = his.event_where("server.message.updated", is_change).await;
    assert_eq!(first(&left)["content"]["title"], "Участник вышел");
    assert_eq!(first(&left)["prev"], change["message_id"]);

    let mut path = fixture.messages(group);
    path.push_str("?type=change&lang=en");
    let page = boris.client.get(path).await.ok();
    let titles: Vec<&Value> =
        page["messages"].as_array().unwrap().iter().map(|one| &one["content"]["title"]).collect();
    assert_eq!(titles, ["A member has left", "A member was added", "The group was created"]);
    let unread = boris.client.get(format!("/api/v3/teams/{}", team.uid)).await.ok();
    assert_eq!(unread["unread"]["group"], json!({"chats": 0, "messages": 0}));

    // No message can take the id of a change.
    let id = &change["message_id"];
    let taken = json!({"text": "x", "message_id": id});
    boris.client.post(fixture.messages(group), taken).await.fails(422, "INVALID_DATA");
    let path = format!("{}/{}", fixture.messages(group), text(id));
    anna.client.delete(path.clone()).await.fails(404, "NOT_FOUND");
    anna.client.post(path, json!({"text": "x"})).await.fails(404, "NOT_FOUND");
    let forward = json!({"text": "x", "linked_messages": [id]});
    boris.client.post(fixture.messages(group), forward).await.fails(422, "INVALID_DATA");
}

#[tokio::test]
async fn reactions_notify_without_unread_and_count_once() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world: _world, anna, boris, team, group } = &fixture;
    let mut hers = anna.socket(&team.uid).await;
    let said = anna.post(&team.uid, group, "идея").await;
    hers.event_where("server.message.updated", |params| first(params)["message_id"] == said["message_id"])
        .await;
    let path = format!("{}/{}/reactions", fixture.messages(group), text(&said["message_id"]));
    for (person, emoji) in
        [(boris, "%F0%9F%91%8D"), (boris, "%F0%9F%91%8D"), (anna, "%F0%9F%91%8D"), (boris, "%F0%9F%94%A5")]
    {
        person.client.post(format!("{path}/{emoji}"), json!({})).await.ok();
    }
    let is_last = |params: &Value| first(params)["reactions"].as_array().is_some_and(|all| all.len() == 2);
    let received = hers.event_where("server.message.updated", is_last).await;
    let message = first(&received);
    assert_eq!((&received["delayed"], &received["chat_counters"]), (&json!(true), &json!([])));
    let liked = &message["reactions"][0];
    assert_eq!((&liked["name"], &liked["counter"]), (&json!("👍"), &json!(2)), "{message}");
    let senders: Vec<&Value> =
        liked["details"].as_array().unwrap().iter().map(|one| &one["sender"]).collect();
    assert_eq!(senders, [&json!(team.jid_of(BORIS)), &json!(team.me)], "oldest first");
    assert!(message["gentime"].as_i64() > said["gentime"].as_i64());
    assert!(message["edited"].is_null(), "a reaction is no edit");

    let gone = boris.client.delete(format!("{path}/%F0%9F%91%8D")).await.ok();
    assert_eq!(gone["reactions"][0]["counter"], 1);
    boris.client.delete(format!("{path}/%F0%9F%91%8D")).await.ok();
    anna.client.delete(format!("{path}/%F0%9F%91%8D")).await.ok();
    let left = boris.client.delete(format!("{path}/%F0%9F%94%A5")).await.ok();
    assert!(left["reactions"].is_null(), "{left}");
}

#[tokio::test]
async fn deleted_text_reaches_the_sockets_of_its_author_alone() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world, anna, boris, team, group } = &fixture;
    let mut hers = anna.socket(&team.uid).await;
    let mut his = boris.socket(&team.uid).await;
    for socket in [&mut hers, &mut his] {
        socket.ask("client.ping", Value::Null).await;
    }
    let said = boris.post(&team.uid, group, "сгоряча").await;
    let id = text(&said["message_id"]);
    let forwarded = json!({"text": "", "linked_messages": [id], "reply_to": id});
    let bearer = boris.client.post(fixture.messages(group), forwarded).await.ok();
    assert_eq!(bearer["linked_messages"][0]["content"]["text"], "сгоряча", "{bearer}");
    let left = boris.client.delete(format!("{}/{id}", fixture.messages(group))).await.ok();
    assert_eq!(first(&left)["content"], json!({"text": "", "type": "deleted"}), "not even to the author");

    let is_deletion = |params: &Value| first(params)["content"]["type"] == "deleted";
    let own = his.event_where("server.message.updated", is_deletion).await;
    assert_eq!(first(&own)["content"]["text"], "сгоряча");
    let others = hers.event_where("server.message.updated", is_deletion).await;
    assert_eq!(
        (&first(&others)["content"]["text"], &first(&others)["is_archive"]),
        (&json!(""), &json!(true))
    );
    assert_eq!((&others["delayed"], &first(&others)["num"]), (&json!(true), &Value::Null));

    // Nothing of it is left in lists, in forwards and replies, and in the feed for later clients.
    for path in ["", "?include_deleted=1", "?include_deleted=true&type=deleted"] {
        let page = boris.client.get(format!("{}{path}", fixture.messages(group))).await.ok();
        assert!(!page.to_string().contains("сгоряча"), "{page}");
        assert_eq!(ids(&page).contains(&id), !path.is_empty());
    }
    let pool = world.pool().await;
    let clear: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM read.feed WHERE convert_from(notice, 'UTF8') LIKE '%сгоряча%') \
             OR EXISTS (SELECT 1 FROM read.message WHERE body = 'сгоряча') \
             OR EXISTS (SELECT 1 FROM read.forward WHERE body = 'сгоряча') \
             OR EXISTS (SELECT 1 FROM ops.withdrawn WHERE text LIKE '%сгоряча%')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(!clear, "it lies somewhere in the clear");

    // A group admin deletes others' messages, and then nobody sees the text.
    let said = boris.post(&team.uid, group, "лишнее").await;
    anna.client.delete(format!("{}/{}", fixture.messages(group), text(&said["message_id"]))).await.ok();
    for socket in [&mut hers, &mut his] {
        let received = socket
            .event_where("server.message.updated", |params| {
                is_deletion(params) && first(params)["message_id"] == said["message_id"]
            })
            .await;
        assert_eq!(first(&received)["content"]["text"], "");
    }
}

/// Reads pages by a cursor to the end while somebody posts; returns all ids in order.
async fn walk(
    fixture: &TwoUsersInGroup,
    query: &str,
    cursor: &str,
    from_last: bool,
    start: Option<String>,
) -> Vec<String> {
    let mut seen = vec![];
    let mut at = start;
    loop {
        let place = at.as_ref().map_or(String::new(), |id| format!("&{cursor}={id}"));
        let path = format!("{}?limit=3{query}{place}", fixture.messages(&fixture.group));
        let page = ids(&fixture.boris.client.get(path).await.ok());
        if cursor == "old_from" {
            fixture.anna.post(&fixture.team.uid, &fixture.group, "ещё одно").await;
        }
        let Some(next) = (if from_last { page.last() } else { page.first() }).cloned() else { return seen };
        at = Some(next);
        match from_last {
            true => seen.extend(page),
            false => seen.extend(page.into_iter().rev()),
        }
        assert!(seen.len() < 500, "pages never end");
    }
}

#[tokio::test]
async fn message_pages_by_any_cursor_visit_each_message_once_while_others_post() {
    let fixture = in_group().await;
    let TwoUsersInGroup { anna, boris, team, group, .. } = &fixture;
    let mut posted = vec![];
    for n in 0..17 {
        let person = if n % 3 == 0 { boris } else { anna };
        posted.push(text(&person.post(&team.uid, group, &format!("номер {n}")).await["message_id"]));
    }
    for id in [&posted[4], &posted[9]] {
        anna.client.delete(format!("{}/{id}", fixture.messages(group))).await.ok();
    }
    let all: Vec<String> =
        ids(&boris.client.get(format!("{}?include_deleted=1", fixture.messages(group))).await.ok());
    assert_eq!(all.len(), 18, "with the beginning of the group");
    let whole: BTreeSet<&String> = all.iter().collect();

    let backwards = walk(&fixture, "&include_deleted=1", "old_from", true, None).await;
    assert_eq!(backwards, all, "from the newest to the first, whatever is posted meanwhile");
    let oldest = all.last().cloned();
    let upwards = walk(&fixture, "&include_deleted=1", "new_from", false, oldest.clone()).await;
    let expected: Vec<String> = all.iter().rev().skip(1).cloned().collect();
    assert_eq!(upwards[..expected.len()], expected[..], "from the first to the newest");
    let path = format!("{}?limit=200&include_deleted=1&old_from_inc={}", fixture.messages(group), all[5]);
    assert_eq!(ids(&boris.client.get(path).await.ok()), all[5..]);
    let path = format!("{}?limit=2&include_deleted=1&new_from_inc={}", fixture.messages(group), all[5]);
    assert_eq!(ids(&boris.client.get(path).await.ok()), all[4..=5]);
    let path = format!("{}?limit=5&include_deleted=1&around={}", fixture.messages(group), all[5]);
    assert_eq!(ids(&boris.client.get(path).await.ok()), all[3..=7]);
    let path = format!("{}?exact={}", fixture.messages(group), all[5]);
    assert_eq!(ids(&boris.client.get(path).await.ok()), all[5..=5]);
    let between =
        format!("{}?include_deleted=1&old_from={}&new_from={}", fixture.messages(group), all[3], all[7]);
    assert_eq!(ids(&boris.client.get(between).await.ok()), all[4..7]);

    // By offset, without new posts, and over all chats.
    let mut by_offset = vec![];
    for offset in (0..).step_by(4) {
        let path = format!(
            "/api/v4/teams/{}/messages?limit=4&include_deleted=1&chat={group}&offset={offset}",
            team.uid
        );
        let page = boris.client.get(path).await.ok();
        assert_eq!(page["messages"], page["objects"]);
        if ids(&page).is_empty() {
            break;
        }
        by_offset.extend(ids(&page));
    }
    let unique: BTreeSet<&String> = by_offset.iter().collect();
    assert_eq!(unique.len(), by_offset.len());
    assert!(whole.is_subset(&unique));

    // Numbers change when messages are deleted; predecessors do not.
    let page = boris.client.get(format!("{}?limit=200", fixture.messages(group))).await.ok();
    let shown = page["messages"].as_array().unwrap();
    let numbers: Vec<i64> = shown.iter().rev().filter_map(|one| one["num"].as_i64()).collect();
    assert_eq!(numbers, (0..shown.len() as i64).collect::<Vec<_>>());
}

#[tokio::test]
async fn messages_of_others_chats_never_show() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world, anna, boris, team, group } = &fixture;
    let clara = Person::login(world.client(), CLARA).await;
    let secret = anna.post(&team.uid, group, "секрет кружка").await;
    let private = anna.post(&team.uid, &team.jid_of(BORIS), "личный секрет").await;
    let own = anna.post(&team.uid, &team.jid_of(CLARA), "не секрет").await;
    let search = format!("/api/v4/teams/{}/messages", team.uid);
    let found = clara.client.get(format!("{search}?q=%D1%81%D0%B5%D0%BA%D1%80%D0%B5%D1%82%D1%8B")).await.ok();
    assert_eq!(ids(&found), [text(&own["message_id"])], "{found}");
    assert_eq!(found["count"], 1);
    for id in [text(&secret["message_id"]), text(&private["message_id"])] {
        for side in ["old_from", "new_from_inc", "around"] {
            clara.client.get(format!("{search}?{side}={id}")).await.fails(422, "INVALID_DATA");
        }
        assert!(ids(&clara.client.get(format!("{search}?exact={id}")).await.ok()).is_empty());
        for body in [json!({"text": "x", "reply_to": id}), json!({"text": "x", "linked_messages": [id]})] {
            let path = fixture.messages(&team.me);
            clara.client.post(path, body).await.fails(422, "INVALID_DATA");
        }
        let path = format!("{}/{id}", fixture.messages(&team.me));
        clara.client.get(path.clone()).await.fails(404, "NOT_FOUND");
        clara.client.delete(path.clone()).await.fails(404, "NOT_FOUND");
        clara.client.post(format!("{path}/reactions/%F0%9F%91%8D"), json!({})).await.fails(404, "NOT_FOUND");
        let by_event = format!("/api/v3/teams/{}/ws/client.message.deleted", team.uid);
        clara.client.post(by_event, json!({"message_id": id})).await.fails(404, "NOT_FOUND");
    }
    assert!(ids(&clara.client.get(format!("{search}?chat={group}")).await.ok()).is_empty());

    // A forward does not show where it is from, and keeps its text when the original is edited.
    let forward = json!({"text": "смотри", "linked_messages": [secret["message_id"]]});
    let bearer = anna.client.post(fixture.messages(&team.jid_of(CLARA)), forward).await.ok();
    let edit = format!("{}/{}", fixture.messages(group), text(&secret["message_id"]));
    anna.client.put(edit, json!({"text": "совсем другой секрет"})).await.ok();
    let path = format!("{}/{}", fixture.messages(&team.me), text(&bearer["message_id"]));
    let seen = clara.client.get(path).await.ok();
    assert!(!seen.to_string().contains(group.as_str()), "{seen}");
    assert_eq!(seen["linked_messages"][0]["content"]["text"], "секрет кружка");
    assert_eq!(seen["linked_messages"][0]["chat"], json!(team.me));
    // A reply to a message of another chat would show it to people outside that chat.
    let elsewhere = json!({"text": "x", "reply_to": secret["message_id"], "message_id": Uuid::new_v4()});
    anna.client.post(fixture.messages(&team.jid_of(CLARA)), elsewhere).await.fails(422, "INVALID_DATA");
    let _ = boris;
}
