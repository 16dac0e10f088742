//! Plans effects: one row per event and effect.

use crate::error::ProjectionError;
use chrono::{DateTime, Utc};
use events::{
    ContactId, Event, EventId, GroupId, Position, Recorded, message::Author, message::Posted,
    phone::CodeRequested,
};
use protocol::{Jid, Timestamp};
use secrets::vault::{Place, Vault};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// An effect to be executed.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    position: Position,
    /// The event's id, followed by the integration's for a webhook. It is the same in every log, and receivers of webhooks
    /// deduplicate by it.
    key: String,
    /// The integration of a webhook.
    integration: Option<Uuid>,
    effect: Effect,
}

/// The payload of an effect.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub(crate) enum Effect {
    /// Sends a login code.
    Sms {
        /// `+` and digits.
        phone: String,
        /// Keyed hash of the phone, hex.
        phone_hash: String,
        /// The code is derived from this.
        nonce: Uuid,
        /// Number of digits.
        length: u8,
        /// `ru` or `en`.
        lang: String,
        /// The code expires then.
        valid_until: DateTime<Utc>,
    },
    /// Posts a message to an integration's URL.
    Webhook {
        /// Its URL and key are looked up when the webhook is sent.
        integration: Uuid,
        form: WebhookForm,
    },
}

/// The form fields of a webhook, as receivers expect them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WebhookForm {
    chat: Jid,
    chat_display_name: String,
    created: Timestamp,
    sender: Jid,
    sender_display_name: String,
    text: String,
}

impl WebhookForm {
    /// The group of the message.
    pub(crate) fn group(&self) -> Option<GroupId> {
        match self.chat {
            Jid::Group(group) => Some(group),
            Jid::Direct(_) | Jid::Task(_) => None,
        }
    }

    /// Names and values of the form fields.
    pub(crate) fn fields(&self) -> [(&'static str, String); 6] {
        [
            ("chat", self.chat.to_string()),
            ("chat_display_name", self.chat_display_name.clone()),
            ("created", self.created.to_string()),
            ("sender", self.sender.to_string()),
            ("sender_display_name", self.sender_display_name.clone()),
            ("text", self.text.clone()),
        ]
    }
}

impl Effect {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Sms { .. } => "sms",
            Self::Webhook { .. } => "webhook",
        }
    }
}

impl Planned {
    /// The SMS with a requested login code; `None` if the number was erased.
    pub(crate) fn sms(recorded: &Recorded<Event>, requested: &CodeRequested) -> Option<Self> {
        let effect = Effect::Sms {
            phone: requested.phone.as_ref()?.value.clone()?,
            phone_hash: recorded.stream.id().to_owned(),
            nonce: requested.nonce,
            length: requested.code_length,
            lang: requested.lang.clone(),
            valid_until: requested.valid_until,
        };
        let (position, key) = (recorded.position, recorded.id.to_string());
        Some(Self { position, key, integration: None, effect })
    }
}

/// A post that may trigger webhooks.
#[derive(Clone, Copy)]
pub(crate) struct Placed<'p> {
    pub(crate) position: Position,
    pub(crate) event: EventId,
    pub(crate) at: DateTime<Utc>,
    pub(crate) posted: &'p Posted,
}

