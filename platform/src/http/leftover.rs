//! What nobody reads of a body, because the request was refused before: it is read to its end all the same. Otherwise the
//! connection is closed with unread bytes in it, which resets it, and the client may never see why it was refused.

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

/// How much is read; whoever sends more is cut off.
const DISCARDED: usize = 32 << 20;
/// How long it is read.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a body comes back to.
pub(super) struct Leftover(Option<oneshot::Receiver<AxumBody>>);

/// A body on loan: what is left of it when it is dropped goes back.
struct Lent {
    body: AxumBody,
    back: Option<oneshot::Sender<AxumBody>>,
}

/// Lends the body to whoever handles the request. A client that waits to be asked for its body has sent none yet.
pub(super) fn lend(request: Request) -> (Request, Leftover) {
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return (request, Leftover(None));
    }
    let (back, leftover) = oneshot::channel();
    let lent = request.map(|body| AxumBody::new(Lent { body, back: Some(back) }));
    (lent, Leftover(Some(leftover)))
}

impl Leftover {
    /// Reads what has come back.
    pub(super) async fn discard(self) {
        let Some(mut rest) = self.0.and_then(|mut leftover| leftover.try_recv().ok()) else { return };
        let reading = async {
            let mut discarded = 0;
            while let Some(Ok(frame)) = rest.frame().await {
                discarded += frame.data_ref().map_or(0, Bytes::len);
                if discarded > DISCARDED {
                    return;
                }
            }
        };
        // Too slow is as bad as too much.
        let _ = timeout(PATIENCE, reading).await;
    }
}

impl HttpBody for Lent {
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

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(back), false) = (self.back.take(), self.body.is_end_stream()) {
            // Nobody waits for it when the connection is gone.
            let _ = back.send(std::mem::take(&mut self.body));
        }
    }
}
