-- The read model: everything here can be dropped and is made anew from the log. What must outlive a rebuild lives in
-- the schema `ops`.

-- How far the projection has come; one row, written in the transaction that changed the rows.
CREATE TABLE read.checkpoint (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL DEFAULT 0,
    -- Accounts and teams made so far: the next one's colour (protocol.md 6, item 70).
    coloured bigint NOT NULL DEFAULT 0
);
INSERT INTO read.checkpoint DEFAULT VALUES;

CREATE TABLE read.account (
    uid uuid PRIMARY KEY,
    phone text NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    colour smallint NOT NULL,
    ui_settings text NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL
);
CREATE INDEX account_phone ON read.account (phone);

CREATE TABLE read.device (
    account uuid NOT NULL,
    device_id text NOT NULL,
    since bigint NOT NULL, -- position of its registration: oldest first
    kind text NOT NULL,
    name text NOT NULL,
    notification_token text NOT NULL,
    voip_notification_token text NOT NULL,
    allowed_notifications boolean NOT NULL,
    data_pushes boolean NOT NULL,
    address_book text NOT NULL DEFAULT '[]',
    PRIMARY KEY (account, device_id)
);

CREATE TABLE read.session (
    token_hash text PRIMARY KEY,
    uid uuid NOT NULL UNIQUE,
    account uuid NOT NULL,
    kind text NOT NULL,
    device_id text,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX session_account ON read.session (account);

CREATE TABLE read.qr_offer (
    token_hash text PRIMARY KEY,
    uid uuid NOT NULL UNIQUE,
    account uuid NOT NULL,
    session uuid NOT NULL UNIQUE,
    valid_until timestamptz NOT NULL
);

CREATE TABLE read.team (
    uid uuid PRIMARY KEY,
    name text NOT NULL,
    colour smallint NOT NULL,
    default_task_deadline text NOT NULL,
    max_message_update_age integer NOT NULL,
    uploads_size_limit bigint NOT NULL,
    uploads_size bigint NOT NULL DEFAULT 0,
    icon_blob uuid,
    icon_width integer,
    icon_height integer,
    icon_size bigint NOT NULL DEFAULT 0,
    archived boolean NOT NULL DEFAULT false,
    since bigint NOT NULL,
    gentime bigint NOT NULL
);

CREATE TABLE read.usage (
    team uuid NOT NULL,
    year integer NOT NULL,
    month integer NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (team, year, month)
);

CREATE TABLE read.contact (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    account uuid NOT NULL,
    phone text NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    role text NOT NULL,
    status text NOT NULL,
    need_confirmation boolean NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    since bigint NOT NULL,
    gentime bigint NOT NULL,
    UNIQUE (team, account)
);
CREATE INDEX contact_account ON read.contact (account);

CREATE TABLE read.section (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    name text NOT NULL,
    sort_ordering integer NOT NULL,
    gentime bigint NOT NULL
);
CREATE INDEX section_team ON read.section (team);

CREATE TABLE read.invitation (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    token_hash text NOT NULL UNIQUE,
    token_sealed text NOT NULL,
    created timestamptz NOT NULL,
    since bigint NOT NULL
);
CREATE INDEX invitation_team ON read.invitation (team, since);

CREATE TABLE read.integration (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    kind text NOT NULL,
    key_hash text NOT NULL UNIQUE,
    key_sealed text NOT NULL,
    comment text NOT NULL,
    enabled boolean NOT NULL,
    chat uuid NOT NULL,
    webhook_url text NOT NULL,
    created timestamptz NOT NULL,
    since bigint NOT NULL
);
CREATE INDEX integration_team ON read.integration (team, since);
CREATE INDEX integration_chat ON read.integration (chat) WHERE enabled AND webhook_url <> '';

-- A conversation, direct chats too: those come to be with their first message.
CREATE TABLE read.chat (
    key uuid PRIMARY KEY,
    team uuid NOT NULL,
    kind text NOT NULL, -- direct | group
    low uuid, -- the two contacts of a direct chat
    high uuid,
    display_name text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    public boolean NOT NULL DEFAULT false,
    readonly boolean NOT NULL DEFAULT false,
    default_for_all boolean NOT NULL DEFAULT false,
    colour smallint NOT NULL DEFAULT 0,
    archived boolean NOT NULL DEFAULT false,
    created timestamptz NOT NULL,
    last_num bigint NOT NULL DEFAULT 0,
    last_message uuid,
    gentime bigint NOT NULL
);
CREATE INDEX chat_team ON read.chat (team, kind);
CREATE INDEX chat_low ON read.chat (low) WHERE kind = 'direct';
CREATE INDEX chat_high ON read.chat (high) WHERE kind = 'direct';

CREATE TABLE read.member (
    chat uuid NOT NULL,
    contact uuid NOT NULL,
    status text NOT NULL,
    -- Messages up to this number were there before they came, and do not count as unread.
    joined_num bigint NOT NULL,
    PRIMARY KEY (chat, contact)
);
CREATE INDEX member_contact ON read.member (contact);

CREATE TABLE read.message (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    chat uuid NOT NULL,
    num bigint NOT NULL,
    prev uuid,
    author uuid NOT NULL,
    by_integration boolean NOT NULL,
    body text NOT NULL,
    important boolean NOT NULL,
    nopreview boolean NOT NULL,
    reply_to uuid,
    linked jsonb NOT NULL, -- ids of forwarded messages
    links jsonb NOT NULL,
    mentioned jsonb NOT NULL, -- ids of contacts
    created timestamptz NOT NULL,
    edited timestamptz,
    editable_until timestamptz NOT NULL,
    deleted boolean NOT NULL DEFAULT false,
    gentime bigint NOT NULL,
    UNIQUE (chat, num)
);

-- How far a contact has read a chat. A post is a mark of its author's.
CREATE TABLE read.reading (
    contact uuid NOT NULL,
    chat uuid NOT NULL,
    num bigint NOT NULL,
    message uuid NOT NULL,
    gentime bigint NOT NULL,
    PRIMARY KEY (contact, chat)
);

-- The durable truth of the realtime half: what each scope was told, without holes.
CREATE TABLE read.feed (
    scope uuid NOT NULL,
    seq bigint NOT NULL,
    position bigint NOT NULL,
    ordinal integer NOT NULL,
    notice bytea NOT NULL, -- a protocol::notice::FeedRow as JSON
    PRIMARY KEY (scope, seq)
);
CREATE INDEX feed_position ON read.feed (position);

CREATE TABLE read.feed_scope (
    scope uuid PRIMARY KEY,
    seq bigint NOT NULL
);
