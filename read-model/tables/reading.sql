-- How far a contact has read a chat. A post is a mark of its author's.
CREATE TABLE reading (
    contact uuid NOT NULL,
    chat uuid NOT NULL,
    num bigint NOT NULL,
    message uuid NOT NULL,
    gentime bigint NOT NULL,
    -- The contact is not in the chat, or left it since: what it has seen stays seen, but it begins anew when it comes.
    away boolean NOT NULL DEFAULT false,
    PRIMARY KEY (contact, chat)
);
-- Who has seen a message.
CREATE INDEX reading_num ON reading (chat, num);

-- How a contact wants to see a chat, and what it has begun to write there. A chat without a row is as it comes.
CREATE TABLE own_chat (
    contact uuid NOT NULL,
    chat uuid NOT NULL,
    pinned boolean NOT NULL DEFAULT false,
    pinned_sort_ordering integer NOT NULL DEFAULT 0,
    hidden boolean NOT NULL DEFAULT false,
    notifications_enabled boolean NOT NULL DEFAULT true,
    counters_enabled boolean NOT NULL DEFAULT true,
    collapsed boolean NOT NULL DEFAULT false,
    feed boolean, -- NULL: as its kind has it
    draft text NOT NULL DEFAULT '',
    draft_num bigint NOT NULL DEFAULT 0,
    draft_gentime bigint NOT NULL DEFAULT 0,
    gentime bigint NOT NULL,
    PRIMARY KEY (contact, chat)
);
