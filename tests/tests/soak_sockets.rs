//! Twenty people with bad connections in one team, while gateway, projection and bus are killed at random: each hears
//! everything that concerns them, once and in order. `VECHE_TEST_SOAK_SECONDS` says for how long, `VECHE_TEST_SEED`
//! repeats a run.

use http::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep};
use veche_tests::{
    chance::{Chance, number},
    exchange::{Body, Call},
    load::Load,
    person::{Person, Team},
    stored,
    wanderer::{Place, Wanderer},
    world::{Layout, Plan, Role, World},
};

const PEOPLE: usize = 20;
const DEFAULT_SECONDS: u64 = 12;

fn phone(number: usize) -> String {
    format!("+790800000{number:02}")
}

/// A row of the feed, as much as is needed to say whom it concerns.
struct Row {
    place: Place,
    is_team: bool,
    audience: Value,
    notice: Value,
}

async fn feed(pool: &sqlx::PgPool, after: u64) -> Vec<Row> {
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("select notice from read.feed where position > $1 order by position, ordinal")
            .bind(i64::try_from(after).expect("a position"))
            .fetch_all(pool)
            .await
            .expect("the feed can be read");
    let row = |row: &Vec<u8>| {
        let mut row: Value = serde_json::from_slice(row).expect("rows are JSON");
        let number = |key: &str| row[key].as_u64().expect("a number");
        Row {
            place: (number("position"), number("ordinal")),
            is_team: row["scope"]["team"].is_string(),
            audience: row["audience"].take(),
            notice: row["notice"].take(),
        }
    };
    rows.iter().map(row).collect()
}

fn names(list: &Value, contact: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|one| one == contact))
}

/// What of a team's feed concerns a contact that was in no group at the beginning: all of it that must be told whatever
/// happens later, and what else may be.
fn concerns(rows: &[Row], contact: &str) -> (Vec<Place>, BTreeSet<Place>) {
    const ALWAYS: [&str; 4] = ["message_updated", "read_marked", "messages_received", "group_deleted"];
    let mut groups = BTreeSet::new();
    let (mut must, mut may) = (Vec::new(), BTreeSet::new());
    for row in rows.iter().filter(|row| row.is_team) {
        let kind = row.notice["kind"].as_str().unwrap_or_default();
        let group = row.notice["group"].as_str().unwrap_or_default();
        if kind == "group_updated" && names(&row.notice["joined"], contact) {
            groups.insert(group.to_owned());
        }
        let hears = match &row.audience {
            Value::String(all) => all == "all",
            audience if audience["contacts"].is_array() => names(&audience["contacts"], contact),
            audience => audience["group"].as_str().is_some_and(|group| groups.contains(group)),
        };
        if hears && ALWAYS.contains(&kind) {
            must.push(row.place);
        } else if hears {
            may.insert(row.place);
        }
        if kind == "group_deleted" && names(&row.notice["left"], contact) {
            groups.remove(group);
        }
    }
    (must, may)
}

struct Room {
    people: Vec<Person>,
    team: Team,
    /// Everybody is in it, all the time.
    group: String,
    /// People come and go.
    coming: String,
}

impl Room {
    fn jid(&self, number: usize) -> String {
        if number == 0 { self.team.me.clone() } else { self.team.jid_of(&phone(number)) }
    }

    /// Does something that may fail, since what it needs may be dead.
    async fn attempt(&self, chance: &mut Chance) {
        let pick = |chance: &mut Chance| usize::try_from(chance.below(PEOPLE as u64)).unwrap_or(0);
        let (someone, other) = (pick(chance), pick(chance));
        let path = format!("/api/v3/teams/{}/ws", self.team.uid);
        let members = format!("/api/v4/teams/{}/groups/{}/members", self.team.uid, self.coming);
        let message = |to: String| json!({"to": to, "content": {"type": "plain", "text": "всем"}});
        let (who, call) = match chance.below(6) {
            0 => (0, Call::new(Method::DELETE, format!("{members}/{}", self.jid(other.max(1))), Body::Empty)),
            1 => {
                let body = json!({"jid": self.jid(other), "status": "member"});
                (0, Call::new(Method::POST, members, Body::Json(body)))
            }
            2 => {
                let body = json!({"jid": self.group});
                (someone, Call::new(Method::POST, format!("{path}/client.chat.lastread"), Body::Json(body)))
            }
            3 => {
                let body = message(self.jid(other));
                (someone, Call::new(Method::POST, format!("{path}/client.message.updated"), Body::Json(body)))
            }
            _ => {
                let body = message(self.coming.clone());
                (0, Call::new(Method::POST, format!("{path}/client.message.updated"), Body::Json(body)))
            }
        };
        let _ = self.people[who].client.unjudged().try_send(call).await;
    }
}

