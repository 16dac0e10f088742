-- What services remember beside the log: it outlives a rebuild of the read model, and losing it loses no fact.

-- Effects on the outside world, one row for each event and effect, so that nothing is done twice.
CREATE TABLE ops.effect (
    kind text NOT NULL, -- sms | webhook
    key text NOT NULL, -- event position and target
    position bigint NOT NULL,
    payload text NOT NULL, -- sealed under the master key
    planned timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    due timestamptz, -- NULL: done, given up or expired
    outcome text,
    PRIMARY KEY (kind, key)
);
CREATE INDEX effect_due ON ops.effect (due) WHERE due IS NOT NULL;

-- Up to which event effects were planned; written in the transaction that plans them.
CREATE TABLE ops.effect_checkpoint (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL
);
INSERT INTO ops.effect_checkpoint (position) VALUES (0);

-- Answers to commands that named an Idempotency-Key, sealed, until they expire.
CREATE TABLE ops.answer (
    command uuid PRIMARY KEY,
    fingerprint bytea NOT NULL,
    position bigint NOT NULL,
    body text NOT NULL,
    created timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX answer_created ON ops.answer (created);

-- When a contact was last seen on a websocket. Presence is never in the log.
CREATE TABLE ops.last_seen (
    contact uuid PRIMARY KEY,
    team uuid NOT NULL,
    account uuid NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX last_seen_account ON ops.last_seen (account, at DESC);
