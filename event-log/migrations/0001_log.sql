-- The log: what happened, in commit order. Written by one statement only, see the crate's postgres/statements.rs.

create table log.events (
    position    bigint      not null,
    stream      text        not null collate "C",
    revision    bigint      not null,
    event_id    uuid        not null,
    kind        text        not null collate "C",
    -- Opaque to the database: bytes cost a third less than jsonb, and the log never looks inside.
    data        bytea       not null,
    meta        bytea       not null,
    -- By the wall clock at the insert, under the head's lock: grows with the position as far as the clock does.
    recorded_at timestamptz not null default clock_timestamp(),
    constraint events_pkey primary key (position),
    constraint events_stream_revision_key unique (stream, revision),
    constraint events_position_check check (position > 0),
    constraint events_revision_check check (revision >= 0)
);

-- One row: the position of the last event. Who moves it may write; rewritten in place, hence the room in its page.
create table log.head (
    singleton boolean not null default true,
    position  bigint  not null,
    constraint head_pkey primary key (singleton),
    constraint head_singleton_check check (singleton)
) with (fillfactor = 10);

insert into log.head (position) values (0);

-- What a command led to, written together with its events.
create table log.receipts (
    command_id     uuid        not null,
    fingerprint    bytea       not null,
    stream         text        not null collate "C",
    first_revision bigint      not null,
    last_revision  bigint      not null,
    first_position bigint      not null,
    last_position  bigint      not null,
    recorded_at    timestamptz not null default clock_timestamp(),
    constraint receipts_pkey primary key (command_id),
    constraint receipts_fingerprint_check check (octet_length(fingerprint) = 32)
);

-- History is not rewritten, not even by mistake. (An owner can still lift the trigger; the audit's hash chain tells.)
create function log.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the log is append-only' using errcode = 'restrict_violation';
end
$$;

create trigger events_append_only before update or delete or truncate on log.events
    for each statement execute function log.refuse_change();
