//! Two users in one team, and the same two in a group, each in a product of their own.

use crate::{
    person::{Person, Team},
    stored,
    world::World,
};

/// Anna owns a team, and Boris is a member.
pub struct TwoUsers {
    pub world: World,
    pub anna: Person,
    pub boris: Person,
    pub team: Team,
    /// Boris' address in the team.
    pub to_boris: String,
}

impl TwoUsers {
    /// Starts the product, logs both in and makes the team.
    pub async fn start(anna: &str, boris: &str) -> Self {
        let world = World::all_in_one().await;
        let anna = Person::login(world.client(), anna).await;
        let phone = boris;
        let boris = Person::login(world.client(), phone).await;
        let team = anna.make_team("двое", &[phone]).await;
        let to_boris = team.jid_of(phone);
        Self { world, anna, boris, team, to_boris }
    }

    /// A path of the team, version 4.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v4/teams/{}/{rest}", self.team.uid)
    }
}

/// Anna owns a team and a group in it, and Boris is in both.
pub struct TwoUsersInGroup {
    /// Where they are.
    pub world: World,
    pub anna: Person,
    pub boris: Person,
    /// Their team.
    pub team: Team,
    pub group: String,
}

impl TwoUsersInGroup {
    /// The first phone is Anna's, the second Boris'; the others are contacts of the team.
    pub async fn start(world: World, phones: &[&str]) -> Self {
        let [first, invited @ ..] = phones else { panic!("two phones at least") };
        let anna = Person::login(world.client(), first).await;
        let boris = Person::login(world.client(), invited[0]).await;
        let team = anna.make_team("Полк", invited).await;
        let group = anna.make_group(&team.uid, "кружок", &[&team.jid_of(invited[0])]).await;
        Self { world, anna, boris, team, group }
    }

    pub fn messages(&self, chat: &str) -> String {
        self.path(&format!("/chats/{chat}/messages"))
    }

    /// The head of the log.
    pub async fn head(&self) -> u64 {
        stored::head(&self.world).await
    }

    /// A path of the team, version 4.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v4/teams/{}{rest}", self.team.uid)
    }
}
