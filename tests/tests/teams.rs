//! Teams beyond one request: live updates, pictures, storage.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use chrono::{Datelike, Utc};
use serde_json::{Value, json};
use veche_tests::{
    person::{Person, Team, text},
    scenario::picture,
    shape::Format,
    socket::Socket,
    stored,
    world::{PUBLIC_URL, World},
};

const ANNA: &str = "+79110000001";
const BORIS: &str = "+79110000002";
const CLARA: &str = "+79110000003";
const STRANGER: &str = "+79110000004";

/// Checks the frames about a new team on a member's socket of another team.
async fn is_told(socket: &mut Socket, who: &str, own: &str, team: &Team) {
    let updated = socket.event("server.team.updated").await;
    let updated = &updated["teams"][0];
    assert_eq!((&updated["uid"], &updated["me"]["jid"]), (&json!(team.uid), &json!(own)), "{who}");
    let contacts = socket.event("server.contact.updated").await;
    let contacts = contacts["contacts"].as_array().unwrap();
    let people = team.json["contacts"].as_array().unwrap();
    let known = |person: &&Value| contacts.iter().any(|contact| contact["jid"] == person["jid"]);
    assert_eq!(people.iter().filter(known).count(), people.len(), "{who} is told of everybody: {contacts:?}");
    for contact in contacts {
        let is_own = contact["jid"] == own;
        let plain = updated["me"]["status"] == "member";
        assert_eq!(contact.get("alt_send").is_some(), is_own, "preferences are one's own: {contact}");
        if plain && !is_own && contact.get("botname").is_none() {
            assert_eq!((&contact["changeable_fields"], contact.get("can_delete")), (&json!([]), None));
        }
    }
    let sections = socket.event("server.section.updated").await;
    assert_eq!(sections["chat_type"], "direct");
    assert!(sections["gentime"].is_i64(), "{sections}");
    let section = &sections["sections"][0];
    assert!(section["uid"].as_str().is_some_and(|uid| Format::Uuid.fits(uid)), "{sections}");
    assert!(section["name"].is_string() && section["sort_ordering"].is_u64(), "{sections}");
}

#[tokio::test]
async fn create_team_notifies_all_sockets_of_its_members() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let clara = Person::login(world.client(), CLARA).await;
    let stranger = Person::login(world.client(), STRANGER).await;
    // All have sockets in an earlier team; Boris in two.
    let common = anna.make_team("прежняя", &[BORIS, CLARA, STRANGER]).await;
    let own = boris.make_team("Бориса", &[]).await;
    let mut sockets = Vec::new();
    for (who, team) in [(&anna, &common), (&boris, &common), (&boris, &own), (&clara, &common)] {
        sockets.push((who.phone.clone(), who.socket(&team.uid).await));
    }
    let mut outside = stranger.socket(&common.uid).await;
    for socket in sockets.iter_mut().map(|(_, socket)| socket).chain([&mut outside]) {
        socket.forget().await;
    }
    let team = anna.make_team("новая", &[BORIS, CLARA]).await;
    for (phone, socket) in &mut sockets {
        is_told(socket, phone, &team.jid_of(phone), &team).await;
    }
    outside.has_not_received("a team of others", |frame| frame["event"] == "server.team.updated").await;
    let about_new = |frame: &Value| {
        let contacts = frame["params"]["contacts"].as_array().into_iter().flatten();
        contacts.into_iter().any(|contact| contact["jid"] == team.me.as_str())
    };
    outside.has_not_received("people of a team of others", about_new).await;
}

#[tokio::test]
async fn create_team_lists_contacts_newest_first_and_the_owner_last() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team_of("т", json!([{"phone": BORIS}, {"phone": CLARA, "status": "admin"}])).await;
    let contacts = team.json["contacts"].as_array().unwrap();
    let told: Vec<_> =
        contacts.iter().map(|contact| (&contact["contact_phone"], &contact["status"])).collect();
    let (clara, boris) = ((&json!(CLARA), &json!("admin")), (&json!(BORIS), &json!("member")));
    assert_eq!(told, [clara, boris, (&json!(ANNA), &json!("owner"))], "newest first, and no bots");
    assert_eq!(contacts[2], team.json["me"]);
    assert_eq!(team.json["me"].as_object().unwrap().len(), 28);
    for contact in &contacts[..2] {
        assert_eq!(contact.as_object().unwrap().len(), 15, "{contact}");
        assert_eq!((&contact["can_call"], &contact["can_send_message"]), (&json!(true), &json!(true)));
    }
    for right in ["can_call", "can_send_message"] {
        assert_eq!(team.json["me"].get(right), None, "nobody calls themselves");
    }
}

