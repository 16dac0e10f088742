//! Roles as processes of their own: what stands between them breaks in the middle of the load, and nothing is lost.

use serde_json::json;
use veche_tests::{
    dump,
    ear::Ear,
    load::Load,
    person::{Person, Team},
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79060000001";
const OTHERS: [&str; 3] = ["+79060000002", "+79060000003", "+79060000004"];

/// A group with four members, all of them listening.
struct Room {
    anna: Person,
    others: Vec<Person>,
    team: Team,
    group: String,
    ears: Vec<Ear>,
}

async fn room(world: &World) -> Room {
    let anna = Person::login(world.client(), ANNA).await;
    let mut others = Vec::new();
    for phone in OTHERS {
        others.push(Person::login(world.client(), phone).await);
    }
    let team = anna.make_team("четверо", &OTHERS).await;
    let jids = OTHERS.map(|phone| team.jid_of(phone));
    let group = anna.make_group(&team.uid, "г", &jids.each_ref().map(String::as_str)).await;
    let mut ears = Vec::new();
    for person in others.iter().chain([&anna]) {
        ears.push(Ear::open(person, &team.uid, &group).await);
    }
    Room { anna, others, team, group, ears }
}

impl Room {
    fn load(&self) -> Load {
        Load::start([self.anna.client.clone(), self.anna.client.clone()], &self.team.uid, &self.group)
    }

    /// Everybody has heard everything once, in order; the log and the counters agree.
    async fn is_complete(&self, world: &World, load: Load) {
        let acknowledged = load.finish().await;
        acknowledged.is_in_the_log(&world.pool().await).await;
        for ear in &self.ears {
            ear.has_heard(&acknowledged.messages).await;
            ear.heard_in_order();
        }
        let amount = acknowledged.messages.len();
        for person in &self.others {
            let team = person.client.get(format!("/api/v3/teams/{}", self.team.uid)).await.ok();
            assert_eq!(team["unread"]["group"], json!({"chats": 1, "messages": amount}), "{}", person.phone);
        }
    }
}

async fn world() -> World {
    // An answer waits for the read model, but not long: here it may be away for longer than anybody waits.
    World::start(Plan::new(Layout::RolesApart).set("VECHE_WAIT_COMMAND_MS", "4000")).await
}

#[tokio::test]
async fn roles_apart_lose_nothing_without_nats() {
    let mut world = world().await;
    let room = room(&world).await;
    let load = room.load();
    load.more(50).await;
    world.nats().kill();
    load.more(50).await;
    world.nats().revive();
    load.more(50).await;
    room.is_complete(&world, load).await;
}

#[tokio::test]
async fn roles_apart_lose_nothing_without_the_projection() {
    let mut world = world().await;
    let room = room(&world).await;
    let load = room.load();
    load.more(50).await;
    world.process(Role::Projection).kill();
    load.more(10).await;
    world.revive(Role::Projection).await;
    load.more(50).await;
    room.is_complete(&world, load).await;
}

#[tokio::test]
async fn roles_apart_lose_nothing_when_each_is_killed_in_turn() {
    let mut world = world().await;
    let room = room(&world).await;
    let load = room.load();
    for role in [Role::Command, Role::Projection, Role::Query] {
        load.more(20).await;
        world.process(role).kill();
        world.nats().kill();
        world.revive(role).await;
        world.nats().revive();
    }
    load.more(20).await;
    room.is_complete(&world, load).await;
    let pool = world.pool().await;
    let before = dump::read_model(&pool).await;
    world.process(Role::Projection).kill();
    world.run(&["rebuild"]);
    let differences = dump::differences(&before, &dump::read_model(&pool).await);
    assert!(differences.is_empty(), "a rebuild makes another read model:\n{}", differences.join("\n"));
}

/// A gateway that dies takes its sockets with it; whoever comes back finds what was said meanwhile by their counters,
/// and hears what is said from then on.
#[tokio::test]
async fn roles_apart_hear_on_after_the_gateway_is_back() {
    let mut world = world().await;
    let mut room = room(&world).await;
    world.process(Role::Gateway).kill();
    let missed = room.anna.post(&room.team.uid, &room.group, "пока вас не было").await;
    world.revive(Role::Gateway).await;
    room.ears.clear();
    for person in &room.others {
        room.ears.push(Ear::open(person, &room.team.uid, &room.group).await);
    }
    let heard = room.anna.post(&room.team.uid, &room.group, "снова вместе").await;
    assert_eq!(heard["prev"], missed["message_id"]);
    for ear in &room.ears {
        ear.has_heard(&[heard["message_id"].as_str().unwrap_or_default().to_owned()]).await;
        assert_eq!(ear.heard().len(), 1);
    }
}
