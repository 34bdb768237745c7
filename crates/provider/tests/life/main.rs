//! The life of VMs: the provider in process, over gRPC, against a simulated host over real HTTP.

mod bench;
mod devices;
mod drift;
mod host_data;
mod identity;
mod interruption;
mod life;
mod matrix;
mod privileges;
mod problems;
mod process;
mod refusals;
mod room;
mod terraform;
mod together;
