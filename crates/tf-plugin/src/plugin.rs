//! A provider put together from its parts, ready to be served.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use crate::data_source::{DataSource, ReadDataRequest, ReadDataResponse};
use crate::diagnostic::Diagnostics;
use crate::function::{Function, Signature};
use crate::identity::IdentitySchema;
use crate::provider::{ConfigureRequest, Provider, ValidateRequest};
use crate::resource::{
    ApplyRequest, ApplyResponse, ImportRequest, Imported, MoveRequest, PlanRequest, PlanResponse,
    ReadRequest, ReadResponse, Resource, UpgradeRequest,
};
use crate::schema::Schema;
use crate::ty::Type;
use crate::value::Value;

/// A provider with its resources, data sources and functions.
///
/// A later part replaces an earlier one of the same kind and name.
#[must_use]
pub struct Plugin {
    pub(crate) provider: Part<dyn ServeProvider>,
    pub(crate) resources: BTreeMap<String, Part<dyn ServeResource>>,
    pub(crate) data_sources: BTreeMap<String, Part<dyn ServeDataSource>>,
    pub(crate) functions: BTreeMap<String, FunctionPart>,
}

/// A part with its schema, asked for once.
pub(crate) struct Part<T: ?Sized> {
    pub(crate) handler: Arc<T>,
    pub(crate) schema: Schema,
    pub(crate) ty: Type,
    pub(crate) identity: Option<(IdentitySchema, Type)>,
}

pub(crate) struct FunctionPart {
    pub(crate) handler: Arc<dyn Function>,
    pub(crate) signature: Signature,
}

impl Plugin {
    /// A plugin that has this provider block and nothing else.
    pub fn new(provider: impl Provider) -> Self {
        let schema = provider.schema();
        Self {
            provider: Part::new(Arc::new(provider), schema, None),
            resources: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            functions: BTreeMap::new(),
        }
    }

    /// Adds a resource.
    pub fn resource(mut self, resource: impl Resource) -> Self {
        let (name, schema, identity) = (resource.name(), resource.schema(), resource.identity());
        self.resources
            .insert(name, Part::new(Arc::new(resource), schema, identity));
        self
    }

    /// Adds a data source.
    pub fn data_source(mut self, data_source: impl DataSource) -> Self {
        let (name, schema) = (data_source.name(), data_source.schema());
        self.data_sources
            .insert(name, Part::new(Arc::new(data_source), schema, None));
        self
    }

    /// Adds a function.
    pub fn function(mut self, function: impl Function) -> Self {
        let (name, signature) = (function.name(), function.signature());
        self.functions.insert(
            name,
            FunctionPart {
                handler: Arc::new(function),
                signature,
            },
        );
        self
    }
}

impl<T: ?Sized> Part<T> {
    fn new(handler: Arc<T>, schema: Schema, identity: Option<IdentitySchema>) -> Self {
        let ty = schema.ty();
        let identity = identity.map(|schema| {
            let ty = schema.ty();
            (schema, ty)
        });
        Self {
            handler,
            schema,
            ty,
            identity,
        }
    }
}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Diagnostics>> + Send + 'a>>;

/// Declares the dyn-compatible face of a trait with async methods, implemented for everything that has them.
macro_rules! boxed {
    ($boxed:ident for $plain:ident { $($method:ident($request:ty) -> $answer:ty;)* } $($rest:tt)*) => {
        pub(crate) trait $boxed: Send + Sync {
            $(fn $method(&self, request: $request) -> Answer<'_, $answer>;)*
            boxed!(@declare $($rest)*);
        }

        impl<T: $plain> $boxed for T {
            $(fn $method(&self, request: $request) -> Answer<'_, $answer> {
                Box::pin($plain::$method(self, request))
            })*
            boxed!(@define $plain $($rest)*);
        }
    };
    (@declare) => {};
    (@declare seen) => { fn seen(&self, state: &Value); };
    (@define $plain:ident) => {};
    (@define $plain:ident seen) => {
        fn seen(&self, state: &Value) {
            $plain::seen(self, state);
        }
    };
}

boxed! {
    ServeProvider for Provider {
        validate(ValidateRequest) -> Diagnostics;
        configure(ConfigureRequest) -> Diagnostics;
    }
}

boxed! {
    ServeResource for Resource {
        validate(ValidateRequest) -> Diagnostics;
        upgrade(UpgradeRequest) -> Value;
        read(ReadRequest) -> ReadResponse;
        plan(PlanRequest) -> PlanResponse;
        apply(ApplyRequest) -> ApplyResponse;
        import(ImportRequest) -> Imported;
        move_from(MoveRequest) -> Imported;
    }
    seen
}

boxed! {
    ServeDataSource for DataSource {
        validate(ValidateRequest) -> Diagnostics;
        read(ReadDataRequest) -> ReadDataResponse;
    }
}
