//! One file per command.

pub(crate) mod adopt;
pub(crate) mod check;
pub(crate) mod cleanup;
pub(crate) mod drift;
pub(crate) mod engine;
pub(crate) mod evidence;
pub(crate) mod gate;
pub(crate) mod handoff;
pub(crate) mod init;
pub(crate) mod provider;
pub(crate) mod sim;
pub(crate) mod state;
pub(crate) mod token;
