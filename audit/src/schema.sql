-- The auditor's chain over the log, written by the notary alone. No personal value enters it: it can be made anew from the
-- log, and comes out the same. What cannot be made anew is what was signed, hence also the file outside.
create schema if not exists audit;

create table if not exists audit.entry (
    number     bigint      primary key,
    position   bigint      not null unique,
    hash       bytea       not null,
    event_id   uuid        not null,
    stream     text        not null collate "C",
    revision   bigint      not null,
    kind       text        not null collate "C",
    at         timestamptz not null,
    command    text        not null collate "C",
    request_id text        collate "C",
    correlation text       collate "C",
    causation  uuid,
    command_id uuid,
    actor      uuid,
    contact    uuid,
    session    uuid,
    team       uuid
);

-- An index for each filter; `at` follows the number closely enough for ranges of pages.
create index if not exists entry_event on audit.entry (event_id);
create index if not exists entry_stream on audit.entry (stream, number);
create index if not exists entry_kind on audit.entry (kind, number);
create index if not exists entry_command on audit.entry (command, number);
create index if not exists entry_actor on audit.entry (actor, number) where actor is not null;
create index if not exists entry_team on audit.entry (team, number) where team is not null;
create index if not exists entry_request on audit.entry (request_id) where request_id is not null;
-- Mostly it is the request itself: that is found by the index above.
create index if not exists entry_correlation on audit.entry (correlation)
    where correlation is distinct from request_id and correlation is not null;
create index if not exists entry_causation on audit.entry (causation) where causation is not null;
create index if not exists entry_at on audit.entry using brin (at);

-- One row: how far the notary is. Who moves it may write.
create table if not exists audit.head (
    singleton boolean primary key default true check (singleton),
    number    bigint  not null,
    position  bigint  not null,
    hash      bytea   not null
) with (fillfactor = 10);

insert into audit.head (number, position, hash) values (0, 0, decode(repeat('00', 32), 'hex')) on conflict do nothing;

create table if not exists audit.checkpoint (
    number    bigint      not null,
    position  bigint      not null,
    hash      bytea       not null,
    at        timestamptz not null,
    key       text        not null,
    signature text        not null primary key
);

create index if not exists checkpoint_number on audit.checkpoint (number);
