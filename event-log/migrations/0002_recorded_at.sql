-- When an event was recorded is in its metadata, which hashes and codes cover: nothing of an event stands beside them any more.

alter table log.events drop column recorded_at;
