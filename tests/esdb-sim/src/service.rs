//! The calls of the protocol.

use crate::{
    faults::{Call, Fault},
    messages::{
        AppendHeader, AppendPart, AppendReq, AppendResp, AppendResult, At, Current, Expected, Features,
        FromPlace, FromRevision, Id, Members, NotFound, Place, Proposed, ReadAmount, ReadOptions, ReadPart,
        ReadReq, ReadResp, ReadWhat, Recorded, Resolved, ResolvedAt, StreamRef, Success, WrongCurrent,
        WrongExpected, WrongVersion,
    },
    node::Node,
    store::{Expectation, MAX_WRITE, Outcome, Record, Write},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use hyper::body::Incoming;
use std::{convert::Infallible, future::pending, sync::Arc};
use tokio::sync::Notify;
use tonic::{
    Request, Response, Status, Streaming, body::BoxBody, codec::ProstCodec, codegen::BoxStream, server::Grpc,
};
use tower::service_fn;

/// The server's version.
const VERSION: &str = "24.10.0.0";

/// One call on a connection, which `cut` ends.
#[derive(Clone)]
pub(crate) struct Calls {
    pub(crate) node: Arc<Node>,
    pub(crate) cut: Arc<Notify>,
}

impl Calls {
    /// Answers a call.
    pub(crate) async fn answer(
        self,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<BoxBody>, Infallible> {
        let path = request.uri().path().to_owned();
        self.node.count(path.rsplit('/').next().unwrap_or_default());
        let answer = match path.as_str() {
            "/event_store.client.streams.Streams/Append" => {
                let service = service_fn(move |request| {
                    let calls = self.clone();
                    async move { calls.append(request).await }
                });
                Grpc::new(ProstCodec::<AppendResp, AppendReq>::default())
                    .client_streaming(service, request)
                    .await
            }
            "/event_store.client.streams.Streams/Read" => {
                let service = service_fn(move |request| {
                    let calls = self.clone();
                    async move { calls.read(request).await }
                });
                Grpc::new(ProstCodec::<ReadResp, ReadReq>::default()).server_streaming(service, request).await
            }
            "/event_store.client.server_features.ServerFeatures/GetSupportedMethods" => {
                let service = service_fn(move |_: Request<()>| {
                    let calls = self.clone();
                    async move {
                        calls.strike(Call::Features, "").await?;
                        Ok(Response::new(Features { version: VERSION.to_owned() }))
                    }
                });
                Grpc::new(ProstCodec::<Features, ()>::default()).unary(service, request).await
            }
            "/event_store.client.gossip.Gossip/Read" => {
                let service = service_fn(move |_: Request<()>| {
                    let members = self.node.members();
                    async move { Ok::<_, Status>(Response::new(Members { members })) }
                });
                Grpc::new(ProstCodec::<Members, ()>::default()).unary(service, request).await
            }
            other => Status::unimplemented(other.to_owned()).into_http(),
        };
        Ok(answer)
    }

    /// Applies the fault due before the call; returns the one due after it.
    async fn strike(&self, call: Call, stream: &str) -> Result<Option<Fault>, Status> {
        match self.node.faults.strike(call, stream) {
            Some(Fault::Refuse(code)) => Err(Status::new(code, "refused on request")),
            Some(Fault::NotLeader(host, port)) => Err(not_leader(&host, port)),
            Some(Fault::CutBefore) => {
                self.cut.notify_one();
                pending().await
            }
            Some(Fault::Ignore) => pending().await,
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                Ok(None)
            }
            after => Ok(after),
        }
    }

    async fn afterwards(&self, fault: Option<Fault>) -> Result<(), Status> {
        match fault {
            Some(Fault::CutAfter) => {
                self.cut.notify_one();
                pending().await
            }
            Some(Fault::Hang) => pending().await,
            Some(Fault::LoseAnswer(code)) => Err(Status::new(code, "lost on request")),
            _ => Ok(()),
        }
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        self.led(&request)?;
        let (header, events) = gather(request.into_inner()).await?;
        let name = name_of(header.stream.as_ref())?;
        let fault = self.strike(Call::Append, &name).await?;
        let expectation = match header.expected {
            Some(Expected::Revision(revision)) => Expectation::Revision(revision),
            Some(Expected::NoStream(())) => Expectation::NoStream,
            Some(Expected::Exists(())) => Expectation::Exists,
            Some(Expected::Any(())) => Expectation::Any,
            None => return Err(Status::invalid_argument("an expected revision is missing")),
        };
        let outcome = self.node.store.append(&name, expectation, events);
        self.afterwards(fault).await?;
        let result = match outcome {
            Outcome::Stored { last, position } => AppendResult::Success(Success {
                current: Some(Current::Revision(last)),
                at: Some(At::Place(Place { commit: position, prepare: position })),
            }),
            Outcome::Wrong { current } => AppendResult::Wrong(WrongVersion {
                current: Some(current.map_or(WrongCurrent::NoStream(()), WrongCurrent::Revision)),
                expected: Some(match expectation {
                    Expectation::Revision(revision) => WrongExpected::Revision(revision),
                    Expectation::NoStream => WrongExpected::NoStream(()),
                    Expectation::Exists => WrongExpected::Exists(()),
                    Expectation::Any => WrongExpected::Any(()),
                }),
            }),
            Outcome::Deleted => return Err(deleted(&name)),
        };
        Ok(Response::new(AppendResp { result: Some(result) }))
    }

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<BoxStream<ReadResp>>, Status> {
        self.led(&request)?;
        let options = request.into_inner().options.unwrap_or_default();
        let fault = self.strike(Call::Read, &read_name(&options)).await?;
        let parts = self.parts(&options)?;
        self.afterwards(fault).await?;
        let parts = stream::iter(parts).map(|part| Ok(ReadResp { part: Some(part) }));
        Ok(Response::new(Box::pin(parts)))
    }

    fn parts(&self, options: &ReadOptions) -> Result<Vec<ReadPart>, Status> {
        let Some(ReadAmount::Count(count)) = options.amount else {
            return Err(Status::unimplemented("subscriptions"));
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let backwards = options.direction != 0;
        let records = match &options.what {
            Some(ReadWhat::Stream(read)) => {
                let name = name_of(read.stream.as_ref())?;
                let from = match read.from {
                    Some(FromRevision::Revision(revision)) => Some(revision),
                    Some(FromRevision::End(())) if !backwards => Some(u64::MAX),
                    _ => None,
                };
                let stored = self.node.store.stream(&name, from, backwards, count);
                match stored.map_err(|()| deleted(&name))? {
                    Some(records) => records,
                    None => return Ok(vec![ReadPart::NotFound(NotFound { stream: read.stream.clone() })]),
                }
            }
            Some(ReadWhat::All(read)) => {
                let (store, from) = (&self.node.store, read.from);
                let records = match (from, backwards) {
                    (Some(FromPlace::Place(place)), false) => store.forwards(place.commit, count),
                    (Some(FromPlace::Place(place)), true) => store.backwards(Some(place.commit), count),
                    (Some(FromPlace::Start(())), false) => store.forwards(0, count),
                    (Some(FromPlace::End(())), true) => store.backwards(None, count),
                    _ => Some(Vec::new()),
                };
                records.ok_or_else(|| Status::invalid_argument("no record begins at this position"))?
            }
            None => return Err(Status::invalid_argument("nothing to read")),
        };
        Ok(records.into_iter().map(told).collect())
    }

    /// A follower names the leader.
    fn led<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let wanted = request.metadata().get("requires-leader").is_some_and(|value| value == "true");
        match self.node.leader() {
            Some((host, port)) if wanted => Err(not_leader(&host, port)),
            _ => Ok(()),
        }
    }
}

async fn gather(mut parts: Streaming<AppendReq>) -> Result<(AppendHeader, Vec<Write>), Status> {
    let mut header = None;
    let (mut events, mut size) = (Vec::new(), 0);
    while let Some(part) = parts.message().await? {
        match part.part {
            Some(AppendPart::Header(options)) => header = Some(options),
            Some(AppendPart::Event(event)) => {
                let event = write_of(event)?;
                size += event.size();
                if size > MAX_WRITE {
                    let text = format!("Maximum Append Size of {MAX_WRITE} Exceeded.");
                    return Err(excepted(Status::invalid_argument(text), "maximum-append-size-exceeded"));
                }
                events.push(event);
            }
            None => return Err(Status::invalid_argument("an empty part")),
        }
    }
    Ok((header.ok_or_else(|| Status::invalid_argument("no header"))?, events))
}

fn write_of(event: Proposed) -> Result<Write, Status> {
    let id = event.id.and_then(|id| id.read()).ok_or_else(|| Status::invalid_argument("no event id"))?;
    if !["type", "content-type"].iter().all(|name| event.metadata.contains_key(*name)) {
        return Err(Status::invalid_argument("required metadata is missing"));
    }
    Ok(Write { id, metadata: event.metadata, custom_metadata: event.custom_metadata, data: event.data })
}

fn told(record: Record) -> ReadPart {
    let mut metadata = record.metadata;
    metadata.insert("created".to_owned(), "17000000000000000".to_owned());
    ReadPart::Event(Resolved {
        event: Some(Recorded {
            id: Some(Id::of(record.id)),
            stream: Some(StreamRef { name: Bytes::from(record.stream) }),
            revision: record.revision,
            prepare: record.position,
            commit: record.position,
            metadata,
            custom_metadata: record.custom_metadata,
            data: record.data,
        }),
        at: Some(ResolvedAt::Commit(record.position)),
    })
}

fn name_of(stream: Option<&StreamRef>) -> Result<String, Status> {
    let name = stream.map(|stream| stream.name.to_vec()).unwrap_or_default();
    match String::from_utf8(name) {
        Ok(name) if !name.is_empty() => Ok(name),
        _ => Err(Status::invalid_argument("a stream needs a name")),
    }
}

fn read_name(options: &ReadOptions) -> String {
    match &options.what {
        Some(ReadWhat::Stream(read)) => name_of(read.stream.as_ref()).unwrap_or_default(),
        _ => "$all".to_owned(),
    }
}

fn deleted(stream: &str) -> Status {
    excepted(Status::failed_precondition(format!("Event stream '{stream}' is deleted.")), "stream-deleted")
}

fn not_leader(host: &str, port: u16) -> Status {
    let mut status = excepted(Status::not_found("Leader info available"), "not-leader");
    for (name, value) in
        [("leader-endpoint-host", host.to_owned()), ("leader-endpoint-port", port.to_string())]
    {
        if let Ok(value) = value.parse() {
            status.metadata_mut().insert(name, value);
        }
    }
    status
}

fn excepted(mut status: Status, exception: &'static str) -> Status {
    status.metadata_mut().insert("exception", tonic::metadata::MetadataValue::from_static(exception));
    status
}
