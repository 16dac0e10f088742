//! Erased accounts and teams have the same rows as a rebuild that cannot decrypt their values.

use crate::{rebuild_fixture::*, sample_team::*};
use chrono::NaiveDate;
use events::{
    AccountEvent, AccountId, BlobId, Event, MessageEvent, MessageId, Personal, ReceiptId, SessionId,
    StreamName, Subject, TeamEvent, UploadId, UploadsEvent, account, address_book, contact, device, icon,
    message, session, team, upload,
    value::{DeviceKind, ErasureAsker, ErasureReason, SessionEnd, SessionKind},
};
use uuid::Uuid;

/// Events of an account outside of teams.
fn belongings(account: AccountId) -> Vec<(StreamName, Vec<Event>)> {
    let own = |text: &str| Personal::of_account(account, text.to_owned());
    let settings = device::Settings {
        kind: DeviceKind::Ios,
        name: own("ойпад"),
        notification_token: own("push"),
        voip_notification_token: own("voip"),
        allowed_notifications: true,
        data_pushes: false,
    };
    let session = SessionId(Uuid::from_u128(0xc_0000));
    let events: Vec<AccountEvent> = vec![
        account::Named { given_name: own("Имя"), family_name: own("№1") }.into(),
        account::UiSettingsReplaced { settings: own(r#"{"тема":"тёмная"}"#) }.into(),
        device::Registered { device_id: own("ид"), settings }.into(),
        address_book::Replaced {
            device_id: own("ид"),
            contacts: own("[7]"),
            new_numbers: 0,
            day: NaiveDate::MIN,
        }
        .into(),
        session::Opened {
            session,
            kind: SessionKind::Token,
            token_hash: "t".into(),
            device_id: Some(own("ид")),
            expires: at(1_000_000),
        }
        .into(),
        session::Closed { session, reason: SessionEnd::Erased }.into(),
    ];
    vec![(StreamName::account(account), events.into_iter().map(Into::into).collect())]
}

const RECEIPT: ReceiptId = ReceiptId(Uuid::from_u128(0xe));

#[tokio::test]
async fn erased_account_equals_a_rebuild_without_its_key() {
    let mut fixture = RebuildFixture::create().await;
    let said = fixture.project_all().await;
    let (who, account) = (contact_id(1), account_id(1));
    fixture.project(belongings(account)).await;
    let icon =
        icon::Changed { blob: BlobId(Uuid::from_u128(0x6_ffff)), lg_width: 20, lg_height: 30, size: 1 };
    let pictured = TeamEvent::from(contact::IconChanged { contact: who, icon });
    fixture.project(vec![(StreamName::team(TEAM), vec![pictured.into()])]).await;
    let marks = ["№1", "черновик", "напомнить", "тёмная", "ойпад", "+79166660001", "voip", "6ffff"];
    let before = format!("{:?}", fixture.dump().await);
    assert!(marks.iter().all(|mark| before.contains(mark)), "all of it is there");

    let (asked_by, reason) = (ErasureAsker::Person, ErasureReason::Wish);
    let erased = account::Erased { receipt: RECEIPT, asked_by, reason };
    fixture.project(vec![(StreamName::account(account), vec![AccountEvent::from(erased).into()])]).await;
    let authored: Vec<Uuid> = sqlx::query_scalar("SELECT uid FROM message WHERE author = $1 AND NOT deleted")
        .bind(who.0)
        .fetch_all(&fixture.pool)
        .await
        .unwrap();
    assert!(authored.len() > 10, "{} messages to be erased", authored.len());
    let files: Vec<Uuid> = sqlx::query_scalar("SELECT uid FROM upload WHERE owner = $1")
        .bind(who.0)
        .fetch_all(&fixture.pool)
        .await
        .unwrap();
    let deleted = authored.iter().map(|id| {
        let gone = MessageEvent::from(message::Deleted { by: None });
        (stream_of(MessageId(*id)), vec![gone.into()])
    });
    let removed = files.iter().map(|id| {
        let gone = UploadsEvent::from(upload::Removed { upload: UploadId(*id) });
        (StreamName::uploads(TEAM), vec![gone.into()])
    });
    fixture.project(deleted.chain(removed).collect()).await;
    fixture.keyring.destroy(&Subject::Account(account)).await.unwrap();
    let purged = account::Purged { receipt: RECEIPT, teams: 1, messages: said.len() as u64, files: 1 };
    fixture.project(vec![(StreamName::account(account), vec![AccountEvent::from(purged).into()])]).await;

    let after = fixture.dump().await;
    let left = after["account"].iter().filter(|row| row.contains("№1")).count();
    assert_eq!(left, 0, "{:#?}", after["account"]);
    for mark in ["тёмная", "ойпад", "+79166660001", "voip", "напомнить", "6ffff"] {
        let found = after.values().flatten().find(|row| row.contains(mark));
        assert_eq!(found, None, "{mark}");
    }
    assert!(after["erasure"][0].contains(&format!("\"files\": {}", files.len())), "{:?}", after["erasure"]);
    fixture.assert_rebuild_is_equal().await;
    fixture.tear_down().await;
}

#[tokio::test]
async fn erased_team_equals_a_rebuild_without_its_key() {
    let mut fixture = RebuildFixture::create().await;
    fixture.project_all().await;
    let (asked_by, reason) = (ErasureAsker::Operator, ErasureReason::Retention);
    let erased = team::Erased { receipt: RECEIPT, asked_by, reason };
    let ended = vec![TeamEvent::from(team::Archived {}).into(), TeamEvent::from(erased).into()];
    fixture.project(vec![(StreamName::team(TEAM), ended)]).await;
    fixture.keyring.destroy(&Subject::Team(TEAM)).await.unwrap();
    let purged = team::Purged { receipt: RECEIPT, contacts: 4, messages: 1, files: 0 };
    fixture.project(vec![(StreamName::team(TEAM), vec![TeamEvent::from(purged).into()])]).await;
    let after = fixture.dump().await;
    for mark in
        ["это", "Чат", "черновик", "Полк", "Дело", "тег", "строка", "сборка", "Раздел", ".png", "сделал"]
    {
        let found = after.iter().find(|(_, rows)| rows.iter().any(|row| row.contains(mark)));
        assert_eq!(found.map(|(table, _)| table), None, "{mark}");
    }
    fixture.assert_rebuild_is_equal().await;
    fixture.tear_down().await;
}
