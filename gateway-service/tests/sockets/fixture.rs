//! A gateway on a real port over a database of its own; the tests write the rows that a projection would write.

use access::{Access, Past};
use axum::{Json, Router, extract::Path, routing::post};
use bus::Bus;
use chrono::{DateTime, Utc};
use event_log::testing::TestDatabase;
use events::{
    AccountId, ContactId, MessageId, MessageKey, Position, SessionId, TeamId, chat::ChatRef, message::Author,
    value::SessionKind,
};
use gateway_service::{Gateway, GatewayDeps, Upstream};
use platform::{
    budget::Budget,
    clock::Clock,
    config::{Config, Profile},
    http::Shell,
    limits::Limits,
    server,
    tasks::Tasks,
};
use protocol::{
    message::MessageRecord,
    notice::{Audience, CommittedBatch, FEED_SUBJECT, FeedRow, Notice, Scope},
};
use read_model::{
    ReadModel,
    row_code::{MembershipRow, SessionRow},
    schema,
};
use secrets::vault::Vault;
use serde_json::{Value, json, value::to_raw_value};
use sqlx::PgPool;
use std::{net::SocketAddr, sync::Arc, sync::Mutex, time::Duration};
use uuid::Uuid;

/// Guard against hanging; not a measure of speed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Lifetime of most sessions in these tests.
const HOUR: Duration = Duration::from_secs(3_600);

/// A member of the team with a session.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) contact: ContactId,
    pub(crate) session: SessionId,
    pub(crate) token: String,
}

/// The gateway, its database and its bus.
pub(crate) struct Fixture {
    pub(crate) address: SocketAddr,
    pub(crate) team: TeamId,
    pub(crate) gateway: Gateway,
    pub(crate) bus: Bus,
    pub(crate) read: ReadModel,
    pub(crate) config: Arc<Config>,
    pub(crate) tasks: Tasks,
    pub(crate) budget: Budget,
    /// Signs rows that grant rights, as the projection does.
    vault: Vault,
    head: Mutex<Position>,
    pool: PgPool,
    _database: TestDatabase,
}

impl Fixture {
    /// Starts a gateway with one team; `adjust` changes the configuration.
    pub(crate) async fn build(adjust: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::create().await;
        let pool =
            PgPool::connect_with(schema::inside(database.options(), schema::READ_SCHEMA)).await.unwrap();
        schema::migrate(&pool, 0).await.unwrap();
        let mut config = Config::defaults(Profile::Dev);
        adjust(&mut config);
        let config = Arc::new(config);
        let vault = Vault::new(&[7; 32]);
        let read = ReadModel::new(pool.clone(), &config.public_url(), vault.clone());
        let access = Access {
            read: read.clone(),
            config: Arc::clone(&config),
            limits: Arc::new(Limits::new(&config.limits)),
            clock: Clock::System,
            past: Past::off(),
        };
        let (bus, tasks) = (Bus::memory(), Tasks::new());
        let budget = Budget::new(&config.memory);
        let upstream = command_service();
        let deps =
            GatewayDeps { access, bus: bus.clone(), upstream, tasks: tasks.clone(), budget: budget.clone() };
        let gateway = Gateway::start(deps).await.unwrap();
        let listener = server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        server::serve(&tasks, listener, Shell::new(&config).wrap(gateway.router().into()), LONG);
        let team = TeamId(Uuid::new_v4());
        let fixture = Self {
            address,
            team,
            gateway,
            bus,
            read,
            config,
            tasks,
            budget,
            vault,
            head: Mutex::default(),
            pool,
            _database: database,
        };
        fixture.add_team(team).await;
        fixture
    }

    pub(crate) async fn add_team(&self, team: TeamId) {
        let sql = "INSERT INTO read.team (uid, name, colour, default_task_deadline, max_message_update_age, \
                   uploads_size_limit, since, gentime) VALUES ($1, 'Команда', 0, '18:00:00', 86400, 1, 1, 1)";
        sqlx::query(sql).bind(team.0).execute(&self.pool).await.unwrap();
    }

    /// A new member of the team, logged in.
    pub(crate) async fn person(&self) -> Person {
        let account = AccountId(Uuid::new_v4());
        let sql = "INSERT INTO read.account (uid, phone, given_name, family_name, colour, created) \
                   VALUES ($1, '+79990000000', 'Имя', '', 0, now())";
        sqlx::query(sql).bind(account.0).execute(&self.pool).await.unwrap();
        let contact = self.seat(account, self.team).await;
        let (session, token) = self.session(account, SessionKind::Token, HOUR).await;
        Person { account, contact, session, token }
    }

    /// Another session of a person.
    pub(crate) async fn again(&self, person: &Person) -> Person {
        self.again_for(person, HOUR).await
    }

    /// Another session of a person, with this lifetime.
    pub(crate) async fn again_for(&self, person: &Person, lasts: Duration) -> Person {
        let (session, token) = self.session(person.account, SessionKind::Token, lasts).await;
        Person { session, token, ..person.clone() }
    }

