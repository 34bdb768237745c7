//! The calls this project makes, one file for each part of the API: how a request is built and
//! what its answer holds. Answers keep the names of Proxmox; unknown keys are ignored.

pub mod access;
pub mod agent;
pub mod cluster;
pub mod network;
pub mod node;
pub mod pci;
pub mod pool;
pub mod power;
pub mod storage;
pub mod task;
pub mod vm;
pub mod vm_config;
