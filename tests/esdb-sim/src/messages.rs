//! The wire messages of the client's calls, by field numbers. Fields that the client does not read are left out.

use bytes::Bytes;
use prost::{Message, Oneof};
use std::collections::HashMap;
use uuid::Uuid;

/// The name of a stream.
#[derive(Clone, PartialEq, Message)]
pub struct StreamRef {
    #[prost(bytes = "bytes", tag = "3")]
    pub name: Bytes,
}

/// A UUID, in one of two forms.
#[derive(Clone, PartialEq, Message)]
pub struct Id {
    #[prost(oneof = "IdForm", tags = "1, 2")]
    pub form: Option<IdForm>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum IdForm {
    #[prost(message, tag = "1")]
    Halves(Halves),
    #[prost(string, tag = "2")]
    Text(String),
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Halves {
    #[prost(int64, tag = "1")]
    pub high: i64,
    #[prost(int64, tag = "2")]
    pub low: i64,
}

impl Id {
    pub fn of(id: Uuid) -> Self {
        Self { form: Some(IdForm::Text(id.to_string())) }
    }

    pub fn read(&self) -> Option<Uuid> {
        match self.form.as_ref()? {
            IdForm::Halves(halves) => {
                Some(Uuid::from_u64_pair(halves.high.cast_unsigned(), halves.low.cast_unsigned()))
            }
            IdForm::Text(text) => text.parse().ok(),
        }
    }
}

/// A position in the whole log.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Place {
    #[prost(uint64, tag = "1")]
    pub commit: u64,
    #[prost(uint64, tag = "2")]
    pub prepare: u64,
}

// Append

#[derive(Clone, PartialEq, Message)]
pub struct AppendReq {
    #[prost(oneof = "AppendPart", tags = "1, 2")]
    pub part: Option<AppendPart>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum AppendPart {
    #[prost(message, tag = "1")]
    Header(AppendHeader),
    #[prost(message, tag = "2")]
    Event(Proposed),
}

#[derive(Clone, PartialEq, Message)]
pub struct AppendHeader {
    #[prost(message, optional, tag = "1")]
    pub stream: Option<StreamRef>,
    #[prost(oneof = "Expected", tags = "2, 3, 4, 5")]
    pub expected: Option<Expected>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum Expected {
    #[prost(uint64, tag = "2")]
    Revision(u64),
    #[prost(message, tag = "3")]
    NoStream(()),
    #[prost(message, tag = "4")]
    Any(()),
    #[prost(message, tag = "5")]
    Exists(()),
}

#[derive(Clone, PartialEq, Message)]
pub struct Proposed {
    #[prost(message, optional, tag = "1")]
    pub id: Option<Id>,
    #[prost(map = "string, string", tag = "2")]
    pub metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "3")]
    pub custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub data: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub struct AppendResp {
    #[prost(oneof = "AppendResult", tags = "1, 2")]
    pub result: Option<AppendResult>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum AppendResult {
    #[prost(message, tag = "1")]
    Success(Success),
    #[prost(message, tag = "2")]
    Wrong(WrongVersion),
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Success {
    #[prost(oneof = "Current", tags = "1, 2")]
    pub current: Option<Current>,
    #[prost(oneof = "At", tags = "3, 4")]
    pub at: Option<At>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum Current {
    #[prost(uint64, tag = "1")]
    Revision(u64),
    #[prost(message, tag = "2")]
    NoStream(()),
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum At {
    #[prost(message, tag = "3")]
    Place(Place),
    #[prost(message, tag = "4")]
    Nowhere(()),
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct WrongVersion {
    #[prost(oneof = "WrongCurrent", tags = "6, 7")]
    pub current: Option<WrongCurrent>,
    #[prost(oneof = "WrongExpected", tags = "8, 9, 10, 11")]
    pub expected: Option<WrongExpected>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum WrongCurrent {
    #[prost(uint64, tag = "6")]
    Revision(u64),
    #[prost(message, tag = "7")]
    NoStream(()),
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum WrongExpected {
    #[prost(uint64, tag = "8")]
    Revision(u64),
    #[prost(message, tag = "9")]
    Any(()),
    #[prost(message, tag = "10")]
    Exists(()),
    #[prost(message, tag = "11")]
    NoStream(()),
}

// Read

#[derive(Clone, PartialEq, Message)]
pub struct ReadReq {
    #[prost(message, optional, tag = "1")]
    pub options: Option<ReadOptions>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadOptions {
    #[prost(oneof = "ReadWhat", tags = "1, 2")]
    pub what: Option<ReadWhat>,
    /// 0 is forwards.
    #[prost(int32, tag = "3")]
    pub direction: i32,
    #[prost(oneof = "ReadAmount", tags = "5, 6")]
    pub amount: Option<ReadAmount>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum ReadWhat {
    #[prost(message, tag = "1")]
    Stream(ReadStream),
    #[prost(message, tag = "2")]
    All(ReadAll),
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum ReadAmount {
    #[prost(uint64, tag = "5")]
    Count(u64),
    #[prost(message, tag = "6")]
    WithoutEnd(()),
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadStream {
    #[prost(message, optional, tag = "1")]
    pub stream: Option<StreamRef>,
    #[prost(oneof = "FromRevision", tags = "2, 3, 4")]
    pub from: Option<FromRevision>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum FromRevision {
    #[prost(uint64, tag = "2")]
    Revision(u64),
    #[prost(message, tag = "3")]
    Start(()),
    #[prost(message, tag = "4")]
    End(()),
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct ReadAll {
    #[prost(oneof = "FromPlace", tags = "1, 2, 3")]
    pub from: Option<FromPlace>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum FromPlace {
    #[prost(message, tag = "1")]
    Place(Place),
    #[prost(message, tag = "2")]
    Start(()),
    #[prost(message, tag = "3")]
    End(()),
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadResp {
    #[prost(oneof = "ReadPart", tags = "1, 4, 5, 6")]
    pub part: Option<ReadPart>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum ReadPart {
    #[prost(message, tag = "1")]
    Event(Resolved),
    #[prost(message, tag = "4")]
    NotFound(NotFound),
    #[prost(uint64, tag = "5")]
    FirstRevision(u64),
    #[prost(uint64, tag = "6")]
    LastRevision(u64),
}

#[derive(Clone, PartialEq, Message)]
pub struct NotFound {
    #[prost(message, optional, tag = "1")]
    pub stream: Option<StreamRef>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Resolved {
    #[prost(message, optional, tag = "1")]
    pub event: Option<Recorded>,
    #[prost(oneof = "ResolvedAt", tags = "3, 4")]
    pub at: Option<ResolvedAt>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub enum ResolvedAt {
    #[prost(uint64, tag = "3")]
    Commit(u64),
    #[prost(message, tag = "4")]
    Nowhere(()),
}

#[derive(Clone, PartialEq, Message)]
pub struct Recorded {
    #[prost(message, optional, tag = "1")]
    pub id: Option<Id>,
    #[prost(message, optional, tag = "2")]
    pub stream: Option<StreamRef>,
    #[prost(uint64, tag = "3")]
    pub revision: u64,
    #[prost(uint64, tag = "4")]
    pub prepare: u64,
    #[prost(uint64, tag = "5")]
    pub commit: u64,
    #[prost(map = "string, string", tag = "6")]
    pub metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "7")]
    pub custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "8")]
    pub data: Bytes,
}

// Server features and gossip

#[derive(Clone, PartialEq, Message)]
pub struct Features {
    #[prost(string, tag = "2")]
    pub version: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Members {
    #[prost(message, repeated, tag = "1")]
    pub members: Vec<Member>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Member {
    #[prost(message, optional, tag = "1")]
    pub id: Option<Id>,
    /// 6 is a follower, 8 the leader.
    #[prost(int32, tag = "3")]
    pub state: i32,
    #[prost(bool, tag = "4")]
    pub alive: bool,
    #[prost(message, optional, tag = "5")]
    pub place: Option<EndPoint>,
}

#[derive(Clone, PartialEq, Message)]
pub struct EndPoint {
    #[prost(string, tag = "1")]
    pub address: String,
    #[prost(uint32, tag = "2")]
    pub port: u32,
}
