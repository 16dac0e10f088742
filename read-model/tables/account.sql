-- People, by account.
CREATE TABLE account (
    uid uuid PRIMARY KEY,
    phone text NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    colour smallint NOT NULL,
    ui_settings text NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL
);
CREATE INDEX account_phone ON account (phone);
