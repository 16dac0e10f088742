//! Veche: the backend of a team messenger, every role in one binary.
