//! The stream on which go-plugin's servers forward their output. Ours carries nothing and stays open.
//!
//! It is not refused, because an open call keeps the client's connection in use: grpc-go closes a connection that
//! had no call for 30 minutes (another provider's long apply), and this server ends with its last connection.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use hyper::body::{Body, Frame};

use crate::serve::Life;

struct OpenStream(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Body for OpenStream {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(ending) = &mut self.0 else {
            return Poll::Ready(None);
        };
        ready!(ending.as_mut().poll(context));
        self.0 = None;
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }
}

/// An empty answer that ends with the process.
pub(super) fn response(life: Life) -> http::Response<tonic::body::Body> {
    let ending = Box::pin(async move {
        life.ending().await;
    });
    let mut response = http::Response::new(tonic::body::Body::new(OpenStream(Some(ending))));
    let content_type = HeaderValue::from_static("application/grpc");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}