    /// Adds an account's contact to a team.
    pub(crate) async fn seat(&self, account: AccountId, team: TeamId) -> ContactId {
        let contact = ContactId(Uuid::new_v4());
        let sql = "INSERT INTO read.contact (uid, team, account, phone, given_name, family_name, display_name, role, \
                   status, need_confirmation, since, gentime, code) \
                   VALUES ($1, $2, $3, '+79990000000', 'Имя', '', 'Имя', '', 'member', false, 1, 1, $4)";
        let place = MembershipRow {
            contact: contact.0,
            team: team.0,
            account: Some(account.0),
            status: "member",
            inviting: false,
            archived: false,
        };
        let query = sqlx::query(sql).bind(contact.0).bind(team.0).bind(account.0);
        query.bind(place.code(&self.vault.row_mac())).execute(&self.pool).await.unwrap();
        contact
    }

    async fn session(&self, account: AccountId, kind: SessionKind, lasts: Duration) -> (SessionId, String) {
        let (session, token) = (SessionId(Uuid::new_v4()), Uuid::new_v4().simple().to_string());
        let sql = "INSERT INTO read.session (token_hash, uid, account, kind, created, expires, code) \
                   VALUES ($1, $2, $3, $4, now(), $5, $6)";
        let token_hash = self.read.sessions().token_hash(&token);
        let row = SessionRow {
            token_hash: &token_hash,
            uid: session.0,
            account: account.0,
            kind: kind.word(),
            expires: Clock::System.now() + lasts,
        };
        let query = sqlx::query(sql).bind(row.token_hash).bind(row.uid).bind(row.account).bind(row.kind);
        query.bind(row.expires).bind(row.code(&self.vault.row_mac())).execute(&self.pool).await.unwrap();
        (session, token)
    }

    /// The `Cookie` header of a person's browser.
    pub(crate) async fn cookie(&self, person: &Person) -> String {
        let (_, token) = self.session(person.account, SessionKind::Cookie, HOUR).await;
        format!("{}={token}", self.config.cookie_name())
    }

    /// The next row of a scope, not yet published.
    pub(crate) fn row(&self, scope: Scope, audience: Audience, notice: Notice) -> FeedRow {
        let mut head = self.head.lock().unwrap();
        *head += 1;
        let position = *head;
        FeedRow { position, ordinal: 0, scope, audience, at: Utc::now(), notice }
    }

    /// The next row of the team, for everybody.
    pub(crate) fn news(&self, notice: Notice) -> FeedRow {
        self.row(Scope::Team(self.team), Audience::All, notice)
    }

    /// A message as the next row of the team.
    pub(crate) fn message(&self, chat: ChatRef, author: ContactId, num: i64, text: &str) -> FeedRow {
        let audience = match chat {
            ChatRef::Group(group) | ChatRef::Task(group) => Audience::Group(group),
            ChatRef::Direct(a, b) => Audience::Contacts(vec![a, b]),
        };
        let message = Box::new(self.neutral(chat, author, num, text));
        self.row(Scope::Team(self.team), audience, Notice::MessageUpdated { message, delayed: false })
    }

    fn neutral(&self, chat: ChatRef, author: ContactId, num: i64, text: &str) -> MessageRecord {
        let message = MessageId(Uuid::from_u128(num.unsigned_abs().into()));
        let (key, author) = (MessageKey { team: self.team, message }, Author::Contact(author));
        let created = DateTime::from_timestamp(1_569_546_004, 0).unwrap();
        MessageRecord {
            gentime: num,
            num,
            index: Some(num - 1),
            is_last: true,
            ..MessageRecord::plain(key, chat, author, text.to_owned(), created)
        }
    }

    /// Commits rows as the projection does, without publishing them.
    pub(crate) async fn store(&self, rows: &[FeedRow]) {
        let mut transaction = self.pool.begin().await.unwrap();
        for row in rows {
            sqlx::query(
                "INSERT INTO read.feed (scope, position, ordinal, at, notice) VALUES ($1, $2, $3, now(), $4)",
            )
            .bind(row.scope.uuid())
            .bind(row.position.cast_signed())
            .bind(0_i32)
            .bind(serde_json::to_vec(row).unwrap())
            .execute(&mut *transaction)
            .await
            .unwrap();
        }
        if let Some(last) = rows.last() {
            let checkpoint = "UPDATE read.checkpoint SET position = greatest(position, $1)";
            let position = last.position.cast_signed();
            sqlx::query(checkpoint).bind(position).execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// Publishes rows on the bus as one batch.
    pub(crate) fn announce(&self, rows: &[FeedRow]) {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
        let encoded = rows.iter().map(|row| (row.scope.uuid(), to_raw_value(row).unwrap())).collect();
        let (after, position) = (first.position - 1, last.position);
        let committed = CommittedBatch { after, position, rows: Some(encoded) };
        self.bus.publish(FEED_SUBJECT, serde_json::to_vec(&committed).unwrap().into()).unwrap();
    }

    /// Commits rows and publishes them.
    pub(crate) async fn publish(&self, rows: &[FeedRow]) {
        self.store(rows).await;
        self.announce(rows);
    }

    /// Stops everything; fails if a task is left.
    pub(crate) async fn shut_down(self) {
        self.gateway.drain().await;
        self.tasks.drain(LONG).await.unwrap();
        self.pool.close().await;
    }
}

/// Accepts every command except one to `nobody`.
fn command_service() -> Upstream {
    async fn take(Path((_, event)): Path<(String, String)>, Json(params): Json<Value>) -> Json<Value> {
        if params["to"] == "nobody" {
            return Json(json!({"ok": false, "error": "NOT_FOUND", "reason": event}));
        }
        Json(json!({"ok": true, "result": null}))
    }
    Upstream::InProcess(Router::new().route("/api/v3/teams/{team}/ws/{event}", post(take)))
}
