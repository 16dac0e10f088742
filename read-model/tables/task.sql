-- What a task has beside its conversation, which is in chat under the same key.
CREATE TABLE task (
    key uuid PRIMARY KEY,
    team uuid NOT NULL,
    num bigint NOT NULL, -- within the team, in the order of the log
    owner uuid NOT NULL,
    assignee uuid NOT NULL,
    observers uuid[] NOT NULL,
    deadline timestamptz,
    status text NOT NULL,
    done timestamptz, -- NULL: open
    done_reason text,
    section uuid,
    color_index integer,
    importance bigint,
    urgency bigint,
    complexity bigint,
    spent_time bigint,
    linked uuid[] NOT NULL,
    expired boolean NOT NULL DEFAULT false, -- the deadline came while it was open
    due timestamptz, -- the deadline, while it is open and that has yet to come
    UNIQUE (team, num)
);
CREATE INDEX task_owner ON task (owner);
CREATE INDEX task_due ON task (due) WHERE due IS NOT NULL;
CREATE INDEX task_section ON task (section) WHERE section IS NOT NULL;

-- The last number that was given in a team.
CREATE TABLE task_num (
    team uuid PRIMARY KEY,
    num bigint NOT NULL
);

-- Checklists.
CREATE TABLE task_item (
    task uuid NOT NULL,
    place integer NOT NULL,
    uid uuid NOT NULL,
    body text NOT NULL,
    reference bigint, -- the number of the task that the line stands for
    checked boolean NOT NULL,
    gentime bigint NOT NULL,
    PRIMARY KEY (task, place)
);
CREATE INDEX task_item_reference ON task_item (reference) WHERE reference IS NOT NULL;

CREATE TABLE task_tag (
    task uuid NOT NULL,
    tag uuid NOT NULL,
    PRIMARY KEY (task, tag)
);
CREATE INDEX task_tag_tag ON task_tag (tag);

-- Files that belong to tasks: who sees the task may read the file.
CREATE TABLE task_upload (
    task uuid NOT NULL,
    place integer NOT NULL,
    upload uuid NOT NULL,
    PRIMARY KEY (task, place)
);
CREATE INDEX task_upload_upload ON task_upload (upload);
