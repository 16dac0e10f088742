-- Messages, numbered within their chats.
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
    uploads jsonb NOT NULL DEFAULT '[]', -- files as they are shown: they never change while a message brings them
    links jsonb NOT NULL,
    mentioned jsonb NOT NULL, -- ids of contacts
    created timestamptz NOT NULL,
    edited timestamptz,
    editable_until timestamptz NOT NULL,
    deleted boolean NOT NULL DEFAULT false,
    -- Whether it can be unread: the rule of [`NeutralMessage::counts`].
    counts boolean NOT NULL GENERATED ALWAYS AS (NOT deleted) STORED,
    gentime bigint NOT NULL,
    UNIQUE (chat, num)
);
CREATE INDEX message_uncounted ON read.message (chat, num) WHERE NOT counts;
CREATE INDEX message_mentions ON read.message (chat, num) WHERE mentioned <> '[]';
