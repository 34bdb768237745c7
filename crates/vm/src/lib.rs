//! The life of one Talos VM on Proxmox, as pure functions: no I/O, no clock, no environment.
//!
//! [`Wanted`] is a VM as configured, [`Observed`] what stands on its VMID. [`identify`] decides
//! whose VM that is, [`next_step`] what to do about it; create, update, resume and repair are the
//! same loop of look, step, look. Nothing here ever returns a step on a VM that is not proven to
//! be ours.

mod actual;
mod argument;
mod effect;
mod hardware;
mod identity;
mod leftovers;
pub mod marker;
mod observed;
mod passthrough;
mod preflight;
pub mod privileges;
pub mod quorum;
mod reconcile;
mod refusal;
mod removal;
mod room;
mod shape;
mod step;
mod wanted;
mod work;

pub use actual::Actual;
pub use argument::{Argument, UnknownArgument};
pub use effect::{Difference, Effect, Hotplug};
pub use identity::{Identity, InState, MarkerSays, UuidSays, Why, identify, identity_of};
pub use leftovers::{dropping, leftovers};
pub use marker::{AttemptId, Marker};
pub use observed::{CloneTask, Observed, Power, Present};
pub use passthrough::{
    Claim as DeviceClaim, Mappings, PciFacts, double_use, isolation, mapped_device, misplaced,
    passthrough, still_held,
};
pub use preflight::{HostFacts, Problem, find_template, preflight};
pub use reconcile::Reconcile;
pub use refusal::Refusal;
pub use removal::{Protection, next_removal};
pub use room::{Demand, Shortage, room};
pub use shape::{AddressMode, Addressing, Firmware, Gpu, Shape};
pub use step::{Claim, Consent, Mandate, Next, Step, Wait, next_step};
pub use wanted::{CloneMode, Origin, Role, VmKey, Wanted};
pub use work::Work;
