//! Drains the unread body of a refused request. Closing a connection with unread bytes resets it, and the client
//! may never see why it was refused.

use axum::{
    Error,
    body::{Body as AxumBody, HttpBody},
    extract::Request,
};
use bytes::Bytes;
use http::header::EXPECT;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// Maximum number of bytes to drain; a client that sends more is cut off.
const DISCARDED: usize = 32 << 20;
/// Maximum duration of draining.
const PATIENCE: Duration = Duration::from_secs(5);

/// Drains a body after its request was handled.
pub(super) struct BodyDrain(Option<oneshot::Receiver<AxumBody>>);

/// A body that returns what is left of it when it is dropped.
struct TrackedBody {
    body: AxumBody,
    back: Option<oneshot::Sender<AxumBody>>,
}

/// Wraps the body so that its unread rest returns. A client that waits for `100 Continue` has sent none yet.
pub(super) fn lend(request: Request) -> (Request, BodyDrain) {
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return (request, BodyDrain(None));
    }
    let (back, body_drain) = oneshot::channel();
    let lent = request.map(|body| AxumBody::new(TrackedBody { body, back: Some(back) }));
    (lent, BodyDrain(Some(body_drain)))
}

impl BodyDrain {
    /// Reads the returned rest to its end.
    pub(super) async fn discard(self) {
        let Some(mut rest) = self.0.and_then(|mut body_drain| body_drain.try_recv().ok()) else { return };
        let reading = async {
            let mut discarded = 0;
            while let Some(Ok(frame)) = rest.frame().await {
                discarded += frame.data_ref().map_or(0, Bytes::len);
                if discarded > DISCARDED {
                    return;
                }
            }
        };
        // A client that is too slow is treated like one that sends too much.
        let _ = timeout(PATIENCE, reading).await;
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        if let (Some(back), false) = (self.back.take(), self.body.is_end_stream()) {
            // The receiver is gone if the connection is.
            let _ = back.send(std::mem::take(&mut self.body));
        }
    }
}
