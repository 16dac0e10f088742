//! A group of four members whose sockets record messages, to check that all receive everything whatever broke meanwhile.

use crate::{
    load::{Acknowledged, Load},
    person::{Person, Team},
    recording_socket::RecordingSocket,
    world::World,
};
use serde_json::json;

const OTHERS: usize = 3;

pub struct ListeningGroup {
    /// The owner, who writes.
    pub anna: Person,
    /// The members, who read.
    pub others: Vec<Person>,
    pub team: Team,
    pub group: String,
    /// A socket for each of the others, then Anna's.
    pub sockets: Vec<RecordingSocket>,
}

impl ListeningGroup {
    /// Makes four people whose phones are this prefix and one digit.
    pub async fn create(world: &World, phones: &str) -> Self {
        let anna = Person::login(world.client(), &format!("{phones}0")).await;
        let phones: Vec<String> = (1..=OTHERS).map(|digit| format!("{phones}{digit}")).collect();
        let mut others = Vec::new();
        for phone in &phones {
            others.push(Person::login(world.client(), phone).await);
        }
        let team = anna.make_team("четверо", &phones.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let jids: Vec<String> = phones.iter().map(|phone| team.jid_of(phone)).collect();
        let jids: Vec<&str> = jids.iter().map(String::as_str).collect();
        let group = anna.make_group(&team.uid, "г", &jids).await;
        let mut group = Self { anna, others, team, group, sockets: Vec::new() };
        for person in group.others.iter().chain([&group.anna]) {
            group.sockets.push(RecordingSocket::open(person, &group.team.uid, &group.group).await);
        }
        group
    }

    /// Lets Anna write over two connections without a pause.
    pub fn load(&self) -> Load {
        Load::start([self.anna.client.clone(), self.anna.client.clone()], &self.team.uid, &self.group)
    }

    /// Checks that all sockets received everything once and in order, and that unread counters agree.
    pub async fn has_received(&self, acknowledged: &Acknowledged) {
        for socket in &self.sockets {
            socket.has_received(&acknowledged.messages).await;
            socket.received_in_order();
        }
        let amount = acknowledged.messages.len();
        for person in &self.others {
            let team = person.client.get(format!("/api/v3/teams/{}", self.team.uid)).await.ok();
            assert_eq!(team["unread"]["group"], json!({"chats": 1, "messages": amount}), "{}", person.phone);
        }
    }
}
