//! The life of VMs: the provider in process, over gRPC, against a simulated host over real HTTP.

mod bench;
mod devices;
mod figures;
mod identity;
mod interruption;
mod life;
mod matrix;
mod privileges;
mod problems;
mod process;
mod room;
mod terraform;
mod together;
