//! Integrations of a team (`docs/acceptance.md`, items 78 to 87).

use crate::{ReadModel, Result, rights::TeamMember};
use chrono::{DateTime, Utc};
use events::{ContactId, GroupId, IntegrationId, TeamId, value::IntegrationKind};
use protocol::{
    Jid,
    html::escape,
    integration::{
        GroupIntegration, Integration, IntegrationField, IntegrationForm, IntegrationTemplate,
        Integrations as IntegrationList, KindOfIntegration,
    },
};
use secrets::vault::{Place, Purpose};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// The integration that an API key belongs to: proof that its holder may write into one group. Only the query makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    integration: IntegrationId,
    kind: IntegrationKind,
    team: TeamId,
    group: GroupId,
    enabled: bool,
    message_update_age: u32,
}

impl KeyHolder {
    pub fn integration(&self) -> IntegrationId {
        self.integration
    }

    pub fn kind(&self) -> IntegrationKind {
        self.kind
    }

    pub fn team(&self) -> TeamId {
        self.team
    }

    /// The group that the integration writes into.
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// Whether the integration may write.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Seconds in which messages may be edited.
    pub fn message_update_age(&self) -> u32 {
        self.message_update_age
    }
}

/// The webhook of an integration.
#[derive(Clone)]
pub struct Webhook {
    pub url: String,
    /// The API key, which proves to the receiver that the request is ours.
    pub key: String,
}

/// Integrations of teams.
#[derive(Clone, Copy, Debug)]
pub struct Integrations<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Integrations of teams.
    pub fn integrations(&self) -> Integrations<'_> {
        Integrations(self)
    }
}

