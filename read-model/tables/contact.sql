-- People in teams, and each team's bots.
CREATE TABLE contact (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    account uuid, -- a bot has none
    botname text,
    phone text NOT NULL, -- by which they were added; the one shown is contact_phone
    given_name text NOT NULL,
    patronymic text NOT NULL DEFAULT '',
    family_name text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    mention text NOT NULL DEFAULT '', -- the shown name as mentions are compared with it
    role text NOT NULL,
    mood text NOT NULL DEFAULT '',
    contact_email text NOT NULL DEFAULT '',
    contact_phone text NOT NULL DEFAULT '',
    preferences jsonb NOT NULL DEFAULT '{}', -- an events::contact::Preferences
    sections uuid[] NOT NULL DEFAULT '{}',
    status text NOT NULL,
    inviting boolean NOT NULL DEFAULT false, -- may add people whatever its status
    need_confirmation boolean NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    colour smallint NOT NULL DEFAULT 0,
    icon_blob uuid,
    icon_width integer,
    icon_height integer,
    since bigint NOT NULL,
    gentime bigint NOT NULL,
    code bytea, -- see row_code.rs
    UNIQUE (team, account)
);
CREATE INDEX contact_account ON contact (account);
CREATE INDEX contact_mention ON contact (team, mention);
