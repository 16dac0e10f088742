//! Two people in one team, in a product of their own; and the two in a group of theirs.

use crate::{
    person::{Person, Team},
    stored,
    world::World,
};

/// Anna and Boris in a team of Anna's.
pub struct Pair {
    /// Where they are.
    pub world: World,
    /// Who made the team.
    pub anna: Person,
    /// Who was invited.
    pub boris: Person,
    /// Their team.
    pub team: Team,
    /// Boris' address.
    pub to_boris: String,
}

impl Pair {
    /// Both log in, and Anna makes the team.
    pub async fn meet(anna: &str, boris: &str) -> Self {
        let world = World::all_in_one().await;
        let anna = Person::login(world.client(), anna).await;
        let phone = boris;
        let boris = Person::login(world.client(), phone).await;
        let team = anna.make_team("двое", &[phone]).await;
        let to_boris = team.jid_of(phone);
        Self { world, anna, boris, team, to_boris }
    }

    /// A path of the team's.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v4/teams/{}/{rest}", self.team.uid)
    }
}

/// The two, with a group of theirs.
pub struct Circle {
    /// Where they are.
    pub world: World,
    /// Who made the team and the group.
    pub anna: Person,
    /// Who is in both.
    pub boris: Person,
    /// Their team.
    pub team: Team,
    /// The group's address.
    pub group: String,
}

impl Circle {
    /// The first of these phones is Anna's, the second Boris'; the others are invited into the team as well.
    ///
    /// # Panics
    /// There are not two phones.
    pub async fn meet(world: World, phones: &[&str]) -> Self {
        let [first, invited @ ..] = phones else { panic!("nobody to meet") };
        let anna = Person::login(world.client(), first).await;
        let boris = Person::login(world.client(), invited[0]).await;
        let team = anna.make_team("Полк", invited).await;
        let group = anna.make_group(&team.uid, "кружок", &[&team.jid_of(invited[0])]).await;
        Self { world, anna, boris, team, group }
    }

    /// The path of a chat's messages.
    pub fn messages(&self, chat: &str) -> String {
        self.path(&format!("/chats/{chat}/messages"))
    }

    /// Where the log stands.
    ///
    /// # Panics
    /// The log cannot be read.
    pub async fn head(&self) -> u64 {
        stored::head(&self.world).await
    }

    /// A path in the team.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v4/teams/{}{rest}", self.team.uid)
    }
}