impl Integrations<'_> {
    /// The integrations of a team, the oldest first, and the kinds that can be created. Keys are shown only for groups among
    /// `inside`: a manager outside a group sees that the integration exists, and may disable it.
    pub async fn list(self, member: &TeamMember, inside: &[GroupId]) -> Result<IntegrationList> {
        let rows = sqlx::query("SELECT * FROM integration WHERE team = $1 ORDER BY since")
            .bind(member.team.0)
            .fetch_all(&self.0.pool)
            .await?;
        let integrations =
            rows.iter().map(|row| self.integration_view(row, inside)).collect::<Result<_>>()?;
        Ok(IntegrationList { integrations, kinds: IntegrationKind::ALL.iter().copied().map(kind).collect() })
    }

    /// An integration of a team; its key is shown only for groups among `inside`.
    pub async fn find(
        self,
        member: &TeamMember,
        integration: IntegrationId,
        inside: &[GroupId],
    ) -> Result<Option<Integration>> {
        let row = sqlx::query("SELECT * FROM integration WHERE team = $1 AND uid = $2")
            .bind(member.team.0)
            .bind(integration.0)
            .fetch_optional(&self.0.pool)
            .await?;
        row.as_ref().map(|row| self.integration_view(row, inside)).transpose()
    }

    /// The integrations of a group without keys, the oldest first.
    pub async fn of_group(self, member: &TeamMember, group: GroupId) -> Result<Vec<GroupIntegration>> {
        let rows = sqlx::query("SELECT * FROM integration WHERE chat = $1 AND team = $2 ORDER BY since")
            .bind(group.0)
            .bind(member.team.0)
            .fetch_all(&self.0.pool)
            .await?;
        let view = |row: &PgRow| {
            let kind = IntegrationKind::from_word(row.get("kind")).unwrap_or(IntegrationKind::Raw);
            GroupIntegration {
                comment: row.get("comment"),
                created: row.get::<DateTime<Utc>, _>("created").into(),
                enabled: row.get("enabled"),
                kind,
                placed_by: row.get::<Option<Uuid>, _>("maker").map(|maker| Jid::Direct(ContactId(maker))),
                title: title(kind).into(),
                uid: row.get("uid"),
                webhook_host: host(row.get("webhook_url")).map(Into::into),
            }
        };
        Ok(rows.iter().map(view).collect())
    }

    /// The integration of an API key, unless its team or group is archived.
    pub async fn by_key(self, key: &str) -> Result<Option<KeyHolder>> {
        let hash = hex::encode(self.0.vault.keyed_hash(Purpose::ApiKey, key.as_bytes()));
        let row = sqlx::query(
            "SELECT i.uid, i.kind, i.team, i.chat, i.enabled, t.max_message_update_age FROM integration i \
             JOIN team t ON t.uid = i.team JOIN chat c ON c.key = i.chat \
             WHERE i.key_hash = $1 AND NOT t.archived AND NOT c.archived",
        )
        .bind(hash)
        .fetch_optional(&self.0.pool)
        .await?;
        if row.is_none() {
            self.0.ensure_complete().await?;
        }
        Ok(row.map(|row| KeyHolder {
            integration: IntegrationId(row.get("uid")),
            kind: IntegrationKind::from_word(row.get("kind")).unwrap_or(IntegrationKind::Raw),
            team: TeamId(row.get("team")),
            group: GroupId(row.get("chat")),
            enabled: row.get("enabled"),
            message_update_age: row.get::<i32, _>("max_message_update_age").unsigned_abs(),
        }))
    }

    /// The webhook for new messages of a group; `None` if the integration was removed, is disabled, belongs to another group
    /// or has no webhook.
    pub async fn webhook(self, integration: IntegrationId, group: GroupId) -> Result<Option<Webhook>> {
        let row = sqlx::query(
            "SELECT uid, team, webhook_url, key_sealed FROM integration \
             WHERE uid = $1 AND chat = $2 AND enabled AND webhook_url <> ''",
        )
        .bind(integration.0)
        .bind(group.0)
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let key = self.integration_key(&row)?;
        Ok(Some(Webhook { url: row.get("webhook_url"), key }))
    }

    fn integration_key(self, row: &PgRow) -> Result<String> {
        let place = Place::Integration(TeamId(row.get("team")), IntegrationId(row.get("uid")));
        self.0.open_secret(row.get("key_sealed"), place)
    }

    fn integration_view(self, row: &PgRow, inside: &[GroupId]) -> Result<Integration> {
        let (uid, group): (Uuid, GroupId) = (row.get("uid"), GroupId(row.get("chat")));
        let kind = IntegrationKind::from_word(row.get("kind")).unwrap_or(IntegrationKind::Raw);
        let (form, help) = match inside.contains(&group) {
            true => self.settings(kind, self.integration_key(row)?, row.get("webhook_url")),
            false => (IntegrationForm::default(), FROM_OUTSIDE.to_owned()),
        };
        Ok(Integration {
            comment: row.get("comment"),
            created: row.get::<DateTime<Utc>, _>("created").into(),
            enabled: row.get("enabled"),
            form,
            group: Jid::Group(group),
            help,
            kind,
            uid,
        })
    }

    /// The form and the help text of an integration.
    fn settings(self, kind: IntegrationKind, key: String, webhook_url: String) -> (IntegrationForm, String) {
        let url = webhook_address(self.0.base_url(), kind, &key);
        let help = help(self.0.base_url(), &key, url.as_deref());
        let form = IntegrationForm {
            api_key: Some(IntegrationField { label: "Ключ API".into(), readonly: true, value: key }),
            webhook_url: Some(webhook_field(webhook_url)),
            url: url.map(|value| IntegrationField {
                label: "Адрес для вебхука".into(),
                readonly: true,
                value,
            }),
        };
        (form, help)
    }
}

/// The help text for managers who are not in the integration's group.
const FROM_OUTSIDE: &str = "<p>Ключ и настройки интеграции видят только участники её группы.</p>";

/// The title of a kind of integration.
pub fn title(kind: IntegrationKind) -> &'static str {
    match kind {
        IntegrationKind::Sentry => "Sentry",
        IntegrationKind::Bitbucket => "Bitbucket",
        IntegrationKind::Raw => "API/Webhook",
    }
}

/// Host and port of a URL, whose other parts may be secret.
pub fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host).filter(|host| !host.is_empty())
}

fn webhook_field(value: String) -> IntegrationField {
    IntegrationField { label: "Webhook URL".into(), readonly: false, value }
}

