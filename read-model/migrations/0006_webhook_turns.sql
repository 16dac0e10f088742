-- Webhooks are taken in turns: one at a time of an integration, a few of a team, none of a target that does not answer.
ALTER TABLE ops.effect
    ADD COLUMN integration uuid, -- of a webhook: which integration
    ADD COLUMN held_until timestamptz; -- being tried; behind this time its worker counts as dead

UPDATE ops.effect SET integration = right(key, 36)::uuid
    WHERE kind = 'webhook' AND key ~ ':[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

CREATE INDEX effect_turn ON ops.effect (integration, due, position) WHERE kind = 'webhook' AND due IS NOT NULL;
CREATE INDEX effect_held ON ops.effect (held_until) WHERE held_until IS NOT NULL;

-- Targets of webhooks that failed again and again; without a row a target is well.
CREATE TABLE ops.webhook_pause (
    target bytea PRIMARY KEY, -- hash of team and authority
    failures integer NOT NULL, -- in a row
    until timestamptz NOT NULL -- nothing is sent before
);
