//! Parameters: what each endpoint takes, and Proxmox's texts for what it does not.
//!
//! The tables are text, one parameter a line: `name[?] type key=value…`. They are read once; a test
//! reads all of them, so a mistake in a table cannot reach a user.

mod check;
mod format;
mod line;
mod property;
mod sets;
use sets::property_set;

mod value;

pub(crate) use check::{Args, verify};
pub(crate) use format::{is_storage_id, split_list};
pub(crate) use line::{Kind, Param, parse_table};
pub(crate) use property::{Properties, properties as property_properties};
pub(crate) use value::{Given, Params};
