-- How far a contact has read a chat. A post is a mark of its author's.
CREATE TABLE read.reading (
    contact uuid NOT NULL,
    chat uuid NOT NULL,
    num bigint NOT NULL,
    message uuid NOT NULL,
    gentime bigint NOT NULL,
    PRIMARY KEY (contact, chat)
);