fn kind(kind: IntegrationKind) -> KindOfIntegration {
    let form = match kind {
        IntegrationKind::Sentry | IntegrationKind::Bitbucket => IntegrationForm::default(),
        IntegrationKind::Raw => {
            IntegrationForm { webhook_url: Some(webhook_field(String::new())), ..IntegrationForm::default() }
        }
    };
    let template =
        IntegrationTemplate { comment: "Новая интеграция".into(), enabled: true, form, kind };
    KindOfIntegration { kind, template, title: title(kind).into() }
}

/// The URL to which an external service sends its webhooks; `None` for plain API integrations.
fn webhook_address(base_url: &str, kind: IntegrationKind, key: &str) -> Option<String> {
    match kind {
        IntegrationKind::Raw => None,
        IntegrationKind::Sentry | IntegrationKind::Bitbucket => {
            Some(format!("{base_url}/api/integrations/{}/{key}", kind.word()))
        }
    }
}

/// The help text: the URL, the key three times, both fields, the answers and the webhook's fields.
fn help(base_url: &str, key: &str, webhook_address: Option<&str>) -> String {
    let (base, key) = (escape(base_url), escape(key));
    let webhooks = webhook_address.map(|address| {
        let address = escape(address);
        format!(
            r#"<p>Укажите этот адрес в настройках вебхуков сервиса: <code>{address}</code>. О событиях, которые
стоит знать людям, в чате появится сообщение, остальные пропускаются. Адрес содержит ключ: не показывайте его посторонним.</p>

"#
        )
    });
    let webhooks = webhooks.unwrap_or_default();
    format!(
        r#"{webhooks}<p>Чтобы написать в чат, отправьте POST-запрос на <code>{base}/api/message</code> с полями:</p>
<ul>
    <li><code>key</code> — ключ API этой команды и этой группы: <strong class="nowrap">{key}</strong></li>
    <li><code>message</code> — текст сообщения</li>
</ul>

<h2>Из командной строки</h2>
<pre>curl {base}/api/message \
    -F key='{key}' \
    -F message='Ваше сообщение'</pre>

<h2>Ответ</h2>
<p>При успехе сервер отвечает <code>{{"ok": true}}</code>, при ошибке —
<code>{{"ok": false, "error": "Описание ошибки"}}</code>.</p>

<h2>Как получать сообщения из чата</h2>
<p>Если указан Webhook URL, на каждое новое сообщение чата туда придёт POST-запрос с полями
<code>chat</code>, <code>chat_display_name</code>, <code>created</code>, <code>sender</code>,
<code>sender_display_name</code> и <code>text</code>. В заголовке <code>key</code> будет ключ API
(<code>{key}</code>): по нему видно, что запрос от нас. На любой ответ, кроме 200, запрос будет
повторён ещё 8 раз через растущие промежутки времени.</p>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_in_the_order_of_the_reference() {
        let kinds: Vec<_> = IntegrationKind::ALL.iter().map(|k| kind(*k)).collect();
        assert_eq!(
            kinds.iter().map(|k| k.title.as_str()).collect::<Vec<_>>(),
            ["Sentry", "Bitbucket", "API/Webhook"]
        );
        assert!(kinds[0].template.form.webhook_url.is_none() && kinds[2].template.form.webhook_url.is_some());
    }

    #[test]
    fn help_contains_the_key_three_times() {
        let text = help("http://127.0.0.1:8000", "BWDydgHkSQ_2JSOiBDeEoR9KILo", None);
        assert_eq!(text.matches("BWDydgHkSQ_2JSOiBDeEoR9KILo").count(), 3);
        for word in [
            "http://127.0.0.1:8000/api/message",
            "chat_display_name",
            "sender_display_name",
            "created",
            "curl",
        ] {
            assert!(text.contains(word), "{word}");
        }
    }

    #[test]
    fn webhook_address_of_an_external_service_contains_kind_and_key() {
        let address = webhook_address("http://127.0.0.1:8000", IntegrationKind::Sentry, "KEY").unwrap();
        assert_eq!(address, "http://127.0.0.1:8000/api/integrations/sentry/KEY");
        assert!(help("http://127.0.0.1:8000", "KEY", Some(&address)).contains(&address));
        assert_eq!(webhook_address("http://127.0.0.1:8000", IntegrationKind::Raw, "KEY"), None);
    }
}