/// The webhooks of posts: one for each enabled integration of the chat that has a URL, except for its own posts.
pub(crate) async fn webhooks(
    db: &mut PgConnection,
    posts: &[Placed<'_>],
) -> Result<Vec<Planned>, sqlx::Error> {
    let chats: Vec<Uuid> = posts.iter().map(|post| post.posted.chat.key().0).collect();
    let listeners = sqlx::query(
        "SELECT i.uid, i.chat, c.display_name FROM integration i JOIN chat c ON c.key = i.chat \
         WHERE i.chat = ANY($1) AND i.enabled AND i.webhook_url <> '' ORDER BY i.uid",
    )
    .bind(chats)
    .fetch_all(&mut *db)
    .await?;
    if listeners.is_empty() {
        return Ok(vec![]);
    }
    let senders = load_senders(db, posts).await?;
    let mut planned = vec![];
    for post in posts {
        let chat = post.posted.chat.key().0;
        for listener in listeners.iter().filter(|row| row.get::<Uuid, _>("chat") == chat) {
            let integration: Uuid = listener.get("uid");
            if post.posted.author != Author::Integration(integration.into()) {
                let effect = Effect::Webhook { integration, form: form(*post, listener, &senders) };
                planned.push(Planned {
                    position: post.position,
                    key: format!("{}:{integration}", post.event),
                    integration: Some(integration),
                    effect,
                });
            }
        }
    }
    Ok(planned)
}

fn form(post: Placed<'_>, listener: &PgRow, senders: &HashMap<Uuid, String>) -> WebhookForm {
    let sender = protocol::message::author_jid(post.posted.author);
    let sender_display_name = match sender {
        Jid::Direct(ContactId(uid)) => senders.get(&uid).cloned().unwrap_or_default(),
        Jid::Group(_) | Jid::Task(_) => String::new(),
    };
    WebhookForm {
        chat: Jid::Group(listener.get::<Uuid, _>("chat").into()),
        chat_display_name: listener.get("display_name"),
        created: post.at.into(),
        sender,
        sender_display_name,
        text: post.posted.text.or_default(),
    }
}

/// The display names of the authors; that of an integration is its comment.
async fn load_senders(
    db: &mut PgConnection,
    posts: &[Placed<'_>],
) -> Result<HashMap<Uuid, String>, sqlx::Error> {
    let ids: Vec<Uuid> = posts
        .iter()
        .map(|post| match post.posted.author {
            Author::Contact(contact) => contact.0,
            Author::Integration(integration) => integration.0,
        })
        .collect();
    let rows = sqlx::query(
        "SELECT uid, given_name, family_name, phone FROM contact WHERE uid = ANY($1) \
         UNION ALL SELECT uid, comment, '', '' FROM integration WHERE uid = ANY($1)",
    )
    .bind(ids)
    .fetch_all(db)
    .await?;
    let name = |row: &PgRow| {
        (
            row.get("uid"),
            domain::name::display_name(row.get("given_name"), row.get("family_name"), row.get("phone")),
        )
    };
    Ok(rows.iter().map(name).collect())
}

/// Stores the planned effects of a batch, except those before the effect checkpoint: a rebuild plans nothing again.
pub(crate) async fn store(
    db: &mut PgConnection,
    vault: &Vault,
    position: Position,
    planned: Vec<Planned>,
) -> Result<(), ProjectionError> {
    if planned.is_empty() {
        // The checkpoint advances with plans only: without plans, none can be made twice.
        return Ok(());
    }
    let done: i64 = sqlx::query_scalar("SELECT position FROM ops.effect_checkpoint FOR UPDATE")
        .fetch_one(&mut *db)
        .await?;
    for plan in planned.into_iter().filter(|plan| plan.position > done.cast_unsigned()) {
        let place = Place::Effect { kind: plan.effect.kind(), key: &plan.key };
        let payload = vault.seal(&serde_json::to_vec(&plan.effect)?, place)?;
        sqlx::query(
            "INSERT INTO ops.effect (kind, key, position, payload, due, integration) \
             VALUES ($1, $2, $3, $4, now(), $5) ON CONFLICT DO NOTHING",
        )
        .bind(plan.effect.kind())
        .bind(plan.key)
        .bind(plan.position.cast_signed())
        .bind(payload)
        .bind(plan.integration)
        .execute(&mut *db)
        .await?;
    }
    sqlx::query("UPDATE ops.effect_checkpoint SET position = greatest(position, $1)")
        .bind(position.cast_signed())
        .execute(db)
        .await?;
    Ok(())
}
