//! The people and teams of a generated history, made through the API.

use crate::Outcome;
use events::{AccountId, ContactId, GroupId, TeamId};
use sqlx::Row;
use uuid::Uuid;
use veche_tests::{person::Person, world::World};

const TEAMS: usize = 12;
/// Members of the first team; each further one has fewer.
const LARGEST: usize = 60;
const GROUPS: usize = 5;

/// All people.
pub(crate) struct Population {
    pub(crate) teams: Vec<Team>,
}

/// A team and its chats.
pub(crate) struct Team {
    pub(crate) uid: TeamId,
    pub(crate) owner: Person,
    pub(crate) members: Vec<Member>,
    pub(crate) groups: Vec<Group>,
}

/// A member of a team.
#[derive(Clone, Copy)]
pub(crate) struct Member {
    pub(crate) contact: ContactId,
    pub(crate) account: AccountId,
}

/// A group with all members in it.
#[derive(Clone, Copy)]
pub(crate) struct Group(pub(crate) GroupId);

impl Group {
    /// The address in the API.
    pub(crate) fn jid(self) -> String {
        format!("g-{}", self.0)
    }
}

impl Population {
    /// Logs people in or invites them, and makes the groups.
    pub(crate) async fn enter(world: &World) -> Outcome<Self> {
        let pool = world.pool().await;
        let mut teams = Vec::new();
        for number in 0..TEAMS {
            let size = (LARGEST / (number + 1)).max(3);
            teams.push(enter_one(world, &pool, number, size).await?);
        }
        Ok(Self { teams })
    }

    /// Number of people.
    pub(crate) fn people(&self) -> usize {
        self.teams.iter().map(|team| team.members.len()).sum()
    }
}

async fn enter_one(world: &World, pool: &sqlx::PgPool, number: usize, size: usize) -> Outcome<Team> {
    let phone = |seat: usize| format!("+7909{number:03}{seat:04}");
    let owner = Person::login(&world.client().unjudged(), &phone(0)).await;
    let phones: Vec<String> = (1..size).map(phone).collect();
    let phones: Vec<&str> = phones.iter().map(String::as_str).collect();
    let made = owner.make_team(&format!("Команда {number}"), &phones).await;
    let jids: Vec<String> = phones.iter().map(|phone| made.jid_of(phone)).collect();
    let jids: Vec<&str> = jids.iter().map(String::as_str).collect();
    let mut groups = Vec::new();
    for group in 0..GROUPS {
        let jid = owner.make_group(&made.uid, &format!("Группа {group}"), &jids).await;
        groups.push(Group(GroupId(jid.trim_start_matches("g-").parse()?)));
    }
    let team: Uuid = made.uid.parse()?;
    let rows = sqlx::query(
        "SELECT uid, account FROM read.contact WHERE team = $1 AND account IS NOT NULL ORDER BY since, uid",
    )
    .bind(team)
    .fetch_all(pool)
    .await?;
    let member = |row: &sqlx::postgres::PgRow| Member {
        contact: ContactId(row.get("uid")),
        account: AccountId(row.get("account")),
    };
    Ok(Team { uid: TeamId(team), owner, members: rows.iter().map(member).collect(), groups })
}
