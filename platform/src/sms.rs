//! sms.
