//! A snapshot plus all later frames equals the next snapshot, whatever happens in between.

use serde_json::json;
use veche_tests::{
    env,
    person::{Person, Team},
    random_workload::RandomWorkload,
    replica::Replica,
    socket::{Next, Socket},
    world::World,
};

const PHONES: [&str; 4] = ["+79020300001", "+79020300002", "+79020300003", "+79020300004"];

/// Number of rounds, and commands in each.
const ROUNDS: usize = 6;
const COMMANDS: usize = 40;

/// A client's socket from the beginning on, and its replica.
struct FollowingClient {
    person: Person,
    socket: Socket,
    replica: Replica,
    /// The replica of a client that reconnects after each round.
    returning: Replica,
    from: u64,
}

impl FollowingClient {
    async fn new(person: &Person, team: &Team) -> Self {
        let (fetched, from) = Replica::fetch(&person.client, &team.uid).await;
        // A client that stays starts with the initial frame; one that reconnects starts with answers.
        let path = format!("/messaging/{}?roster=true", team.uid);
        let mut socket = Socket::try_open(&person.client, &path, &[]).await.expect("the handshake succeeds");
        let Next::Frame(roster) = socket.next().await else { panic!("no roster") };
        assert_eq!(roster["event"], "server.roster");
        let replica = fetched.with_roster(&roster["params"]);
        let differences = replica.differences(&fetched);
        assert!(differences.is_empty(), "the roster says otherwise:\n{}", differences.join("\n"));
        Self { person: person.clone(), socket, returning: fetched, replica, from }
    }

    /// Applies all frames so far: the client's settings come after them.
    async fn hear_all(&mut self, mark: usize) {
        self.person.client.put("/api/v3/ui-settings", json!({"mark": mark})).await.ok();
        loop {
            match self.socket.next().await {
                Next::Frame(frame) => {
                    self.replica.hear(&frame);
                    if frame["event"] == "server.uisettings" && frame["params"]["mark"] == mark {
                        return;
                    }
                }
                Next::Closed(code) => panic!("the socket closed: {code:?}"),
            }
        }
    }

    async fn believes_what_is(&mut self, team: &Team, round: &str) {
        let (is, position) = Replica::fetch(&self.person.client, &team.uid).await;
        let mut back = Socket::resume(&self.person.client, &team.uid, &self.from.to_string()).await;
        for frame in back.caught_up().await {
            self.returning.hear(&frame);
        }
        self.from = position;
        self.replica.ask(&self.person.client).await;
        self.returning.ask(&self.person.client).await;
        let staying = self.replica.differences(&is);
        let returning = self.returning.unnumbered().differences(&is.unnumbered());
        for (how, differences) in [("staying", staying), ("returning", returning)] {
            assert!(
                differences.is_empty(),
                "{round}, {how}: {} believes something else than is:\n{}",
                self.person.phone,
                differences.join("\n")
            );
        }
    }
}

async fn run_workload(seed: u64) {
    let world = World::all_in_one().await;
    let mut people = Vec::new();
    for phone in PHONES {
        people.push(Person::login(world.client(), phone).await);
    }
    let team = people[0].make_team("четверо", &PHONES[1..]).await;
    people[1].make_team("другая", &[PHONES[0]]).await;
    let mut jids = vec![team.me.clone()];
    jids.extend(PHONES[1..].iter().map(|phone| team.jid_of(phone)));
    let mut workload = RandomWorkload::new(&people, &jids, &team, seed);
    for _ in 0..COMMANDS {
        workload.step().await;
    }
    // The last person leaves and returns, which ends their sockets, so they are not among those who stay.
    let mut believers = Vec::new();
    for person in &people[..PHONES.len() - 1] {
        believers.push(FollowingClient::new(person, &team).await);
    }
    for round in 0..ROUNDS {
        for _ in 0..COMMANDS {
            workload.step().await;
        }
        for believer in &mut believers {
            believer.hear_all(round).await;
        }
        for believer in &mut believers {
            believer.believes_what_is(&team, &format!("seed {seed}, round {round}")).await;
        }
    }
    let (done, refused) = workload.outcome;
    assert!(done * 2 > refused, "much of it is done: {done} done, {refused} refused");
}

#[tokio::test]
async fn snapshot_plus_later_frames_equals_the_next_snapshot() {
    // One seed shows one sequence: `VECHE_SEED` chooses another.
    for seed in env::number("VECHE_SEED").map_or(vec![1], |seed| vec![seed]) {
        run_workload(seed).await;
    }
}
