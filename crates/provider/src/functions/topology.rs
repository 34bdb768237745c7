//! `topology`: the nodes that the inputs ask for.

use contract::Value as Plain;
use tf_plugin::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

use super::translate::{from_plain, to_plain, ty};

/// The function `topology`.
pub struct Topology;

impl Function for Topology {
    fn name(&self) -> String {
        "topology".to_owned()
    }

    fn signature(&self) -> Signature {
        let inputs = Parameter::new("inputs", Type::Dynamic)
            .describe("An object with the inputs by name. A name that is no input is an error.");
        Signature::new([inputs], ty(&contract::shape::TOPOLOGY))
            .summary("The nodes that the inputs ask for.")
            .describe(
                "Checks all inputs together and returns `nodes` by name, `cluster` and `warnings`. The \
                 same inputs always give the same nodes.",
            )
    }

    fn call(&self, mut arguments: Arguments) -> Result<Value, FunctionError> {
        let Plain::Map(inputs) = to_plain(0, arguments.take(0))? else {
            return Err(FunctionError::at(
                0,
                "it must be an object with the inputs by name",
            ));
        };
        let topology = contract::topology(&inputs)
            .map_err(|findings| FunctionError::at(0, contract::report(&findings)))?;
        // A thousand nodes weigh megabytes in each of their forms: one is gone before the next is made.
        drop(inputs);
        let plain = topology.to_value();
        drop(topology);
        from_plain(plain)
    }
}
