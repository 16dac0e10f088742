//! A group with four members, all of them listening: what each of them must have heard in the end, whatever broke meanwhile.

use crate::{
    load::{Acknowledged, Load},
    person::{Person, Team},
    recording_socket::RecordingSocket,
    world::World,
};
use serde_json::json;

const OTHERS: usize = 3;

/// See the file's head.
pub struct ListeningGroup {
    /// Who made it, and writes.
    pub anna: Person,
    /// Who read.
    pub others: Vec<Person>,
    /// Where it is.
    pub team: Team,
    /// The group's address.
    pub group: String,
    /// One for each of the others, then Anna's.
    pub sockets: Vec<RecordingSocket>,
}

impl ListeningGroup {
    /// People with phones that begin so, followed by one digit.
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

    /// Anna writes over two connections, without a pause.
    pub fn load(&self) -> Load {
        Load::start([self.anna.client.clone(), self.anna.client.clone()], &self.team.uid, &self.group)
    }

    /// Everybody has heard everything once, in order; and the counters say so.
    pub async fn has_heard(&self, acknowledged: &Acknowledged) {
        for socket in &self.sockets {
            socket.has_heard(&acknowledged.messages).await;
            socket.heard_in_order();
        }
        let amount = acknowledged.messages.len();
        for person in &self.others {
            let team = person.client.get(format!("/api/v3/teams/{}", self.team.uid)).await.ok();
            assert_eq!(team["unread"]["group"], json!({"chats": 1, "messages": amount}), "{}", person.phone);
        }
    }
}
