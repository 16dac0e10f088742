-- Words as both languages have them: the letters say which one it is. None is so common that it would be left out.
CREATE TEXT SEARCH DICTIONARY russian_words (TEMPLATE = pg_catalog.snowball, LANGUAGE = russian);
CREATE TEXT SEARCH DICTIONARY english_words (TEMPLATE = pg_catalog.snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.russian);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR word, hword, hword_part WITH russian_words;
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR asciiword, asciihword, hword_asciipart WITH english_words;

-- Messages, numbered within their chats. Their ids are the team's: two teams may use the same one.
CREATE TABLE message (
    uid uuid NOT NULL,
    team uuid NOT NULL,
    stream_by_id boolean NOT NULL, -- its stream bears the id alone, see `StreamName::message_by_id`
    chat uuid NOT NULL,
    num bigint NOT NULL,
    since bigint NOT NULL, -- position of the event that it came to be with
    prev uuid,
    author uuid NOT NULL,
    by_integration boolean NOT NULL,
    kind text NOT NULL, -- plain | change | file | …, also of deleted ones
    body text NOT NULL,
    change jsonb, -- what a change is
    important boolean NOT NULL,
    nopreview boolean NOT NULL,
    silently boolean NOT NULL,
    reply_to uuid,
    linked jsonb NOT NULL, -- ids of forwarded messages
    uploads jsonb NOT NULL DEFAULT '[]', -- files as they are shown: they never change while a message brings them
    links jsonb NOT NULL,
    mentioned jsonb NOT NULL, -- ids of contacts
    reactions jsonb NOT NULL DEFAULT '[]', -- as clients see them, made from reaction
    created timestamptz NOT NULL,
    edited timestamptz,
    editable_until timestamptz NOT NULL,
    deleted boolean NOT NULL DEFAULT false,
    -- Whether it can be unread: the rule of [`MessageRecord::counts`].
    counts boolean NOT NULL GENERATED ALWAYS AS (NOT deleted AND NOT silently AND kind <> 'change') STORED,
    gentime bigint NOT NULL,
    -- The chat is a word too, so that one index leads to what is both said and said there. The stemmer takes ё for е, but no
    -- decomposed letters.
    search tsvector NOT NULL GENERATED ALWAYS AS (strip(to_tsvector('words', normalize(body, NFKC)))
        || array_to_tsvector(ARRAY['#' || chat::text])) STORED,
    PRIMARY KEY (uid, team),
    UNIQUE (chat, num)
);
CREATE INDEX message_by_id ON message (team) WHERE stream_by_id;
CREATE INDEX message_uncounted ON message (chat, num) WHERE NOT counts;
CREATE INDEX message_mentions ON message (chat, num) WHERE mentioned <> '[]';
CREATE INDEX message_important ON message (chat) WHERE important AND NOT deleted;
CREATE INDEX message_deleted ON message (chat, num) WHERE deleted;
-- Names of people that changes tell.
CREATE INDEX message_change ON message (team) WHERE kind = 'change';

-- Who reacted with what.
CREATE TABLE reaction (
    message uuid NOT NULL,
    team uuid NOT NULL,
    name text NOT NULL,
    contact uuid NOT NULL,
    since bigint NOT NULL,
    created timestamptz NOT NULL,
    PRIMARY KEY (message, team, name, contact)
);

-- What was forwarded, as it was then: later edits are for those who see the original. A deletion reaches it.
CREATE TABLE forward (
    message uuid NOT NULL, -- the message that forwards, or the task that names it
    team uuid NOT NULL, -- of both
    place integer NOT NULL,
    source uuid NOT NULL,
    author uuid NOT NULL,
    by_integration boolean NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    uploads jsonb NOT NULL,
    links jsonb NOT NULL,
    created timestamptz NOT NULL,
    deleted boolean NOT NULL,
    PRIMARY KEY (message, team, place)
);
CREATE INDEX forward_source ON forward (source, team);

-- Where the feed tells of a message again, beside its first row: what is deleted is taken out of there too.
CREATE TABLE retold (
    message uuid NOT NULL,
    team uuid NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (message, team, position)
);