#[tokio::test]
async fn contact_in_two_teams_has_a_different_address_in_each() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let teams = [anna.make_team("а", &[BORIS]).await, anna.make_team("б", &[BORIS]).await];
    let mine = [boris.jid(&teams[0].uid).await, boris.jid(&teams[1].uid).await];
    assert_ne!(mine[0], mine[1]);
    for (team, jid) in teams.iter().zip(&mine) {
        assert!(Format::Jid('d').fits(jid), "{jid}");
        assert_eq!(team.jid_of(BORIS), *jid);
        assert!(Format::Uuid.fits(&team.uid));
    }
    let across = json!({"to": teams[1].jid_of(BORIS), "content": {"type": "plain", "text": "x"}});
    let path = format!("/api/v3/teams/{}/ws/client.message.updated", teams[0].uid);
    anna.client.post(path, across).await.fails(404, "NOT_FOUND");
}

/// The colour in the URL of a drawn picture.
fn colour(of: &Value) -> String {
    let stub = text(&of["icons"]["stub"]);
    let rest =
        stub.strip_prefix(&format!("{PUBLIC_URL}/u/")).unwrap_or_else(|| panic!("{stub} is elsewhere"));
    rest.split('/').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn new_accounts_and_teams_get_seven_colours_in_turn() {
    const CYCLE: [&str; 7] = ["579dda", "8e88eb", "e36659", "f0769a", "f08c50", "578e3c", "63bed3"];
    let world = World::all_in_one().await;
    let mut given = Vec::new();
    for n in 0..4 {
        let person = Person::login(world.client(), &format!("+791100000{n}0")).await;
        let team = person.make_team("т", &[]).await;
        given.extend([colour(&team.json["me"]), colour(&team.json)]);
        let renamed = person.client.put(format!("/api/v3/teams/{}", team.uid), json!({"name": "я ю"})).await;
        assert_eq!(colour(&renamed.ok()), colour(&team.json), "for life");
    }
    let first = CYCLE.iter().position(|colour| *colour == given[0]).unwrap();
    let expected: Vec<_> = (first..).take(8).map(|n| CYCLE[n % CYCLE.len()]).collect();
    assert_eq!(given, expected);
}

#[tokio::test]
async fn change_team_notifies_of_the_team_alone() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("т", &[]).await;
    let mut socket = anna.socket(&team.uid).await;
    socket.forget().await;
    let change = json!({"name": "иначе", "default_task_deadline": "17:30:00"});
    anna.client.put(format!("/api/v3/teams/{}", team.uid), change).await.ok();
    let told = socket.event("server.team.updated").await;
    assert_eq!(told["teams"][0]["default_task_deadline"], "17:30:00");
    let others =
        ["server.contact.updated", "server.group.updated", "server.chat.updated", "server.section.updated"];
    let other = |frame: &Value| others.iter().any(|name| frame["event"] == *name);
    socket.has_not_received("anything of people and groups", other).await;
}

/// Width and height of the picture at a URL of ours.
async fn size(person: &Person, url: &Value) -> (u32, u32) {
    let url = text(url);
    let path = url.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{url} is elsewhere"));
    let answer = person.client.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{answer}");
    let picture = image::load_from_memory(&answer.bytes).unwrap();
    (picture.width(), picture.height())
}

