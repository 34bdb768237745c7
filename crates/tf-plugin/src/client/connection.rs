//! Unary gRPC over one HTTP/2 connection.

use std::net::Shutdown;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::TcpStream;

/// A message starts with a flag and its length.
const PREFIX: usize = 5;

/// A call without an answer: "Plugin did not respond".
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// There is no connection, or no more.
    #[error("the provider did not respond")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The provider refused the call.
    #[error("the provider answered with status {0}: {1}")]
    Status(String, String),
    /// The provider, or the test, sent something that the protocol does not have.
    #[error("{0}")]
    Odd(String),
}

impl Lost {
    pub(super) fn odd(why: impl Into<String>) -> Self {
        Self::Odd(why.into())
    }

    fn connection(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Connection(error.into())
    }
}

#[derive(Clone)]
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    socket: Arc<std::net::TcpStream>,
}

impl Connection {
    pub(super) async fn open(handshake_line: &str) -> Result<Self, Lost> {
        let parts: Vec<&str> = handshake_line.split('|').collect();
        let ["1", "6", "tcp", address, "grpc", ..] = parts.as_slice() else {
            return Err(Lost::odd(format!("no handshake line: {handshake_line}")));
        };
        let stream = TcpStream::connect(address)
            .await
            .map_err(Lost::connection)?;
        stream.set_nodelay(true).map_err(Lost::connection)?;
        let stream = stream.into_std().map_err(Lost::connection)?;
        let socket = stream.try_clone().map_err(Lost::connection)?;
        let stream = TcpStream::from_std(stream).map_err(Lost::connection)?;
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(Lost::connection)?;
        // How a connection ends is seen by the calls over it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            socket: Arc::new(socket),
        })
    }

    /// Calls a method of the provider service.
    pub(super) async fn call<Question: Message, Answer: Message + Default>(
        &self,
        method: &str,
        question: &Question,
    ) -> Result<Answer, Lost> {
        let mut sender = self.sender.clone();
        sender.ready().await.map_err(Lost::connection)?;
        let response = sender.send_request(request(method, question)?).await;
        let (head, body) = response.map_err(Lost::connection)?.into_parts();
        let body = body.collect().await.map_err(Lost::connection)?;
        let trailers = body.trailers().unwrap_or(&head.headers);
        let status = |name| {
            let value = trailers.get(name).or(head.headers.get(name));
            value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        match status("grpc-status").as_deref() {
            Some("0") => {}
            Some(code) => {
                let message = status("grpc-message").unwrap_or_default();
                return Err(Lost::Status(code.to_owned(), message));
            }
            None => return Err(Lost::connection("an answer without a status")),
        }
        let message = body.to_bytes();
        let message = message
            .get(PREFIX..)
            .ok_or_else(|| Lost::odd("an answer without a message"))?;
        Answer::decode(message).map_err(|error| Lost::odd(error.to_string()))
    }

    pub(super) fn cut(&self) {
        // A socket that is closed already is as good.
        drop(self.socket.shutdown(Shutdown::Both));
    }
}

fn request(method: &str, question: &impl Message) -> Result<http::Request<Full<Bytes>>, Lost> {
    let length = question.encoded_len();
    let mut body = BytesMut::with_capacity(length + PREFIX);
    body.put_u8(0);
    body.put_u32(u32::try_from(length).map_err(|_| Lost::odd("a message of 4 GiB"))?);
    body.put(question.encode_to_vec().as_slice());
    http::Request::post(format!("http://localhost/tfplugin6.Provider/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(body.freeze()))
        .map_err(|error| Lost::odd(error.to_string()))
}
