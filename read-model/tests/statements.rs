//! Every SQL statement of the read model and of the projection fits the schema: fixed ones are prepared by Postgres, as the
//! sources have them; those that are assembled at run time are executed.

#![allow(clippy::unwrap_used, reason = "a failed expectation is what tests report")]

mod sources;

use chrono::{DateTime, Utc};
use event_log::testing::TestDatabase;
use events::{
    AccountId, ChatKey, ContactId, GroupId, MessageId, TeamId, chat::ChatRef, value::ContactStatus,
};
use protocol::{
    ApiVersion, FeedPosition,
    lang::Lang,
    message::{ChatType, ContentType},
    notice::Scope,
    task::TaskTabKey,
};
use read_model::{
    ReadModel,
    chat::list::{ChatFilter, ChatSort},
    contact::ContactFilter,
    message::{Filter, Window},
    rights::TeamMember,
    roster::RosterOptions,
    row_code::MembershipRow,
    schema,
    task::{TaskOrder, TaskQuery},
};
use secrets::vault::Vault;
use sqlx::{AssertSqlSafe, Executor, PgPool, SqlSafeStr};
use uuid::Uuid;

/// SQLSTATE of a statement whose parameter has no type before it is bound; all names in it exist.
const INDETERMINATE_TYPE: &str = "42P18";

async fn database() -> (TestDatabase, PgPool) {
    let database = TestDatabase::create().await;
    let options = schema::inside(database.options(), schema::READ_SCHEMA);
    let pool = PgPool::connect_with(options).await.unwrap();
    schema::migrate(&pool, 0).await.unwrap();
    schema::complete(&mut pool.acquire().await.unwrap()).await.unwrap();
    (database, pool)
}

#[tokio::test]
async fn every_fixed_statement_fits_the_schema() {
    let (_database, pool) = database().await;
    let statements = sources::statements();
    assert!(statements.len() > 250, "only {} statements are found", statements.len());
    let mut connection = pool.acquire().await.unwrap();
    let mut wrong = vec![];
    for statement in &statements {
        let prepared = connection.prepare(AssertSqlSafe(statement.sql.clone()).into_sql_str()).await;
        if let Err(error) = prepared {
            let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
            if code != INDETERMINATE_TYPE {
                wrong.push(format!("{}: {error}\n  {}", statement.file, statement.sql));
            }
        }
    }
    assert!(wrong.is_empty(), "{} statements do not fit the schema:\n{}", wrong.len(), wrong.join("\n"));
}

/// A member of a team, proven by rows as the projection writes them.
async fn member(pool: &PgPool, read: &ReadModel) -> (AccountId, TeamMember) {
    let (team, account, contact) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    let row = MembershipRow {
        contact,
        team,
        account: Some(account),
        status: ContactStatus::Owner.word(),
        inviting: false,
        archived: false,
    };
    sqlx::query(
        "INSERT INTO team (uid, name, colour, default_task_deadline, max_message_update_age, uploads_size_limit, since, \
             gentime) VALUES ($1, '', 0, '18:00:00', 86400, 1, 1, 1)",
    )
    .bind(team)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO contact (uid, team, account, phone, given_name, family_name, role, status, need_confirmation, since, \
             gentime, code) VALUES ($1, $2, $3, '', '', '', '', 'owner', false, 1, 1, $4)",
    )
    .bind(contact)
    .bind(team)
    .bind(account)
    .bind(row.code(read.row_mac()))
    .execute(pool)
    .await
    .unwrap();
    let member = read.memberships().find(AccountId(account), TeamId(team)).await.unwrap();
    (AccountId(account), member.unwrap())
}

fn chat_filter(sort: Option<ChatSort>) -> ChatFilter {
    ChatFilter {
        kinds: vec![ChatType::Direct, ChatType::Group, ChatType::Task],
        gentime_gt: Some(1),
        unread_only: true,
        unread_first: sort.is_some(),
        hidden: Some(false),
        feed: Some(true),
        has_activity: Some(true),
        q: Some("x".to_owned()),
        sort,
        mix_contacts: true,
        limit: 10,
        offset: 1,
    }
}

