-- The audit chain over the log, written by the notary only. It holds no personal values and can be rebuilt from the
-- log with the same result, except the checkpoints, which are therefore also in a file outside the database.
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

-- One index per filter; `at` follows the number closely enough for ranges of pages.
create index if not exists entry_event on audit.entry (event_id);
create index if not exists entry_stream on audit.entry (stream, number);
create index if not exists entry_kind on audit.entry (kind, number);
create index if not exists entry_command on audit.entry (command, number);
create index if not exists entry_actor on audit.entry (actor, number) where actor is not null;
create index if not exists entry_team on audit.entry (team, number) where team is not null;
create index if not exists entry_request on audit.entry (request_id) where request_id is not null;
-- A correlation id mostly equals the request id, which the index above covers.
create index if not exists entry_correlation on audit.entry (correlation)
    where correlation is distinct from request_id and correlation is not null;
create index if not exists entry_causation on audit.entry (causation) where causation is not null;
create index if not exists entry_at on audit.entry using brin (at);

-- One row: the head of the chain. Writers move it first.
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
