//! Twenty people with bad connections in one team, while gateway, projection and bus are killed at random: each receives
//! every frame for them once and in order. `VECHE_TEST_SOAK_SECONDS` sets the duration, `VECHE_TEST_SEED` repeats a
//! run.

use fastrand::Rng;
use http::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep};
use veche_tests::{
    env::number,
    exchange::{Body, Call},
    flaky_client::{FlakyClient, FramePosition},
    load::Load,
    person::{Person, Team},
    stored,
    world::{Layout, Plan, Role, World},
};

const PEOPLE: usize = 20;
const DEFAULT_SECONDS: u64 = 12;

fn phone(number: usize) -> String {
    format!("+790800000{number:02}")
}

/// The parts of a feed row that tell its audience.
struct Row {
    place: FramePosition,
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

/// Rows of a team's feed for a contact that was in no group at the beginning: those that it must receive whatever happens
/// later, and those that it may receive.
fn concerns(rows: &[Row], contact: &str) -> (Vec<FramePosition>, BTreeSet<FramePosition>) {
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

struct TalkingTeam {
    people: Vec<Person>,
    team: Team,
    /// The group that all are in, all the time.
    group: String,
    /// The group that people join and leave.
    coming: String,
}

impl TalkingTeam {
    fn jid(&self, number: usize) -> String {
        if number == 0 { self.team.me.clone() } else { self.team.jid_of(&phone(number)) }
    }

    /// Sends a command that may fail, since a process may be down.
    async fn attempt(&self, rng: &mut Rng) {
        let pick = |rng: &mut Rng| usize::try_from(rng.u64(..PEOPLE as u64)).unwrap_or(0);
        let (someone, other) = (pick(rng), pick(rng));
        let path = format!("/api/v3/teams/{}/ws", self.team.uid);
        let members = format!("/api/v4/teams/{}/groups/{}/members", self.team.uid, self.coming);
        let message = |to: String| json!({"to": to, "content": {"type": "plain", "text": "всем"}});
        let (who, call) = match rng.u64(..6) {
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

async fn talking_team(world: &World) -> (TalkingTeam, u64) {
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
    (TalkingTeam { people, team, group, coming }, position)
}

async fn break_something(world: &mut World, rng: &mut Rng) {
    sleep(Duration::from_millis(rng.u64(..1_200))).await;
    match rng.u64(..3) {
        0 => {
            world.nats().kill();
            sleep(Duration::from_millis(rng.u64(..800))).await;
            world.nats().revive();
        }
        1 => {
            world.process(Role::Gateway).kill();
            world.revive(Role::Gateway).await;
        }
        _ => {
            world.process(Role::Projection).kill();
            sleep(Duration::from_millis(rng.u64(..400))).await;
            world.revive(Role::Projection).await;
        }
    }
}

#[tokio::test]
async fn soak_of_sockets_misses_duplicates_and_reorders_nothing() {
    let time = Duration::from_secs(number("VECHE_TEST_SOAK_SECONDS").unwrap_or(DEFAULT_SECONDS));
    let seed = number("VECHE_TEST_SEED").unwrap_or(1);
    println!("{time:?}, VECHE_TEST_SEED={seed}");
    let mut world = World::start(Plan::new(Layout::RolesApart).set("VECHE_WAIT_COMMAND_MS", "1500")).await;
    let (talking_team, from) = talking_team(&world).await;
    let flaky_clients: Vec<_> = talking_team
        .people
        .iter()
        .zip(seed * 1_000..)
        .map(|(person, seed)| {
            let mut flaky = FlakyClient::new(&person.client, &talking_team.team.uid, from, seed);
            tokio::spawn(async move {
                flaky.come_and_go(time).await;
                flaky
            })
        })
        .collect();
    let load =
        Load::start([talking_team.people[0].client.clone()], &talking_team.team.uid, &talking_team.group);
    let mut rng = Rng::with_seed(seed);
    let mut talk = Rng::with_seed(seed + 1);
    let end = Instant::now() + time;
    let talking = async {
        while Instant::now() < end {
            talking_team.attempt(&mut talk).await;
            sleep(Duration::from_millis(20)).await;
        }
    };
    let breaking = async {
        while Instant::now() < end {
            break_something(&mut world, &mut rng).await;
        }
    };
    futures::future::join(talking, breaking).await;
    let acknowledged = load.finish().await;
    let pool = world.pool().await;
    acknowledged.is_in_the_log(&world).await;
    let head = stored::head(&world).await;
    let mut listeners = Vec::new();
    for flaky in flaky_clients {
        let mut flaky = flaky.await.expect("nothing was received twice or out of order");
        flaky.until(head).await;
        listeners.push(flaky);
    }
    let rows = feed(&pool, from).await;
    let (mut total, mut returns) = (0, 0);
    for (number, flaky) in listeners.iter().enumerate() {
        let contact = talking_team.jid(number);
        let (must, may) = concerns(&rows, contact.trim_start_matches("d-"));
        let received: Vec<FramePosition> = flaky.received.iter().map(|(place, _)| *place).collect();
        let of_account: BTreeSet<FramePosition> =
            rows.iter().filter(|row| !row.is_team).map(|row| row.place).collect();
        let heard_of_team: Vec<FramePosition> = received
            .iter()
            .filter(|place| !may.contains(place) && !of_account.contains(place))
            .copied()
            .collect();
        assert_eq!(heard_of_team, must, "{contact} hears what concerns them, no more and no less");
        let said: Vec<&Value> =
            flaky.received.iter().map(|(_, frame)| &frame["params"]["messages"][0]["message_id"]).collect();
        let missing = acknowledged.messages.iter().filter(|id| !said.iter().any(|said| *said == id.as_str()));
        assert_eq!(missing.count(), 0, "{contact} hears what was said to all");
        total += received.len();
        returns += flaky.returns;
    }
    assert!(returns > PEOPLE, "connections were lost: {returns}");
    println!(
        "{total} frames received by {PEOPLE} people over {returns} connections, positions {from} to {head}"
    );
}