#[tokio::test]
async fn every_assembled_query_of_chats_and_contacts_runs() {
    let (_database, pool) = database().await;
    let read = ReadModel::new(pool.clone(), "http://localhost", Vault::new(&[7; 32]));
    let (account, member) = member(&pool, &read).await;
    let (group, other) = (ChatRef::Group(GroupId(Uuid::from_u128(4))), ContactId(Uuid::from_u128(5)));
    for sort in [None].into_iter().chain(ChatSort::WORDS.map(ChatSort::from_word)) {
        read.chats().page(&member, &chat_filter(sort)).await.unwrap();
    }
    for chat in [group, ChatRef::Task(GroupId(Uuid::from_u128(4))), ChatRef::direct(member.contact, other)] {
        assert_eq!(read.chats().complete_view(&member, chat).await.unwrap(), None);
    }
    let own = ChatRef::direct(member.contact, member.contact);
    assert!(
        read.chats().view(&member, own).await.unwrap().is_some(),
        "a direct chat before its first message"
    );
    assert_eq!(read.chats().groups(&member).await.unwrap(), []);
    assert_eq!(read.contacts().filtered(&member, &ContactFilter::default()).await.unwrap().len(), 1);
    assert!(read.contacts().find(&member, member.contact).await.unwrap().is_some());
    let options = RosterOptions { account, lang: Lang::default(), badge: 0, max_objects: 9 };
    assert!(read.rosters().of(&member, options).await.unwrap().is_some());
    for version in [ApiVersion::V3, ApiVersion::V4] {
        assert_eq!(read.teams().list(account, version).await.unwrap().len(), 1);
        assert!(read.teams().find(account, member.team, version).await.unwrap().is_some());
    }
    assert!(read.teams().find_with_people(account, member.team).await.unwrap().is_some());
    assert_eq!(read.unread().badge(account).await.unwrap(), 0);
    read.unread().chat_marks(member.contact).await.unwrap();
    let scopes: Vec<Scope> = (0..400).map(|id| Scope::Team(TeamId(Uuid::from_u128(id)))).collect();
    for scopes in [&scopes[..1], &scopes[..]] {
        read.feed().page(scopes, FeedPosition::end_of(0), 10).await.unwrap();
    }
}

#[tokio::test]
async fn every_assembled_query_of_messages_and_tasks_runs() {
    let (_database, pool) = database().await;
    let read = ReadModel::new(pool.clone(), "http://localhost", Vault::new(&[7; 32]));
    let (_, member) = member(&pool, &read).await;
    let full = Filter {
        chat: Some(ChatKey(Uuid::from_u128(4))),
        chat_type: Some(ChatType::Group),
        sender: Some(member.contact),
        kind: Some(ContentType::Deleted),
        important: Some(true),
        has_upload: Some(true),
        unread: true,
        include_deleted: true,
        gentime_from: Some(1),
        date_from: Some(DateTime::<Utc>::UNIX_EPOCH),
        date_to: Some(DateTime::<Utc>::UNIX_EPOCH),
        text: Some("слово word".to_owned()),
    };
    let exact = Window { limit: 10, exact: Some(MessageId(Uuid::from_u128(6))), ..Window::default() };
    for filter in [full, Filter::default()] {
        assert!(read.messages().page(&member, &filter, exact).await.unwrap().is_empty());
        assert_eq!(read.messages().count(&member, &filter).await.unwrap(), 0);
    }
    assert!(read.messages().find_complete(&member, MessageId(Uuid::from_u128(6))).await.unwrap().is_none());
    for tab in [None].into_iter().chain(TaskTabKey::ALL.map(Some)) {
        for order in
            [TaskOrder::Activity, TaskOrder::Deadline, TaskOrder::New, TaskOrder::Old, TaskOrder::Done]
        {
            let query = TaskQuery { tab, order, limit: 10, ..TaskQuery::default() };
            assert_eq!(read.tasks().page(&member, &query).await.unwrap().1, 0);
        }
    }
    assert_eq!(read.tasks().tabs(&member).await.unwrap().len(), TaskTabKey::ALL.len());
    assert_eq!(read.upkeep().overdue_messages(DateTime::<Utc>::UNIX_EPOCH, 10).await.unwrap(), []);
    let nobody = Uuid::from_u128(9);
    assert_eq!(read.invitations().list(&member, DateTime::<Utc>::UNIX_EPOCH).await.unwrap(), []);
    assert!(read.uploads().find(&member, events::UploadId(nobody)).await.unwrap().is_none());
}
