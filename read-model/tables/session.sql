-- Logins, and offers to log in by QR code.
CREATE TABLE session (
    token_hash text PRIMARY KEY,
    uid uuid NOT NULL UNIQUE,
    account uuid NOT NULL,
    kind text NOT NULL,
    device_id text,
    -- Where and by which program it was opened.
    address text,
    user_agent text,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    code bytea -- see row_code.rs
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_expires ON session (expires);

CREATE TABLE qr_offer (
    token_hash text PRIMARY KEY,
    uid uuid NOT NULL UNIQUE,
    account uuid NOT NULL,
    session uuid NOT NULL UNIQUE,
    valid_until timestamptz NOT NULL
);