#[tokio::test]
async fn set_and_remove_picture_notify_sockets() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("т", &[]).await;
    assert_eq!(size(&anna, &team.json["icons"]["stub"]).await, (256, 256));
    let mut socket = anna.socket(&team.uid).await;
    socket.forget().await;
    let path = format!("/api/v3/teams/{}/icons", team.uid);
    anna.client.delete(path.clone()).await.ok();
    let mut earlier = Value::Null;
    for (width, height, large) in [(1500, 2048, (750, 1024)), (64, 32, (64, 32))] {
        let icons = anna.client.upload(path.clone(), "file", "p.png", picture(width, height)).await.ok();
        assert_ne!(icons, earlier);
        let keys: Vec<_> = icons.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["lg", "sm"], "a picture and no drawing");
        assert_eq!((&icons["sm"]["width"], &icons["sm"]["height"]), (&json!(256), &json!(256)));
        assert_eq!((&icons["lg"]["width"], &icons["lg"]["height"]), (&json!(large.0), &json!(large.1)));
        assert!(
            text(&icons["sm"]["url"]).ends_with("/256.jpg") && text(&icons["lg"]["url"]).ends_with("/1x.jpg")
        );
        assert_eq!(
            (size(&anna, &icons["sm"]["url"]).await, size(&anna, &icons["lg"]["url"]).await),
            ((256, 256), large)
        );
        socket.event_where("server.team.updated", |params| params["teams"][0]["icons"] == icons).await;
        earlier = icons;
    }
    let drawn = anna.client.delete(path.clone()).await.ok();
    assert_eq!(drawn.as_object().unwrap().keys().collect::<Vec<_>>(), ["stub"]);
    socket.event_where("server.team.updated", |params| params["teams"][0]["icons"] == drawn).await;
    assert_eq!(anna.client.delete(path).await.ok(), drawn, "removing none is fine");
}

#[tokio::test]
async fn team_usage_has_two_years_of_months_and_the_current_size() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("т", &[]).await;
    let path = format!("/api/v3/teams/{}", team.uid);
    anna.client.upload(format!("{path}/icons"), "file", "p.png", picture(64, 32)).await.ok();
    let usage = anna.client.get(format!("{path}/usage")).await.ok();
    let months = usage["by_months"].as_array().unwrap();
    let number = |month: &Value| month["year"].as_i64().unwrap() * 12 + month["month"].as_i64().unwrap() - 1;
    let now = Utc::now();
    let newest = i64::from(now.year()) * 12 + i64::from(now.month0());
    let numbers: Vec<i64> = months.iter().map(number).collect();
    assert_eq!(numbers, (newest - 23..=newest).collect::<Vec<_>>(), "two years, oldest first");
    assert!(months[..23].iter().all(|month| month["uploads_size"] == 0));
    assert!(usage["uploads_size"].as_i64() > Some(0), "{usage}");
    assert_eq!(months[23]["uploads_size"], usage["uploads_size"]);

    anna.client.delete(format!("{path}/icons")).await.ok();
    let after = anna.client.get(format!("{path}/usage")).await.ok();
    assert_eq!(after["uploads_size"], 0, "what is stored now");
    assert_eq!(after["by_months"][23], usage["by_months"][23], "what came in this month");

    // No request raises the quota; a team with another quota shows it.
    let sold = sqlx::query("update read.team set uploads_size_limit = 108077952 where uid = $1::uuid");
    sold.bind(&team.uid).execute(&world.pool().await).await.unwrap();
    for path in [format!("{path}/usage"), path] {
        assert_eq!(anna.client.get(path).await.ok()["uploads_size_limit"], 108_077_952);
    }
}

#[tokio::test]
async fn create_team_beyond_the_limit_of_contacts_writes_nothing() {
    const MOST: usize = 490;
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let contacts = |count: usize| -> Vec<Value> {
        (0..count).map(|n| json!({"phone": format!("+7912{n:07}")})).collect()
    };
    let events = || stored::count(&world, |_| true);
    for version in ["v3", "v4"] {
        let before = events().await;
        let body = json!({"name": "полк", "contacts": contacts(MOST + 1)});
        let refused = anna.client.post(format!("/api/{version}/teams"), body).await;
        let told = refused.json["details"]["contacts"].as_str().unwrap_or_default().to_owned();
        assert!(told.contains("490"), "{told}");
        refused.fails(422, "INVALID_DATA");
        assert_eq!(events().await, before, "nothing is written");
    }
    let team = anna.make_team_of("полк", json!(contacts(MOST))).await;
    assert_eq!(team.json["contacts"].as_array().unwrap().len(), MOST + 1);
}
