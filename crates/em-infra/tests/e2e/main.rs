//! The executable, the real Terraform and the simulated host together.

mod by_hand;
mod check;
mod gate;
mod handoff;
mod interruption;
mod lab;
mod process;
mod refusals;
mod secrets;
mod simulation;
