//! The remote procedures: decode, one call of a handler, encode.
//!
//! A handler runs as a task of its own. Its caller may vanish (the connection closes, Terraform is killed): the
//! task goes on and learns it through its [`Stop`]. A panic ends the one call with status INTERNAL.

mod codec;
mod crash;
mod data_source;
mod function;
mod open_stream;
mod provider;
mod resource;
mod schema;

use std::pin::Pin;
use std::sync::Arc;

use hyper::body::Incoming;
use prost::Message;
use tonic::body::Body;
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::plugin::Plugin;
use crate::serve::{Life, Mode};
use crate::stop::{Stop, StopReason, Stopper};
use crate::wire;

/// Terraform's own limit; a plan of a 6 MB attribute makes a request of 12 MB.
const LARGEST_MESSAGE: usize = 256 << 20;

/// One connection, as seen by the calls that come over it.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) life: Life,
    pub(crate) stopper: Stopper,
    pub(crate) mode: Mode,
}

impl Caller {
    fn stop(&self) -> Stop {
        self.stopper.handle()
    }

    /// Answers one request.
    pub(crate) async fn answer(self, request: http::Request<Incoming>) -> http::Response<Body> {
        let path = request.uri().path().to_owned();
        let (service, method) = path
            .trim_start_matches('/')
            .split_once('/')
            .unwrap_or_default();
        match (service, method) {
            ("tfplugin6.Provider", method) => self.provider_method(method, request).await,
            ("plugin.GRPCController", "Shutdown") => {
                self.unary("Shutdown", request, shutdown).await
            }
            ("plugin.GRPCStdio", "StreamStdio") => open_stream::response(self.life),
            _ => unimplemented(&path),
        }
    }

    async fn provider_method(
        self,
        method: &str,
        request: http::Request<Incoming>,
    ) -> http::Response<Body> {
        macro_rules! route {
            ($($name:literal => $handler:path,)*) => {
                match method {
                    $($name => self.unary($name, request, $handler).await,)*
                    other => unimplemented(other),
                }
            };
        }
        route! {
            "GetProviderSchema" => schema::get_provider_schema,
            "GetResourceIdentitySchemas" => schema::get_resource_identity_schemas,
            "GetFunctions" => schema::get_functions,
            "ValidateProviderConfig" => provider::validate,
            "ConfigureProvider" => provider::configure,
            "StopProvider" => provider::stop,
            "ValidateResourceConfig" => resource::validate,
            "UpgradeResourceState" => resource::upgrade,
            "UpgradeResourceIdentity" => resource::upgrade_identity,
            "ReadResource" => resource::read,
            "PlanResourceChange" => resource::plan,
            "ApplyResourceChange" => resource::apply,
            "ImportResourceState" => resource::import,
            "MoveResourceState" => resource::move_from,
            "ValidateDataResourceConfig" => data_source::validate,
            "ReadDataSource" => data_source::read,
            "CallFunction" => function::call,
        }
    }

    async fn unary<Handler, Answer, Question, Reply>(
        self,
        rpc: &'static str,
        request: http::Request<Incoming>,
        handler: Handler,
    ) -> http::Response<Body>
    where
        Handler: Fn(Self, Question) -> Answer + Send,
        Answer: Future<Output = Reply> + Send + 'static,
        Question: Message + Default + 'static,
        Reply: Message + Default + 'static,
    {
        Grpc::new(ProstCodec::default())
            .max_decoding_message_size(LARGEST_MESSAGE)
            .unary(
                Detached {
                    rpc,
                    caller: self,
                    handler,
                },
                request,
            )
            .await
    }
}

/// Runs a handler as a task that outlives the request.
struct Detached<Handler> {
    rpc: &'static str,
    caller: Caller,
    handler: Handler,
}

impl<Handler, Answer, Question, Reply> UnaryService<Question> for Detached<Handler>
where
    Handler: Fn(Caller, Question) -> Answer,
    Answer: Future<Output = Reply> + Send + 'static,
    Reply: Send + 'static,
{
    type Response = Reply;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Reply>, Status>> + Send>>;

    fn call(&mut self, request: Request<Question>) -> Self::Future {
        let rpc = self.rpc;
        let running = self.caller.life.handler();
        let answer = (self.handler)(self.caller.clone(), request.into_inner());
        let task = tokio::spawn(async move {
            let reply = answer.await;
            drop(running);
            reply
        });
        Box::pin(async move {
            task.await
                .map(Response::new)
                .map_err(|error| crash::status(rpc, error))
        })
    }
}

/// Terraform is done with this process. Nobody waits for a handler that still runs.
async fn shutdown(caller: Caller, _: wire::Empty) -> wire::Empty {
    match caller.mode {
        Mode::Managed => caller.life.end(StopReason::CallerGone),
        // Somebody else keeps this process; other Terraform runs will use it.
        Mode::Reattach => {}
    }
    wire::Empty {}
}

fn unimplemented(what: &str) -> http::Response<Body> {
    Status::unimplemented(format!("this provider does not implement {what}")).into_http()
}
