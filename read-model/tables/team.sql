-- Teams.
CREATE TABLE team (
    uid uuid PRIMARY KEY,
    name text NOT NULL,
    colour smallint NOT NULL,
    default_task_deadline text NOT NULL,
    max_message_update_age integer NOT NULL,
    uploads_size_limit bigint NOT NULL,
    uploads_size bigint NOT NULL DEFAULT 0,
    icon_blob uuid,
    icon_width integer,
    icon_height integer,
    icon_size bigint NOT NULL DEFAULT 0,
    archived boolean NOT NULL DEFAULT false,
    since bigint NOT NULL,
    gentime bigint NOT NULL
);
