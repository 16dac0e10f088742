//! Commands: POST, PUT, DELETE.
