-- A conversation, direct chats too: those come to be with their first message.
CREATE TABLE chat (
    key uuid PRIMARY KEY,
    team uuid NOT NULL,
    kind text NOT NULL, -- direct | group | task
    low uuid, -- the two contacts of a direct chat
    high uuid,
    display_name text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    public boolean NOT NULL DEFAULT false,
    readonly boolean NOT NULL DEFAULT false,
    default_for_all boolean NOT NULL DEFAULT false,
    autocleanup_age integer, -- seconds
    pinned_message uuid,
    section uuid, -- of a group; that of a task is in task
    colour smallint NOT NULL DEFAULT 0,
    archived boolean NOT NULL DEFAULT false,
    created timestamptz NOT NULL,
    last_num bigint NOT NULL DEFAULT 0,
    deletions bigint NOT NULL DEFAULT 0,
    last_message uuid,
    -- Of the messages up to this number none counts as unread any more.
    swept bigint NOT NULL DEFAULT 0,
    gentime bigint NOT NULL
);
CREATE INDEX chat_team ON chat (team, kind);
CREATE INDEX chat_low ON chat (low) WHERE kind = 'direct';
CREATE INDEX chat_high ON chat (high) WHERE kind = 'direct';
CREATE INDEX chat_autocleanup ON chat (key) WHERE autocleanup_age IS NOT NULL AND NOT archived;

CREATE TABLE member (
    chat uuid NOT NULL,
    contact uuid NOT NULL,
    status text NOT NULL,
    -- Messages up to this number were there before they came, and do not count as unread.
    joined_num bigint NOT NULL,
    PRIMARY KEY (chat, contact)
);
CREATE INDEX member_contact ON member (contact);

-- Who came into or went out of a team, of which the group does not know yet.
CREATE TABLE membership_due (
    chat uuid NOT NULL,
    contact uuid NOT NULL,
    stays boolean NOT NULL,
    PRIMARY KEY (chat, contact)
);
