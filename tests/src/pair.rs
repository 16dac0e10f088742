//! Two people in one team, in a product of their own.

use crate::{
    person::{Person, Team},
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
}
