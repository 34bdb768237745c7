//! The executable, the real Terraform and the simulated host together.

mod by_hand;
mod check;
mod handoff;
mod lab;
mod refusals;
