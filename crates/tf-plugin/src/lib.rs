//! The server side of Terraform's plugin protocol 6: a provider is written against [`Provider`],
//! [`Resource`], [`DataSource`] and [`Function`], put together as a [`Plugin`], and run by [`serve`].
//!
//! The crate owns everything between the process and the typed call: the handshake line, the pinned client
//! certificate, gRPC, the value encoding, the life and end of the process. It knows no remote system.
//!
//! What it refuses to do:
//! * it never drops a handler because its caller went away; the handler learns it through [`Stop`];
//! * it never loses a state that a handler returned: a value that does not fit its schema is mended and
//!   reported beside the state;
//! * it never rounds a number.
//!
//! A small complete provider is in `examples/notes.rs`.

#[cfg(test)]
mod arbitrary;
#[cfg(feature = "client")]
pub mod client;
mod conform;
mod data_source;
mod decode;
mod diagnostic;
mod function;
mod hclog;
mod identity;
mod json;
mod msgpack;
mod number;
mod path;
mod plugin;
mod provider;
mod read;
mod resource;
mod rpc;
mod schema;
mod serve;
mod stop;
mod ty;
mod value;
mod wire;

pub use data_source::{DataSource, ReadDataRequest, ReadDataResponse};
pub use decode::DecodeError;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use function::{Arguments, Function, FunctionError, Parameter, Signature};
pub use identity::{IdentityAttribute, IdentitySchema};
pub use json::decode_json;
pub use msgpack::{decode_msgpack, encode_msgpack};
pub use number::{Number, ParseNumberError};
pub use path::{AttributePath, Step};
pub use plugin::Plugin;
pub use provider::{ConfigureRequest, Provider, ValidateRequest};
pub use read::{At, FromValue, Known};
pub use resource::{
    ApplyRequest, ApplyResponse, Change, ImportKey, ImportRequest, Imported, MoveRequest,
    PlanRequest, PlanResponse, ReadRequest, ReadResponse, Resource, UpgradeRequest,
};
pub use schema::{Attribute, Block, NestedBlock, Nesting, Schema};
pub use serve::{Ended, Environment, MAGIC_COOKIE, Mode, ServeError, Server, serve};
pub use stop::{Stop, StopReason, Stopper};
pub use ty::{ParseTypeError, Type};
pub use value::{Dynamic, Value};
