//! `input_error`: what is wrong with one input, for `validation` blocks.

use tf_plugin::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

use super::translate::to_plain;

/// The function `input_error`.
pub struct InputError;

impl Function for InputError {
    fn name(&self) -> String {
        "input_error".to_owned()
    }

    fn signature(&self) -> Signature {
        let name = Parameter::new("name", Type::String).describe("The name of the input.");
        let value = Parameter::new("value", Type::Dynamic)
            .nullable()
            .describe("Its value.");
        Signature::new([name, value], Type::String)
            .summary("What is wrong with one input, or an empty text.")
            .describe("For `validation` blocks: the condition is that the result is empty.")
    }

    fn call(&self, mut arguments: Arguments) -> Result<Value, FunctionError> {
        let name: String = arguments.get(0)?;
        let value = to_plain(1, arguments.take(1))?;
        Ok(Value::String(
            contract::input_error(&name, &value).unwrap_or_default(),
        ))
    }
}
