//! Function calls.

use super::Caller;
use super::codec::{decode, msgpack};
use crate::conform::conform;
use crate::function::{Arguments, FunctionError};
use crate::plugin::FunctionPart;
use crate::ty::Type;
use crate::value::Value;
use crate::wire;

pub(super) async fn call(
    caller: Caller,
    request: wire::CallFunctionRequest,
) -> wire::CallFunctionResponse {
    match result(&caller, request) {
        Ok(result) => wire::CallFunctionResponse {
            result: Some(msgpack(&result)),
            error: None,
        },
        Err(error) => wire::CallFunctionResponse {
            result: None,
            error: Some(error.to_wire()),
        },
    }
}

fn result(caller: &Caller, request: wire::CallFunctionRequest) -> Result<Value, FunctionError> {
    let name = &request.name;
    let part = caller
        .plugin
        .functions
        .get(name)
        .ok_or_else(|| FunctionError::new(format!("this provider has no function `{name}`")))?;
    let arguments = arguments(part, request.arguments)?;
    fitting(&part.signature.returns, part.handler.call(arguments)?)
}

fn arguments(
    part: &FunctionPart,
    sent: Vec<wire::DynamicValue>,
) -> Result<Arguments, FunctionError> {
    let values: Result<Vec<_>, _> = sent
        .into_iter()
        .enumerate()
        .map(|(index, sent)| argument(part, index, sent))
        .collect();
    Ok(Arguments::new(values?))
}

fn argument(
    part: &FunctionPart,
    index: usize,
    sent: wire::DynamicValue,
) -> Result<Value, FunctionError> {
    let parameter = part
        .signature
        .parameter(index)
        .ok_or_else(|| FunctionError::at(index, "the function has no such parameter"))?;
    decode(&parameter.ty, Some(sent), &parameter.name).map_err(|diagnostics| {
        let details: Vec<_> = diagnostics.into_iter().map(|each| each.detail).collect();
        FunctionError::at(index, details.join(" "))
    })
}

fn fitting(returns: &Type, value: Value) -> Result<Value, FunctionError> {
    let (value, problems) = conform(returns, value);
    match problems.into_iter().next() {
        None => Ok(value),
        Some(problem) => Err(FunctionError::new(format!(
            "{}: {}",
            problem.summary, problem.detail
        ))),
    }
}
