//! What the caller of a handler that panicked is told.

use tokio::task::JoinError;
use tonic::Status;

/// The stack is on stderr by now: the panic hook wrote it.
pub(super) fn status(rpc: &str, error: JoinError) -> Status {
    let reason = match error.try_into_panic() {
        Ok(payload) => message(payload.as_ref()).to_owned(),
        Err(cancelled) => cancelled.to_string(),
    };
    tracing::error!(rpc, reason, "a handler crashed");
    Status::internal(format!(
        "the provider crashed in {rpc}: {reason}. This is a fault of the provider. Its other calls \
         go on; run again with TF_LOG=error to see the stack."
    ))
}

fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    match (
        payload.downcast_ref::<&str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "no message",
    }
}
