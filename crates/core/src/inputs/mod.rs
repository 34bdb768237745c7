//! The inputs of an environment as the user wrote them: every source, Terraform's precedence, and the place of each value.
//!
//! Terraform converts, drops and only warns; here nothing is lost, so that a finding can point at the user's own text.

mod fault;
mod hcl;
mod json;
mod node;
mod source;

pub use node::{Assignment, Entries, Key, Node, NodeKind, Step};
pub use source::{
    CommandLineInput, Declarations, Declared, Given, InputError, Origin, Sources, SyntaxFault,
    TextId, read_directory, with_command_line, with_environment,
};
