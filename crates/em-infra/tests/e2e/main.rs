//! The executable, the real Terraform and the simulated host together.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

mod adopt;
mod by_hand;
mod check;
mod cleanup;
mod corpus;
mod disasters;
mod documents;
mod drift;
mod gate;
mod gpu;
mod handoff;
mod idempotency;
mod init;
mod interruption;
mod lab;
mod operators;
mod process;
mod rebuild;
mod refusals;
mod secrets;
mod simulation;
mod state;
mod survival;
