//! What services share and no noun: configuration, HTTP shell, secrets, bus, blobs, tasks.
