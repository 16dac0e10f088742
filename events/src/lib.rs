//! Facts: ids, values, stored event types, metadata, stream names, codec.
