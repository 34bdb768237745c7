//! Provider functions: `provider::NAME::function(…)`.
//!
//! Terraform runs them in a process that no provider block has configured, and may evaluate a call more than
//! once: they are pure.

use crate::diagnostic::Diagnostic;
use crate::path::AttributePath;
use crate::read::{At, FromValue};
use crate::ty::Type;
use crate::value::Value;
use crate::wire;

/// A function.
pub trait Function: Send + Sync + 'static {
    /// The name after `provider::NAME::`.
    fn name(&self) -> String;

    /// Parameters and result.
    fn signature(&self) -> Signature;

    /// Computes the result. Where the result is declared dynamic, a value that brings no type gets the one
    /// that Terraform would infer.
    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError>;
}

/// Parameters and result of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Signature {
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) variadic: Option<Parameter>,
    pub(crate) returns: Type,
    summary: String,
    description: String,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Parameter {
    pub(crate) name: String,
    pub(crate) ty: Type,
    null: bool,
    unknown: bool,
    description: String,
}

/// The arguments of a call, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments(Vec<Value>);

/// Why a function has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// The argument at fault, counted from 0.
    pub argument: Option<usize>,
    /// What is wrong.
    pub text: String,
}

impl Signature {
    /// A function of these parameters.
    pub fn new(parameters: impl IntoIterator<Item = Parameter>, returns: Type) -> Self {
        Self {
            parameters: parameters.into_iter().collect(),
            variadic: None,
            returns,
            summary: String::new(),
            description: String::new(),
        }
    }

    /// Takes any number of further arguments.
    pub fn variadic(mut self, parameter: Parameter) -> Self {
        self.variadic = Some(parameter);
        self
    }

    /// Says in one line what it does.
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = text.into();
        self
    }

    /// Describes it in Markdown.
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// The parameter of the argument at this place.
    pub(crate) fn parameter(&self, index: usize) -> Option<&Parameter> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }

    pub(crate) fn to_wire(&self) -> wire::Function {
        wire::Function {
            parameters: self.parameters.iter().map(Parameter::to_wire).collect(),
            variadic_parameter: self.variadic.as_ref().map(Parameter::to_wire),
            returns: Some(wire::FunctionReturn {
                ty: self.returns.to_json().into(),
            }),
            summary: self.summary.clone(),
            description: self.description.clone(),
            description_kind: wire::StringKind::Markdown.into(),
        }
    }
}

impl Parameter {
    /// A parameter that refuses null; with an unknown argument the call's result is unknown.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Self {
            name: name.into(),
            ty,
            null: false,
            unknown: false,
            description: String::new(),
        }
    }

    /// Takes null.
    pub fn nullable(mut self) -> Self {
        self.null = true;
        self
    }

    /// Takes unknown values.
    pub fn takes_unknown(mut self) -> Self {
        self.unknown = true;
        self
    }

    /// Describes it in Markdown.
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    fn to_wire(&self) -> wire::Parameter {
        wire::Parameter {
            name: self.name.clone(),
            ty: self.ty.to_json().into(),
            allow_null_value: self.null,
            allow_unknown_values: self.unknown,
            description: self.description.clone(),
            description_kind: wire::StringKind::Markdown.into(),
        }
    }
}

impl Arguments {
    /// These arguments.
    pub fn new(values: impl IntoIterator<Item = Value>) -> Self {
        Self(values.into_iter().collect())
    }

    /// Reads the argument at this place; one that was not given is null.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, FunctionError> {
        read(self.value(index), index)
    }

    /// Reads the arguments from this place on.
    pub fn rest<T: FromValue>(&self, from: usize) -> Result<Vec<T>, FunctionError> {
        let numbered = self.0.iter().enumerate().skip(from);
        numbered.map(|(index, value)| read(value, index)).collect()
    }

    /// Takes the argument at this place out, so that it can be freed before the result is made.
    pub fn take(&mut self, index: usize) -> Value {
        self.0
            .get_mut(index)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The argument at this place as it came.
    pub fn value(&self, index: usize) -> &Value {
        static NULL: Value = Value::Null;
        self.0.get(index).unwrap_or(&NULL)
    }
}

fn read<T: FromValue>(value: &Value, index: usize) -> Result<T, FunctionError> {
    At::new(value, AttributePath::root())
        .read()
        .map_err(|diagnostic| FunctionError::from_diagnostic(index, &diagnostic))
}

impl FunctionError {
    /// The call as a whole is at fault.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            argument: None,
            text: text.into(),
        }
    }

    /// One argument is at fault, counted from 0.
    pub fn at(argument: usize, text: impl Into<String>) -> Self {
        Self {
            argument: Some(argument),
            text: text.into(),
        }
    }

    /// A fault found while reading an argument. The diagnostic's detail names the place inside it.
    pub fn from_diagnostic(argument: usize, diagnostic: &Diagnostic) -> Self {
        Self::at(
            argument,
            format!("{}: {}", diagnostic.summary, diagnostic.detail),
        )
    }

    pub(crate) fn to_wire(&self) -> wire::FunctionError {
        wire::FunctionError {
            text: self.text.clone(),
            function_argument: self.argument.and_then(|index| i64::try_from(index).ok()),
        }
    }
}
