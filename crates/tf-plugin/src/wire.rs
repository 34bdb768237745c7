//! The messages of protocol 6.10 that this server uses, declared by field number.
//!
//! Names follow the protocol where they are visible in a log; fields that neither side uses here are left out,
//! and decoding skips them.

use std::collections::BTreeMap;

use bytes::Bytes;

macro_rules! messages {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $ty,)*
        }
    )*};
}

/// How descriptions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum StringKind {
    Plain = 0,
    Markdown = 1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Severity {
    Invalid = 0,
    Error = 1,
    Warning = 2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum NestingMode {
    Invalid = 0,
    Single = 1,
    List = 2,
    Set = 3,
    Map = 4,
}

#[derive(Clone, PartialEq, Eq, prost::Oneof)]
pub(crate) enum Selector {
    #[prost(string, tag = "1")]
    AttributeName(String),
    #[prost(string, tag = "2")]
    ElementKeyString(String),
    #[prost(int64, tag = "3")]
    ElementKeyInt(i64),
}

messages! {
    Empty {}
    DynamicValue {
        #[prost(bytes = "bytes", tag = "1")] msgpack: Bytes,
        #[prost(bytes = "bytes", tag = "2")] json: Bytes,
    }
    RawState {
        #[prost(bytes = "bytes", tag = "1")] json: Bytes,
    }
    Step {
        #[prost(oneof = "Selector", tags = "1, 2, 3")] selector: Option<Selector>,
    }
    AttributePath {
        #[prost(message, repeated, tag = "1")] steps: Vec<Step>,
    }
    Diagnostic {
        #[prost(enumeration = "Severity", tag = "1")] severity: i32,
        #[prost(string, tag = "2")] summary: String,
        #[prost(string, tag = "3")] detail: String,
        #[prost(message, optional, tag = "4")] attribute: Option<AttributePath>,
    }

    Schema {
        #[prost(int64, tag = "1")] version: i64,
        #[prost(message, optional, tag = "2")] block: Option<Block>,
    }
    Block {
        #[prost(int64, tag = "1")] version: i64,
        #[prost(message, repeated, tag = "2")] attributes: Vec<Attribute>,
        #[prost(message, repeated, tag = "3")] blocks: Vec<NestedBlock>,
        #[prost(string, tag = "4")] description: String,
        #[prost(enumeration = "StringKind", tag = "5")] description_kind: i32,
    }
    Attribute {
        #[prost(string, tag = "1")] name: String,
        #[prost(bytes = "bytes", tag = "2")] ty: Bytes,
        #[prost(string, tag = "3")] description: String,
        #[prost(bool, tag = "4")] required: bool,
        #[prost(bool, tag = "5")] optional: bool,
        #[prost(bool, tag = "6")] computed: bool,
        #[prost(bool, tag = "7")] sensitive: bool,
        #[prost(enumeration = "StringKind", tag = "8")] description_kind: i32,
        #[prost(bool, tag = "9")] deprecated: bool,
        #[prost(message, optional, tag = "10")] nested_type: Option<NestedObject>,
        #[prost(bool, tag = "11")] write_only: bool,
    }
    NestedObject {
        #[prost(message, repeated, tag = "1")] attributes: Vec<Attribute>,
        #[prost(enumeration = "NestingMode", tag = "3")] nesting: i32,
    }
    NestedBlock {
        #[prost(string, tag = "1")] type_name: String,
        #[prost(message, optional, tag = "2")] block: Option<Block>,
        #[prost(enumeration = "NestingMode", tag = "3")] nesting: i32,
        #[prost(int64, tag = "4")] min_items: i64,
        #[prost(int64, tag = "5")] max_items: i64,
    }
    IdentitySchema {
        #[prost(int64, tag = "1")] version: i64,
        #[prost(message, repeated, tag = "2")] attributes: Vec<IdentityAttribute>,
    }
    IdentityAttribute {
        #[prost(string, tag = "1")] name: String,
        #[prost(bytes = "bytes", tag = "2")] ty: Bytes,
        #[prost(bool, tag = "3")] required_for_import: bool,
        #[prost(bool, tag = "4")] optional_for_import: bool,
        #[prost(string, tag = "5")] description: String,
    }
    IdentityData {
        #[prost(message, optional, tag = "1")] data: Option<DynamicValue>,
    }
    Function {
        #[prost(message, repeated, tag = "1")] parameters: Vec<Parameter>,
        #[prost(message, optional, tag = "2")] variadic_parameter: Option<Parameter>,
        #[prost(message, optional, tag = "3")] returns: Option<FunctionReturn>,
        #[prost(string, tag = "4")] summary: String,
        #[prost(string, tag = "5")] description: String,
        #[prost(enumeration = "StringKind", tag = "6")] description_kind: i32,
    }
    Parameter {
        #[prost(string, tag = "1")] name: String,
        #[prost(bytes = "bytes", tag = "2")] ty: Bytes,
        #[prost(bool, tag = "3")] allow_null_value: bool,
        #[prost(bool, tag = "4")] allow_unknown_values: bool,
        #[prost(string, tag = "5")] description: String,
        #[prost(enumeration = "StringKind", tag = "6")] description_kind: i32,
    }
    FunctionReturn {
        #[prost(bytes = "bytes", tag = "1")] ty: Bytes,
    }
    FunctionError {
        #[prost(string, tag = "1")] text: String,
        #[prost(int64, optional, tag = "2")] function_argument: Option<i64>,
    }
    ServerCapabilities {
        #[prost(bool, tag = "1")] plan_destroy: bool,
        #[prost(bool, tag = "2")] get_provider_schema_optional: bool,
        #[prost(bool, tag = "3")] move_resource_state: bool,
    }

    GetProviderSchemaResponse {
        #[prost(message, optional, tag = "1")] provider: Option<Schema>,
        #[prost(btree_map = "string, message", tag = "2")] resource_schemas: BTreeMap<String, Schema>,
        #[prost(btree_map = "string, message", tag = "3")] data_source_schemas: BTreeMap<String, Schema>,
        #[prost(message, repeated, tag = "4")] diagnostics: Vec<Diagnostic>,
        #[prost(message, optional, tag = "6")] server_capabilities: Option<ServerCapabilities>,
        #[prost(btree_map = "string, message", tag = "7")] functions: BTreeMap<String, Function>,
    }
    GetResourceIdentitySchemasResponse {
        #[prost(btree_map = "string, message", tag = "1")] identity_schemas: BTreeMap<String, IdentitySchema>,
        #[prost(message, repeated, tag = "2")] diagnostics: Vec<Diagnostic>,
    }
    GetFunctionsResponse {
        #[prost(btree_map = "string, message", tag = "1")] functions: BTreeMap<String, Function>,
        #[prost(message, repeated, tag = "2")] diagnostics: Vec<Diagnostic>,
    }
    ValidateProviderConfigRequest {
        #[prost(message, optional, tag = "1")] config: Option<DynamicValue>,
    }
    ValidateProviderConfigResponse {
        #[prost(message, repeated, tag = "2")] diagnostics: Vec<Diagnostic>,
    }
    /// The request of `ValidateResourceConfig`, `ValidateDataResourceConfig` and `ReadDataSource`.
    TypedConfigRequest {
        #[prost(string, tag = "1")] type_name: String,
        #[prost(message, optional, tag = "2")] config: Option<DynamicValue>,
    }
    /// The response of `ValidateResourceConfig`, `ValidateDataResourceConfig` and `ConfigureProvider`.
    DiagnosticsResponse {
        #[prost(message, repeated, tag = "1")] diagnostics: Vec<Diagnostic>,
    }
    ConfigureProviderRequest {
        #[prost(string, tag = "1")] terraform_version: String,
        #[prost(message, optional, tag = "2")] config: Option<DynamicValue>,
    }
    /// The request of `UpgradeResourceState` and `UpgradeResourceIdentity`.
    UpgradeRequest {
        #[prost(string, tag = "1")] type_name: String,
        #[prost(int64, tag = "2")] version: i64,
        #[prost(message, optional, tag = "3")] raw: Option<RawState>,
    }
    /// The response of `UpgradeResourceState` and `ReadDataSource`.
    StateResponse {
        #[prost(message, optional, tag = "1")] state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")] diagnostics: Vec<Diagnostic>,
    }
    UpgradeResourceIdentityResponse {
        #[prost(message, optional, tag = "1")] upgraded_identity: Option<IdentityData>,
        #[prost(message, repeated, tag = "2")] diagnostics: Vec<Diagnostic>,
    }
    ReadResourceRequest {
        #[prost(string, tag = "1")] type_name: String,
        #[prost(message, optional, tag = "2")] current_state: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "3")] private: Vec<u8>,
        #[prost(message, optional, tag = "6")] current_identity: Option<IdentityData>,
    }
    ReadResourceResponse {
        #[prost(message, optional, tag = "1")] new_state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")] diagnostics: Vec<Diagnostic>,
        #[prost(bytes = "vec", tag = "3")] private: Vec<u8>,
        #[prost(message, optional, tag = "5")] new_identity: Option<IdentityData>,
    }
    PlanResourceChangeRequest {
        #[prost(string, tag = "1")] type_name: String,
        #[prost(message, optional, tag = "2")] prior_state: Option<DynamicValue>,
        #[prost(message, optional, tag = "3")] proposed_new_state: Option<DynamicValue>,
        #[prost(message, optional, tag = "4")] config: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "5")] prior_private: Vec<u8>,
        #[prost(message, optional, tag = "8")] prior_identity: Option<IdentityData>,
    }
    PlanResourceChangeResponse {
        #[prost(message, optional, tag = "1")] planned_state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")] requires_replace: Vec<AttributePath>,
        #[prost(bytes = "vec", tag = "3")] planned_private: Vec<u8>,
        #[prost(message, repeated, tag = "4")] diagnostics: Vec<Diagnostic>,
        #[prost(message, optional, tag = "7")] planned_identity: Option<IdentityData>,
    }
    ApplyResourceChangeRequest {
        #[prost(string, tag = "1")] type_name: String,
        #[prost(message, optional, tag = "2")] prior_state: Option<DynamicValue>,
        #[prost(message, optional, tag = "3")] planned_state: Option<DynamicValue>,
        #[prost(message, optional, tag = "4")] config: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "5")] planned_private: Vec<u8>,
        #[prost(message, optional, tag = "7")] planned_identity: Option<IdentityData>,
    }
    ApplyResourceChangeResponse {
        #[prost(message, optional, tag = "1")] new_state: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "2")] private: Vec<u8>,
        #[prost(message, repeated, tag = "3")] diagnostics: Vec<Diagnostic>,
        #[prost(message, optional, tag = "5")] new_identity: Option<IdentityData>,
    }
    ImportResourceStateRequest {
        #[prost(string, tag = "1")] type_name: String,
        #[prost(string, tag = "2")] id: String,
        #[prost(message, optional, tag = "4")] identity: Option<IdentityData>,
    }
    ImportedResource {
        #[prost(string, tag = "1")] type_name: String,
        #[prost(message, optional, tag = "2")] state: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "3")] private: Vec<u8>,
        #[prost(message, optional, tag = "4")] identity: Option<IdentityData>,
    }
    ImportResourceStateResponse {
        #[prost(message, repeated, tag = "1")] imported_resources: Vec<ImportedResource>,
        #[prost(message, repeated, tag = "2")] diagnostics: Vec<Diagnostic>,
    }
    MoveResourceStateRequest {
        #[prost(string, tag = "1")] source_provider_address: String,
        #[prost(string, tag = "2")] source_type_name: String,
        #[prost(int64, tag = "3")] source_schema_version: i64,
        #[prost(message, optional, tag = "4")] source_state: Option<RawState>,
        #[prost(string, tag = "5")] target_type_name: String,
        #[prost(bytes = "vec", tag = "6")] source_private: Vec<u8>,
    }
    MoveResourceStateResponse {
        #[prost(message, optional, tag = "1")] target_state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")] diagnostics: Vec<Diagnostic>,
        #[prost(bytes = "vec", tag = "3")] target_private: Vec<u8>,
        #[prost(message, optional, tag = "4")] target_identity: Option<IdentityData>,
    }
    CallFunctionRequest {
        #[prost(string, tag = "1")] name: String,
        #[prost(message, repeated, tag = "2")] arguments: Vec<DynamicValue>,
    }
    CallFunctionResponse {
        #[prost(message, optional, tag = "1")] result: Option<DynamicValue>,
        #[prost(message, optional, tag = "2")] error: Option<FunctionError>,
    }
    StopProviderResponse {
        #[prost(string, tag = "1")] error: String,
    }
}
