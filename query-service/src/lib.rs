//! Queries: GET.
