//! The server, asked by a client of its own making: it shares neither message types nor gRPC code with it.

mod calls;
mod client;
mod identity;
mod message;
mod process;
mod running;
mod thing;
mod transport;
