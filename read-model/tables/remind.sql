-- Reminders that have yet to fire. That one has fired is in the log, and there alone.
CREATE TABLE remind (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    contact uuid NOT NULL,
    chat uuid NOT NULL,
    chat_ref jsonb NOT NULL, -- an events::chat::ChatRef
    fire_at timestamptz NOT NULL,
    comment text NOT NULL
);
CREATE INDEX remind_fire_at ON remind (fire_at);
CREATE INDEX remind_contact ON remind (contact, chat);