async fn room(world: &World) -> (Room, u64) {
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(Person::login(world.client(), &phone(number)).await);
    }
    let phones: Vec<String> = (1..PEOPLE).map(phone).collect();
    let team = people[0].make_team("двадцать", &phones.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let me = people[0].client.get(format!("/api/v3/teams/{}", team.uid)).await;
    let position = me.header("event-position").and_then(|text| text.parse().ok()).expect("a position");
    let jids: Vec<String> = phones.iter().map(|phone| team.jid_of(phone)).collect();
    let all: Vec<&str> = jids.iter().map(String::as_str).collect();
    let group = people[0].make_group(&team.uid, "все", &all).await;
    let coming = people[0].make_group(&team.uid, "кто придёт", &[&jids[0], &jids[1]]).await;
    (Room { people, team, group, coming }, position)
}

async fn break_something(world: &mut World, chance: &mut Chance) {
    sleep(Duration::from_millis(chance.below(1_200))).await;
    match chance.below(3) {
        0 => {
            world.nats().kill();
            sleep(Duration::from_millis(chance.below(800))).await;
            world.nats().revive();
        }
        1 => {
            world.process(Role::Gateway).kill();
            world.revive(Role::Gateway).await;
        }
        _ => {
            world.process(Role::Projection).kill();
            sleep(Duration::from_millis(chance.below(400))).await;
            world.revive(Role::Projection).await;
        }
    }
}

#[tokio::test]
async fn soak_of_sockets_misses_doubles_and_mixes_nothing() {
    let time = Duration::from_secs(number("VECHE_TEST_SOAK_SECONDS").unwrap_or(DEFAULT_SECONDS));
    let seed = number("VECHE_TEST_SEED").unwrap_or(1);
    println!("{time:?}, VECHE_TEST_SEED={seed}");
    let mut world = World::start(Plan::new(Layout::RolesApart).set("VECHE_WAIT_COMMAND_MS", "1500")).await;
    let (room, from) = room(&world).await;
    let wanderers: Vec<_> = room
        .people
        .iter()
        .zip(seed * 1_000..)
        .map(|(person, seed)| {
            let mut wanderer = Wanderer::new(&person.client, &room.team.uid, from, seed);
            tokio::spawn(async move {
                wanderer.wander(time).await;
                wanderer
            })
        })
        .collect();
    let load = Load::start([room.people[0].client.clone()], &room.team.uid, &room.group);
    let mut chance = Chance(seed);
    let mut talk = Chance(seed + 1);
    let end = Instant::now() + time;
    let talking = async {
        while Instant::now() < end {
            room.attempt(&mut talk).await;
            sleep(Duration::from_millis(20)).await;
        }
    };
    let breaking = async {
        while Instant::now() < end {
            break_something(&mut world, &mut chance).await;
        }
    };
    futures::future::join(talking, breaking).await;
    let acknowledged = load.finish().await;
    let pool = world.pool().await;
    acknowledged.is_in_the_log(&world).await;
    let head = stored::head(&world).await;
    let mut listeners = Vec::new();
    for wanderer in wanderers {
        let mut wanderer = wanderer.await.expect("nothing was heard twice or out of order");
        wanderer.until(head).await;
        listeners.push(wanderer);
    }
    let rows = feed(&pool, from).await;
    let (mut total, mut returns) = (0, 0);
    for (number, wanderer) in listeners.iter().enumerate() {
        let contact = room.jid(number);
        let (must, may) = concerns(&rows, contact.trim_start_matches("d-"));
        let heard: Vec<Place> = wanderer.heard.iter().map(|(place, _)| *place).collect();
        let of_account: BTreeSet<Place> =
            rows.iter().filter(|row| !row.is_team).map(|row| row.place).collect();
        let heard_of_team: Vec<Place> = heard
            .iter()
            .filter(|place| !may.contains(place) && !of_account.contains(place))
            .copied()
            .collect();
        assert_eq!(heard_of_team, must, "{contact} hears what concerns them, no more and no less");
        let said: Vec<&Value> =
            wanderer.heard.iter().map(|(_, frame)| &frame["params"]["messages"][0]["message_id"]).collect();
        let missing = acknowledged.messages.iter().filter(|id| !said.iter().any(|said| *said == id.as_str()));
        assert_eq!(missing.count(), 0, "{contact} hears what was said to all");
        total += heard.len();
        returns += wanderer.returns;
    }
    assert!(returns > PEOPLE, "connections were lost: {returns}");
    println!(
        "{total} frames heard by {PEOPLE} people over {returns} connections, positions {from} to {head}"
    );
}
