//! `bootstrap_contract`: what the Talos bootstrap step is handed.

use contract::shape::{CLUSTER, MADE_NODE};
use tf_plugin::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

use super::translate::{from_plain, to_plain, ty};

/// The function `bootstrap_contract`.
pub struct BootstrapContract;

impl Function for BootstrapContract {
    fn name(&self) -> String {
        "bootstrap_contract".to_owned()
    }

    fn signature(&self) -> Signature {
        let cluster = Parameter::new("cluster", ty(&CLUSTER))
            .describe("`cluster` of what `topology` returns.");
        let nodes = Parameter::new("nodes", Type::list(ty(&MADE_NODE)))
            .describe("The nodes, from the arguments of the VMs.");
        // Dynamic, because the document holds no null: nodes differ in their attributes.
        Signature::new([cluster, nodes], Type::Dynamic)
            .summary("What the Talos bootstrap step is handed.")
            .describe("The document of `schemas/talos-bootstrap-contract.v1.schema.json`.")
    }

    fn call(&self, mut arguments: Arguments) -> Result<Value, FunctionError> {
        let cluster = to_plain(0, arguments.take(0))?;
        let nodes = to_plain(1, arguments.take(1))?;
        let document =
            contract::handoff::bootstrap_contract_value(&cluster, &nodes).map_err(|error| {
                FunctionError::at(error_argument(error.argument), error.to_string())
            })?;
        drop((cluster, nodes));
        from_plain(document)
    }
}

fn error_argument(name: &str) -> usize {
    usize::from(name == "nodes")
}
