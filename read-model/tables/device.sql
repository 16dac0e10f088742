-- Devices of accounts, with the address books on them.
CREATE TABLE device (
    account uuid NOT NULL,
    device_id text NOT NULL,
    since bigint NOT NULL, -- position of its registration: oldest first
    kind text NOT NULL,
    name text NOT NULL,
    notification_token text NOT NULL,
    voip_notification_token text NOT NULL,
    allowed_notifications boolean NOT NULL,
    data_pushes boolean NOT NULL,
    address_book text NOT NULL DEFAULT '[]',
    PRIMARY KEY (account, device_id)
);
