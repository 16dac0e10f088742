-- People in teams.
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
