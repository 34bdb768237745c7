//! Bodies of answers: whole ones, and those a fault spoils.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// A body that is sent at once, in small pieces, or only half.
pub(super) struct ReplyBody {
    rest: Bytes,
    piece: usize,
    pause: Option<(Duration, Pin<Box<Sleep>>)>,
    /// Ends with an error when this much is left.
    breaks_at: Option<usize>,
}

impl ReplyBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self {
            piece: bytes.len(),
            rest: bytes,
            pause: None,
            breaks_at: None,
        }
    }

    /// Announces everything and sends half.
    pub(super) fn truncated(bytes: Bytes) -> Self {
        let half = bytes.len() / 2;
        Self {
            piece: half.max(1),
            breaks_at: Some(bytes.len() - half),
            rest: bytes,
            pause: None,
        }
    }

    /// Takes `span` to be sent, in ten pieces.
    #[expect(
        clippy::disallowed_methods,
        reason = "a slow body is real time passing on the wire"
    )]
    pub(super) fn slow(bytes: Bytes, span: Duration) -> Self {
        let pause = span / 10;
        let sleep = Box::pin(tokio::time::sleep(pause));
        Self {
            piece: bytes.len().div_ceil(10).max(1),
            rest: bytes,
            pause: Some((pause, sleep)),
            breaks_at: None,
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.breaks_at.is_some_and(|left| self.rest.len() <= left) {
            return Poll::Ready(Some(Err(io::Error::other("body cut by a fault"))));
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if let Some((pause, sleep)) = &mut self.pause {
            std::task::ready!(sleep.as_mut().poll(context));
            let next = Instant::now() + *pause;
            sleep.as_mut().reset(next);
        }
        let size = self.piece.min(self.rest.len());
        let piece = self.rest.split_to(size);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.breaks_at.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

use std::future::Future as _;
